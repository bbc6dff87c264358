/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/init_phase.h"

#include <stdio.h>

void init_phase_begin(struct init_phase *i, enum event_phase phase, double now_ms)
{
    i->phase = phase;
    i->start_ms = now_ms;
    i->asked = i->failed = false;
    i->looks = 0;
}

void init_phase_succeeded(struct init_phase *i, double now_ms)
{
    if (i->phase == PHASE_INIT)
        i->cold_ms = now_ms - i->start_ms;
}

void init_phase_post_error(struct init_phase *i, const char *type, const struct text *body)
{
    text_done(&i->error);
    text_add(&i->error, body->at, body->n);
    snprintf(i->error_type, sizeof i->error_type, "%s", type);
    i->failed = true;
}

struct outcome init_phase_failure(struct init_phase *i, struct outcome otherwise)
{
    if (i->failed) {
        outcome_done(&otherwise);
        otherwise = (struct outcome){.status = STATUS_ERROR, .reason = BECAUSE_INIT_ERROR};
        snprintf(otherwise.type, sizeof otherwise.type, "%s", i->error_type);
        otherwise.payload = i->error;
        i->error = (struct text){0};
        i->failed = false;
    }
    otherwise.of_init = otherwise.of_invocation = true;
    return otherwise;
}

void init_phase_done(struct init_phase *i)
{
    text_done(&i->error);
}
