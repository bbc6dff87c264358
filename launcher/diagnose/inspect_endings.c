/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_endings.c: paths by their ends, sorted once: for every program, each of its libraries is searched for. */
#include "launcher/diagnose/inspect.h"

#include "base/own.h"

#include <stdlib.h>
#include <string.h>

/* Compares from the last byte backwards; a path that is an end of the other comes first. */
static int by_end(const void *a, const void *b)
{
    const struct ending *x = a, *y = b;
    const char *p = x->path + x->n, *q = y->path + y->n;
    while (p > x->path && q > y->path)
        if (*--p != *--q)
            return (unsigned char)*p - (unsigned char)*q;
    return (p > x->path) - (q > y->path);
}

static int by_wanted(const void *wanted, const void *path)
{
    const struct ending *w = wanted, *p = path;
    size_t n = p->n < w->n ? p->n : w->n;
    return by_end(w, &(const struct ending){p->path + p->n - n, n}); /* no more of it than is wanted */
}

void inspection_find_endings(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    i->endings = xcalloc(m->n + 1, sizeof *i->endings);
    for (size_t k = 0; k < m->n; k++)
        if (!m->files[k].hidden)
            i->endings[i->ending_count++] = (struct ending){m->files[k].path, strlen(m->files[k].path)};
    qsort(i->endings, i->ending_count, sizeof *i->endings, by_end);
}

bool inspection_has_ending(const struct inspection *i, const char *end)
{
    const struct ending wanted = {end, strlen(end)};
    return bsearch(&wanted, i->endings, i->ending_count, sizeof *i->endings, by_wanted) != NULL;
}
