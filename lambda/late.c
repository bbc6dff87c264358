/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/late.h"

#include "base/own.h"
#include "lambda/api_error.h"

#include <stdio.h>
#include <string.h>

void late_add(struct late_ids *l, const char *id, bool timed_out)
{
    struct late *late = &l->at[l->n++ % COUNT(l->at)];
    *late = (struct late){.timed_out = timed_out};
    snprintf(late->id, sizeof late->id, "%s", id);
}

bool late_refuse(struct late_ids *l, struct http_request *r, const char *id)
{
    struct late *late = NULL;
    for (size_t i = 0; i < COUNT(l->at) && i < l->n && !late; i++)
        if (strcmp(l->at[i].id, id) == 0)
            late = &l->at[i];
    bool first = late && !late->told;
    if (late)
        late->told = true;
    if (late && late->timed_out)
        api_error(r, 410, "InvokeTimeout", "Invoke timeout");
    else
        api_error(r, 400, "InvalidRequestID", "Invalid request ID");
    return first;
}
