/* SPDX-License-Identifier: Apache-2.0 */
/* zip_largest.c: the message for an archive over Lambda's 250 MB: what takes the room, as directories of at most two parts, largest
 * first. The limit itself is applied in zip.c, which reads the directory to its end for this list. How a package that fits is made up
 * is launcher/diagnose/inspect_sizes.c. */
#include "unpack/zip_check.h"

#include "base/own.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 4, NAME_SHOWN = 44 };

struct group { /* a directory: at most two parts of a path */
    const char *name;
    size_t n;
    uint64_t size;
};

/* The part of the name that names its group: "node_modules/aws-sdk", "data"; a scope counts as no part. */
static size_t group_end(const char *name)
{
    const char *slash = strchr(name, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
    if (second && slash[1] == '@' && strchr(second + 1, '/'))
        second = strchr(second + 1, '/');
    return second ? (size_t)(second - name) : slash ? (size_t)(slash - name) : strlen(name);
}

static int by_group(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    int d = memcmp(x->name, y->name, x->n < y->n ? x->n : y->n);
    return d ? d : x->n < y->n ? -1 : x->n > y->n;
}

static int by_size(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    return x->size < y->size ? 1 : x->size > y->size ? -1 : by_group(a, b);
}

static size_t merge(struct group *g, size_t n)
{
    size_t kept = 0;
    qsort(g, n, sizeof *g, by_group);
    for (size_t i = 0; i < n; i++)
        if (kept && by_group(&g[kept - 1], &g[i]) == 0)
            g[kept - 1].size += g[i].size;
        else
            g[kept++] = g[i];
    qsort(g, kept, sizeof *g, by_size);
    return kept;
}

int zip_too_large(const struct zip *z, struct err *err)
{
    char hint[sizeof err->hint] = "";
    OWN_PTR struct group *groups = xcalloc(z->n, sizeof *groups);
    size_t n = 0, used = 0;
    for (size_t i = 0; i < z->n; i++)
        if (z->entries[i].name)
            groups[n++] = (struct group){z->entries[i].name, group_end(z->entries[i].name), z->entries[i].size};
    n = n ? merge(groups, n) : 0;
    for (size_t i = 0; i < n && i < SHOWN && used < sizeof hint; i++)
        used += (size_t)snprintf(hint + used, sizeof hint - used, "%s%.*s (%.1f MB)", i ? ", " : "",
                                 groups[i].n > NAME_SHOWN ? NAME_SHOWN : (int)groups[i].n, groups[i].name, (double)groups[i].size / 1e6);
    fail(err, 0, NULL, "unpack the archive: Unzipped size must be smaller than %ju bytes", (uintmax_t)ZIP_MAX_SIZE);
    return fail_hint(err, "it has %ju; the largest are %s", (uintmax_t)z->size, hint);
}
