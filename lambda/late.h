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

/* Answers a request that names the id of no running invocation: 410 if the deadline ended that invocation, else 400. True: the id is one
 * of these, for the first time. */
bool late_refuse(struct late_ids *l, struct http_request *r, const char *id);

#endif
