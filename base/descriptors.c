/* SPDX-License-Identifier: Apache-2.0 */
#include "base/descriptors.h"

#include "base/sys.h"

#include <limits.h>
#include <unistd.h>

/* The lowest of the list that is not below from; INT_MAX: none. */
static int next_kept(const int *list, size_t n, int from)
{
    int next = INT_MAX;
    for (size_t i = 0; i < n; i++)
        if (list[i] >= from && list[i] < next)
            next = list[i];
    return next;
}

int descriptors_keep(const int *list, size_t n)
{
    int from = STDERR_FILENO + 1, kept;
    while ((kept = next_kept(list, n, from)) < INT_MAX) {
        if (kept > from && sys_close_range((unsigned)from, (unsigned)kept - 1, 0) < 0)
            return -1;
        from = kept + 1;
    }
    return sys_close_range((unsigned)from, ~0u, 0);
}
