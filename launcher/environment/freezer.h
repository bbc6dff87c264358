/* SPDX-License-Identifier: Apache-2.0 */
/* freezer.h: an idle environment is frozen, as on Lambda: by its cgroup, else by SIGSTOP, which init sends. Its owner decides
 * when it is frozen, and ensures that an event never finds a stopped runtime. */
#ifndef LRUN_FREEZER_H
#define LRUN_FREEZER_H

#include "launcher/sandbox/sandbox.h"

struct event;

struct freezer {
    struct event *timer; /* the owner's: when it freezes */
    bool frozen;
    double since_ms; /* clock_ms(), of the last time */
    double ms;       /* how long that was, till the owner forgets it */
};

/* Notes the wanted state. False: it is in that state already, and there is nothing to do. now_ms: clock_ms() */
bool freezer_note(struct freezer *f, bool frozen, double now_ms);

/* Carries out what was noted. runtime_pid: its directory in /proc, or -1. False: by signals, which programs can notice. */
bool freezer_act(const struct freezer *f, struct cgroup *cgroup, struct sandbox *s, int runtime_pid);

/* True: nothing in it runs, whatever it does about its signals. */
bool freezer_holds(const struct freezer *f, const struct cgroup *cgroup);

/* The sandbox is gone; the next is made in the same cgroup. */
void freezer_let_go(struct freezer *f, struct cgroup *cgroup);

#endif
