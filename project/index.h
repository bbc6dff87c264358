/* SPDX-License-Identifier: Apache-2.0 */
/* index.h: finds one of a growing list by its name in constant time, whoever chose the names. Each item of the list begins with a pointer
 * to its name. Lists of up to INDEX_FEW are searched one by one, and have no table. */
#ifndef LRUN_INDEX_H
#define LRUN_INDEX_H

#include "project/arena.h"

#include <stdint.h>

enum { INDEX_FEW = 8 };
#define INDEX_NONE SIZE_MAX

struct index { /* all zero at first */
    uint32_t *slots;
    uint32_t size;
};

/* Which of the n items of the list has the name; INDEX_NONE: none. stride: sizeof an item. */
size_t index_find(const struct index *ix, const void *list, size_t n, size_t stride, const char *name);

/* The last of now n items has been added to the list; its name was not in it. */
void index_added(struct arena *a, struct index *ix, const void *list, size_t n, size_t stride);

/* How lists grow, where no capacity is kept: for how many items there must be room before the n-th, counted from 0, is added; 0: there
 * is room. The list has been grown so from its first item. */
static inline size_t list_growth(size_t n)
{
    return n == 0 ? 4 : n >= 4 && (n & (n - 1)) == 0 ? 2 * n : 0;
}

/* Makes room for one more at the end of a list of n; it is no NULL then. */
#define LIST_ROOM(arena, list, n) \
    ((void)(!(list) || list_growth(n) ? (list) = arena_grown((arena), (list), (n), list_growth(n), sizeof *(list)) : NULL))

#endif
