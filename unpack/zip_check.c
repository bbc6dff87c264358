/* SPDX-License-Identifier: Apache-2.0 */
/* zip_check.c: judging names, and entries against each other. What one header says is zip.c's; nothing here reads the archive's bytes.
 * The entries are sorted twice: by offset, where an overlap of data is a bomb (one stream counted many times), and by name, where
 * duplicates meet and a parent is found by bisection. A path through a file or a link of the archive is refused, so extract.c never
 * writes through what the archive itself made; names with ".." or ".wh." never come so far. */
#include "unpack/zip_check.h"

#include "base/own.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int refuse_name(const char *raw, size_t n, const char *why, struct err *err)
{
    OWN_PTR char *shown = strndup(raw, n);
    fail(err, 0, shown, "unpack the entry: %s", why);
    return fail_hint(err, "rebuild the archive with names relative to its root");
}

int zip_name(const char *raw, size_t n, char **ret, struct err *err)
{
    if (n == 0 || raw[0] == '/')
        return refuse_name(raw, n, n ? "its name is absolute" : "its name is empty", err);
    if (memchr(raw, 0, n) || n >= PATH_MAX)
        return refuse_name(raw, n, n >= PATH_MAX ? "its name is too long" : "its name holds a NUL byte", err);
    OWN_PTR char *name = xcalloc(n + 1, 1);
    size_t length = 0, depth = 0;
    for (size_t at = 0; at < n;) {
        const char *slash = memchr(raw + at, '/', n - at);
        size_t part = slash ? (size_t)(slash - raw) - at : n - at;
        const char *c = raw + at;
        at += part + 1;
        if (part == 0 || (part == 1 && c[0] == '.'))
            continue;
        if (part == 2 && c[0] == '.' && c[1] == '.')
            return refuse_name(raw, n, "its name leads out of the archive (..)", err);
        if (part > NAME_MAX || ++depth > ZIP_MAX_DEPTH)
            return refuse_name(raw, n, part > NAME_MAX ? "a part of its name is longer than 255 bytes" : "it lies too deep", err);
        if (part >= 4 && memcmp(c, ".wh.", 4) == 0)
            return refuse_name(raw, n, "its name is a whiteout's, which would delete another layer's file", err);
        if (length)
            name[length++] = '/';
        memcpy(name + length, c, part);
        length += part;
    }
    *ret = take_ptr(&name);
    return 0;
}

static int by_offset(const void *a, const void *b)
{
    const struct zip_entry *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static int by_name(const void *a, const void *b)
{
    const struct zip_entry *x = *(struct zip_entry *const *)a, *y = *(struct zip_entry *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int check_overlaps(const struct zip *z, const uint64_t *ends, struct err *err)
{
    for (size_t i = 1; i < z->n; i++)
        if (ends[z->entries[i - 1].index] > z->entries[i].offset)
            return zip_unreadable(z->entries[i].name, "its data overlaps another entry's, as in a zip bomb", err);
    return 0;
}

/* The last central entry of exact duplicates wins; a file and a directory of one name are refused. */
static int mark_replaced(struct zip *z, struct zip_entry **sorted, struct err *err)
{
    for (size_t i = 1; i < z->n; i++) {
        struct zip_entry *earlier = sorted[i - 1], *later = sorted[i];
        if (strcmp(earlier->name, later->name) != 0)
            continue;
        if ((earlier->type == ZIP_DIR) != (later->type == ZIP_DIR))
            return zip_unreadable(later->name, "one name is both a file and a directory", err);
        earlier->replaced = true;
        z->replaced += later->type != ZIP_DIR;
    }
    return 0;
}

static const struct zip_entry *find(struct zip_entry **sorted, size_t n, const char *name)
{
    size_t low = 0, high = n;
    while (low < high) { /* the last of equals: the one that wins */
        size_t middle = (low + high) / 2;
        if (strcmp(sorted[middle]->name, name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low && strcmp(sorted[low - 1]->name, name) == 0 ? sorted[low - 1] : NULL;
}

static int check_parents(const struct zip *z, struct zip_entry **sorted, struct err *err)
{
    const char *before = ""; /* the name sorted before: paths that the two share were looked up for it */
    uint64_t implied = 0;
    for (size_t i = 0; i < z->n; before = sorted[i++]->name) {
        OWN_PTR char *name = xstrdup(sorted[i]->name);
        size_t same = 0;
        while (before[same] && before[same] == name[same])
            same++;
        for (char *slash; (slash = strrchr(name, '/')) && (size_t)(slash - name) >= same;) {
            *slash = 0;
            const struct zip_entry *parent = find(sorted, z->n, name);
            if (!parent && zip_count_implied(&implied, err) < 0)
                return -1;
            if (parent && parent->type != ZIP_DIR)
                return zip_unreadable(sorted[i]->name,
                                      parent->type == ZIP_LINK ? "its path leads through a symbolic link of the archive"
                                                               : "its path leads through a file of the archive",
                                      err);
        }
        if (!sorted[i]->name[0] && sorted[i]->type != ZIP_DIR)
            return zip_unreadable(".", "a file cannot be the archive's root", err);
    }
    return 0;
}

int zip_check(struct zip *z, const uint64_t *ends, struct err *err)
{
    if (z->n)
        qsort(z->entries, z->n, sizeof *z->entries, by_offset);
    OWN_PTR struct zip_entry **sorted = xcalloc(z->n, sizeof(struct zip_entry *));
    for (size_t i = 0; i < z->n; i++)
        sorted[i] = &z->entries[i];
    if (z->n)
        qsort(sorted, z->n, sizeof(struct zip_entry *), by_name);
    if (check_overlaps(z, ends, err) < 0 || mark_replaced(z, sorted, err) < 0)
        return -1;
    return check_parents(z, sorted, err);
}
