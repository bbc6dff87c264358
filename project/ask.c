/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c: what was asked for, looked up. */
#include "project/ask.h"

#include <string.h>

const char *ask_value(const struct ask_pairs *p, const char *name)
{
    for (size_t i = p->n; i--;) /* the last one said holds */
        if (strcmp(p->at[i].name, name) == 0)
            return p->at[i].value;
    return NULL;
}
