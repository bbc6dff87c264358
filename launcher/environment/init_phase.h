/* SPDX-License-Identifier: Apache-2.0 */
/* init_phase.h: the facts of the current or last init phase: its kind, its start, and what the runtime reported of it. */
#ifndef LRUN_INIT_PHASE_H
#define LRUN_INIT_PHASE_H

#include "launcher/environment/outcome.h"

struct event;

struct init_phase {
    struct event *timer; /* the owner's: the init limit */
    enum event_phase phase;
    double start_ms;   /* clock_ms() */
    double cold_ms;    /* how long a cold start took, till a call is given it for its REPORT; -1: there is nothing to say */
    unsigned looks;    /* at what had come by the limit */
    bool asked;        /* the runtime has, for an event */
    bool failed;       /* it has posted init/error: */
    struct text error; /* owned */
    char error_type[128];
};

void init_phase_begin(struct init_phase *i, enum event_phase phase, double now_ms);
void init_phase_succeeded(struct init_phase *i, double now_ms);

/* What the runtime posted; the last counts. The body is copied. */
void init_phase_post_error(struct init_phase *i, const char *type, const struct text *body);

/* Returns how the phase ended: by the posted error, if there is one; else by otherwise, whose ownership it takes. */
struct outcome init_phase_failure(struct init_phase *i, struct outcome otherwise);

void init_phase_done(struct init_phase *i);

#endif
