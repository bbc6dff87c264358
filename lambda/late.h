/* SPDX-License-Identifier: Apache-2.0 */
/* late.h: the ids of invocations that were over before their answer came. */
#ifndef LRUN_LATE_H
#define LRUN_LATE_H

#include "lambda/invocation.h"
#include "lambda/routes.h"

struct late_ids { /* the last ones */
    struct late {
        char id[UUID_SIZE];
        bool timed_out, told;
    } at[32];
    unsigned n;
};

/* Remembers the id; the earliest is forgotten when there are too many. */
void late_add(struct late_ids *l, const char *id, bool timed_out);

/* Answers the request, which names an id that no running invocation has: 410 where the deadline ended it, else 400. True: it is one of
 * these, for the first time. */
bool late_refuse(struct late_ids *l, struct http_request *r, const char *id);

#endif
