/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_json.c: an inspection for programs. The contract is docs/inspect.schema.json; a member may be added, never renamed. For
 * people it is inspect_text.c, as a picture inspect_graph.c. A file names the part that provides it by number: 0 is the function, then
 * the layers in order. */
#include "launcher/diagnose/inspect.h"

#include "base/json.h"
#include "base/own.h"

#include <stdio.h>
#include <string.h>

static void put_part(struct text *out, size_t p, const void *of)
{
    const struct inspection *i = of;
    char sha[45];
    inspect_code_sha256(i, (unsigned)p, sha);
    json_put(out, "path", package_input(&i->package, (unsigned)p)->path);
    json_put(out, "at", p ? "/opt" : inspection_image(i) ? "/" : "/var/task");
    json_put(out, "codeSha256", sha[0] ? sha : NULL);
    json_num(out, "files", i->files[p]);
    json_num(out, "bytes", (double)i->bytes[p]);
}

static void put_file(struct text *out, size_t k, const void *of)
{
    const struct inspection *i = of;
    const struct merged_file *f = &i->package.merged.files[k];
    char mode[16];
    snprintf(mode, sizeof mode, "%04o", (unsigned)f->mode & 07777);
    json_put(out, "path", f->path);
    json_put(out, "type", f->type == 'd' ? "directory" : f->type == 'l' ? "link" : "file");
    json_put(out, "mode", f->mode < 0 ? NULL : mode);
    json_num(out, "size", (double)f->size);
    json_num(out, "part", f->part);
    if (inspection_image(i))
        json_num(out, "layer", f->layer);
    json_flag(out, "hidden", f->hidden);
}

static void put_shadow(struct text *out, size_t k, const void *of)
{
    const struct shadow *s = &((const struct inspection *)of)->shadows[k];
    json_put(out, "path", s->seen->path);
    json_num(out, "seen", s->seen->part);
    json_num(out, "hides", s->below->part);
    json_flag(out, "same", s->same);
}

static void put_module(struct text *out, size_t k, const void *of)
{
    const struct module *m = &((const struct inspection *)of)->modules[k];
    json_put(out, "name", m->name);
    json_put(out, "version", m->version);
    json_num(out, "part", m->part);
}

static void put_finding(struct text *out, size_t k, const void *of)
{
    const struct lint *f = &((const struct inspection *)of)->lints[k];
    json_put(out, "severity", f->error ? "error" : "warning");
    json_put(out, "id", f->id);
    json_put(out, "path", f->path[0] ? f->path : NULL);
    json_put(out, "text", f->text);
}

static void put_surroundings(const struct inspection *i, struct text *out)
{
    const struct launch *l = i->launch;
    json_open_key(out, "variables", '{');
    for (size_t k = 0; k < l->envp.n; k++) {
        OWN_PTR char *name = xasprintf("%.*s", (int)strcspn(l->envp.at[k], "="), l->envp.at[k]);
        json_put(out, name, inspect_value(i, l->envp.at[k]));
    }
    json_close(out, '}');
    json_open_key(out, "mounts", '[');
    for (size_t k = 0; k < l->plan.n; k++) {
        const struct row *row = &l->plan.rows[k];
        if (row->flags & FLAG_ELSE)
            continue;
        OWN_PTR char *path = xasprintf("/%s", row->target);
        json_open(out, '{');
        json_put(out, "path", path);
        json_put(out, "kind", plan_kind(row->kind));
        json_flag(out, "writable", row->flags & FLAG_RW);
        json_put(out, "why", row->why);
        json_close(out, '}');
    }
    json_close(out, ']');
}

void inspect_json(const struct inspection *i, FILE *to)
{
    struct text out = {0};
    json_open(&out, '{');
    json_put(&out, "schema", "lrun.inspect/1");
    json_put(&out, "runtime", inspection_image(i) ? NULL : i->launch->runtime.id);
    report_put_origin(&out, &i->launch->facts.origin);
    json_put(&out, "handler", inspection_image(i) ? NULL : launch_handler(i->launch));
    json_objects(&out, "parts", i->package.inputs->layer_count + 1, put_part, i);
    json_objects(&out, "files", i->package.merged.n, put_file, i);
    inspect_image_json(i, &out);
    json_objects(&out, "shadows", i->shadow_count, put_shadow, i);
    json_objects(&out, "modules", i->module_count, put_module, i);
    json_objects(&out, "findings", i->lint_count, put_finding, i);
    put_surroundings(i, &out);
    json_close(&out, '}');
    text_puts(&out, "\n");
    fwrite(out.at, 1, out.n, to);
    text_done(&out);
}
