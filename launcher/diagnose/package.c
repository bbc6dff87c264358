/* SPDX-License-Identifier: Apache-2.0 */
/* package.c: function and layers together, as explain and inspect look at them: which part provides what, and where it is read from.
 * How the parts lie over one another is cache/merged.c's. A package that cannot be read leaves an empty list: then no cause is
 * established, and the failure itself is told as it is. */
#include "launcher/diagnose/package.h"

#include "base/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

const struct input *package_input(const struct package *p, unsigned part)
{
    return part ? &p->inputs->layers[part - 1] : &p->inputs->function;
}

const struct cache_entry *package_entry(const struct package *p, unsigned part)
{
    const struct input *input = package_input(p, part);
    for (size_t i = 0; !input->is_dir && i < COUNT(p->inputs->entries); i++) {
        const struct cache_entry *e = &p->inputs->entries[i];
        if (e->tree_path && e->dev == input->source.dev && e->ino == input->source.ino)
            return e;
    }
    return NULL;
}

void package_read(const struct inputs *in, struct package *ret)
{
    struct err ignored;
    if (in->image.is_function) {
        package_read_image(in, ret);
        return;
    }
    *ret = (struct package){.inputs = in};
    for (unsigned i = 0; i <= in->layer_count; i++) {
        const struct input *input = package_input(ret, i);
        const struct cache_entry *entry = package_entry(ret, i);
        int tree = input->is_dir ? openat(input->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                 : open(input->source.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ret->parts[i] = (struct merged_part){i ? "/opt" : "/var/task", entry ? entry->lock : -1, tree};
    }
    if (merged_read(ret->parts, in->layer_count + 1, &ret->merged, &ignored) < 0)
        merged_done(&ret->merged);
}

void package_read_image(const struct inputs *in, struct package *ret)
{
    struct err ignored;
    const struct cache_entry *tree = &in->image.tree;
    *ret = (struct package){.inputs = in};
    ret->parts[0] = (struct merged_part){"", tree->lock, open(tree->tree_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (merged_read(ret->parts, 1, &ret->merged, &ignored) < 0)
        merged_done(&ret->merged);
}

void package_done(struct package *p)
{
    merged_done(&p->merged);
    for (size_t i = 0; p->inputs && i <= p->inputs->layer_count; i++)
        own_close(&p->parts[i].tree);
}

const char *package_provider(const struct package *p, unsigned part, char *text, size_t size)
{
    const char *path = package_input(p, part)->path, *name = strrchr(path, '/');
    snprintf(text, size, part ? "layer %s" : "the function", name && name[1] ? name + 1 : path);
    return text;
}
