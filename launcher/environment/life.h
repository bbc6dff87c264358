/* SPDX-License-Identifier: Apache-2.0 */
/* life.h: the life of an environment as a table: in which state, what happens, which state follows, what is done, and why. No more: no
 * loop, no sandbox, no clock. environment_life.c carries it out; docs/architecture.md has a drawing.
 *
 *   COLD       no program runs
 *   INIT       extensions and runtime were started and have not all asked for an event; init limit, or in a re-run the function's timeout
 *   REPLACING  the same, but the sandbox was lost: its death is awaited, and another made
 *   READY      they have asked; with calls or without
 *
 *   DECIDED    an outcome is there: all that runs ends, what it still sent is read, then the outcome is told. Who must be told first?
 *   TERM       the runtime, by SIGTERM
 *   DRAIN      what the runtime still sent is read
 *   SHUTDOWN   external extensions, by their next event
 *   KILL       process 1 was told to kill all
 *   DEATH      process 1 was sent SIGKILL from outside
 *   GONE       nothing runs any more; what was sent is read
 *
 *   CLOSED     for good */
#ifndef LRUN_LIFE_H
#define LRUN_LIFE_H

#include <stdbool.h>

enum life {
    LIFE_COLD,
    LIFE_INIT,
    LIFE_REPLACING,
    LIFE_READY,
    LIFE_DECIDED, /* ENDING: from here... */
    LIFE_TERM,
    LIFE_DRAIN,
    LIFE_SHUTDOWN,
    LIFE_KILL,
    LIFE_DEATH,
    LIFE_GONE, /* ...to here */
    LIFE_CLOSED,
    LIFE_STATES,
};

enum life_event {
    LIFE_ON_STARTED,   /* the first sandbox was made */
    LIFE_ON_INVOKED,   /* the owner has given a call */
    LIFE_ON_LEFT_OVER, /* after an end, there is a call that it did not concern */
    LIFE_ON_UNFIT,     /* the sandbox that an init finds is lost */
    LIFE_ON_ASKED,     /* runtime and extensions have all asked for an event */
    LIFE_ON_OUTCOME,   /* of an init or an invocation: something has ended it */
    LIFE_ON_RUNTIME_LEFT,
    LIFE_ON_EXTENSIONS_LEFT, /* external ones, and no runtime */
    LIFE_ON_NOBODY_LEFT,     /* who is to be told before all are killed */
    LIFE_ON_LOST_LEFT,       /* the same, and process 1 must not be asked */
    LIFE_ON_TIME_UP,         /* for the step that is going on */
    LIFE_ON_EMPTY,           /* process 1 says that all programs are gone */
    LIFE_ON_HANGUP,          /* process 1 is gone, by its socket */
    LIFE_ON_DEAD,            /* process 1 is gone, by its pidfd */
    LIFE_ON_READ,            /* all that was sent has been read */
    LIFE_ON_CLOSE,           /* the owner has stopped it, and nobody is to be told */
    LIFE_ON_BROKEN,          /* lrun itself cannot go on with it */
    LIFE_EVENTS,
};

enum life_action {
    LIFE_DO_NOTHING,
    LIFE_DO_BEGIN,
    LIFE_DO_BEGIN_AGAIN,
    LIFE_DO_LET_GO,
    LIFE_DO_REPLACE,
    LIFE_DO_HAND_OUT,
    LIFE_DO_HAND_OUT_ALL,
    LIFE_DO_FAIL,
    LIFE_DO_DECIDE,
    LIFE_DO_TERM,
    LIFE_DO_KILL_RUNTIME,
    LIFE_DO_DRAIN,
    LIFE_DO_SHUTDOWN,
    LIFE_DO_KILL,
    LIFE_DO_LOSE,
    LIFE_DO_LET_DIE,
    LIFE_DO_AWAIT_DEATH,
    LIFE_DO_READ,
    LIFE_DO_CONCLUDE,
    LIFE_DO_CLOSE,
    LIFE_ACTIONS,
};

struct life_step {
    enum life next;
    enum life_action action;
    const char *why;
};

/* For every pair there is one row. */
struct life_step life_next(enum life state, enum life_event event);

bool life_cold(enum life state);
bool life_starting(enum life state); /* in init, and its sandbox is there */
bool life_in_init(enum life state);
bool life_ready(enum life state);
bool life_runs(enum life state); /* in init, or ready: an outcome would end it */
bool life_ending(enum life state);
bool life_closed(enum life state);

#endif
