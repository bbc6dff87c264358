/* SPDX-License-Identifier: Apache-2.0 */
/* serverless_id.c: the logical ids that Serverless gives to functions and layers. */
#include "project/serverless_id.h"

#include <ctype.h>
#include <string.h>

static const char DASH[] = "Dash", UNDERSCORE[] = "Underscore";

const char *serverless_logical_id(struct arena *a, const char *key, const char *end)
{
    char *id = arena_zeroed(a, strlen(key) + 1, sizeof(UNDERSCORE)), *to = id;
    for (const char *p = key; *p; p++) {
        if (*p == '-')
            to = stpcpy(to, DASH);
        else if (*p == '_')
            to = stpcpy(to, UNDERSCORE);
        else
            *to++ = p == key ? (char)toupper((unsigned char)*p) : *p;
    }
    return arena_printf(a, "%s%s", id, end);
}
