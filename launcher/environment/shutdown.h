/* SPDX-License-Identifier: Apache-2.0 */
/* shutdown.h: Lambda's shutdown phase as durations, and the programs left in it. lambda-apis, section 2.5:
 *
 *   registered          the runtime                             extensions                              in all
 *   none                SIGKILL at once                         -                                       0 ms
 *   internal only       SIGTERM, SIGKILL after 500 ms           -                                       500 ms
 *   an external one     SIGTERM, SIGKILL after 300 ms           then SHUTDOWN; SIGKILL at the end, or   2,000 ms
 *                                                               at once if they did not ask for it
 *
 * Its steps are states of the environment's life (life.h); environment_ending.c carries them out. */
#ifndef LRUN_SHUTDOWN_H
#define LRUN_SHUTDOWN_H

#include <stdbool.h>

struct event;

struct shutdown {
    struct event *timer; /* the owner's: of the step that is going on */
    unsigned ticks;      /* of waiting, in this step */
    double start_ms;     /* clock_ms() */
};

enum shutdown_left { LEFT_RUNTIME, LEFT_EXTENSIONS, LEFT_NOBODY /* whom to tell of it: what still runs is killed */ };

/* alive: programs that run, a bit each, the runtime the lowest; external: an external extension has registered. */
enum shutdown_left shutdown_left(unsigned alive, bool external);

/* now_ms: clock_ms() */
void shutdown_begin(struct shutdown *s, double now_ms);

/* How long the runtime has from SIGTERM on, and the extensions from SHUTDOWN on: what is left of the whole. */
double shutdown_runtime_ms(bool external);
double shutdown_extensions_ms(const struct shutdown *s, double now_ms);

/* Counts a look at what has not ended yet. False: there were enough of them. */
bool shutdown_waits(struct shutdown *s, unsigned ticks_max);

#endif
