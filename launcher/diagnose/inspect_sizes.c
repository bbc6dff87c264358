/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_sizes.c: what takes the room in function and layers, as directories, largest first; shown from four fifths of Lambda's limit
 * on. An archive that exceeds the limit by itself is reported by unpack/zip_largest.c, since it is not unpacked. Hidden files count too:
 * AWS's limit is on what is deployed. */
#include "launcher/diagnose/inspect.h"

#include "base/own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 15, PARTS_OF_PATH = 3 /* below /opt or /var/task: python/lib/numpy */ };

struct directory {
    const char *path; /* borrowed; n bytes of it */
    size_t n;
    unsigned part, files;
    uint64_t bytes;
};

/* Returns the end of the directory that a file is counted in. */
static size_t directory_end(const char *path, const char *name)
{
    const char *last = strrchr(name, '/'), *c = name;
    for (int k = 0; k < PARTS_OF_PATH && last && c <= last; k++) {
        const char *slash = strchr(c, '/');
        if (!slash || slash >= last)
            return (size_t)(last - path);
        c = slash + 1;
    }
    return last ? (size_t)(c - 1 - path) : (size_t)(name - 1 - path); /* at the top: the top */
}

static int by_directory(const void *a, const void *b)
{
    const struct directory *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int d = strncmp(x->path, y->path, n);
    return d ? d : x->n != y->n ? (x->n < y->n ? -1 : 1) : (int)x->part - (int)y->part;
}

static int by_bytes(const void *a, const void *b)
{
    const struct directory *x = a, *y = b;
    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : by_directory(a, b);
}

static size_t collect(const struct inspection *i, struct directory *ret)
{
    const struct merged *m = &i->package.merged;
    size_t n = 0, kept = 0;
    for (size_t k = 0; k < m->n; k++)
        if (m->files[k].type != 'd')
            ret[n++] = (struct directory){m->files[k].path, directory_end(m->files[k].path, merged_name(m, &m->files[k])), m->files[k].part,
                                          1, m->files[k].size};
    if (n)
        qsort(ret, n, sizeof *ret, by_directory);
    for (size_t k = 0; k < n; k++)
        if (kept && by_directory(&ret[kept - 1], &ret[k]) == 0) {
            ret[kept - 1].files++;
            ret[kept - 1].bytes += ret[k].bytes;
        } else {
            ret[kept++] = ret[k];
        }
    if (kept)
        qsort(ret, kept, sizeof *ret, by_bytes);
    return kept;
}

void inspect_largest(const struct inspection *i, FILE *to)
{
    const uint64_t all = inspection_bytes(i);
    if (all < UNZIPPED_MAX / 5 * 4)
        return;
    OWN_PTR struct directory *directories = xcalloc(i->package.merged.n + 1, sizeof *directories);
    size_t n = collect(i, directories);
    fputs("\nthe largest directories:\n", to);
    for (size_t k = 0; k < n && k < SHOWN; k++) {
        const struct directory *d = &directories[k];
        char who[256];
        OWN_PTR char *path = str_line(xasprintf("%.*s", (int)d->n, d->path));
        OWN_PTR char *from = str_line(xstrdup(package_provider(&i->package, d->part, who, sizeof who)));
        fprintf(to, "  %12ju bytes %5.1f %% %6u file%s  %s  %s\n", (uintmax_t)d->bytes, (double)d->bytes * 100 / (double)all, d->files,
                d->files == 1 ? " " : "s", path, from);
    }
    if (n > SHOWN)
        fprintf(to, "  and %zu more: --tree shows all\n", n - SHOWN);
}
