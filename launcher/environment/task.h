/* SPDX-License-Identifier: Apache-2.0 */
/* task.h: one command in one sandbox, on somebody's loop: exec has one, others may have many at once.
 *
 *   1. task_start()    the sandbox; the command may run from then on
 *   2. task_watch()    on a loop: its end, its time, its CPU time, its memory, what its doors say. on_end is called once, from the loop or
 * at once
 *   3. task_results()  optional: all its processes end, and files of /tmp/out are copied
 *   4. task_done()     the sandbox ends and is reaped. What it has used is known then; a command that ended by itself with more CPU time
 *                      than it had ended by that limit: reason and status may change. It waits until all processes are gone; who has other
 * work asks task_gone() before
 *
 * Streams are the owner's: the three descriptors of the spec. What the command is, its variables, its policy and its limits: the spec's and
 * the launch's request's. */
#ifndef LRUN_TASK_H
#define LRUN_TASK_H

#include "launcher/launch/doors_watch.h"
#include "launcher/launch/launch.h"
#include "launcher/sandbox/use.h"
#include "policy/cpu_time.h"

#include <event2/event.h>

struct task {
    /* The owner's, set before task_start(); they must outlive the task, as the spec's texts must. */
    struct launch *launch;                    /* shared by tasks, and only read */
    struct report *report;                    /* of this task */
    void (*on_end)(struct task *);            /* ended or failed is true; must not call task_done() */
    void (*on_socket)(struct task *, int fd); /* the answer to MESSAGE_SOCKET; fd is the callee's. NULL: it is closed */
    void *owner;
    bool metered; /* the report is to have what was used */
    bool silent;  /* nothing is said on standard error of how it ended: the report alone tells */

    /* The task's own, to be read. */
    struct sandbox sandbox;
    bool ended;  /* the command is over, or is not to go on */
    bool failed; /* lrun could not start it, or not go on; err says why */
    int status;  /* ended or failed: the exit status that lrun gives it */
    struct err err;

    /* Its parts. */
    const struct cgroup *cgroup; /* the spec's */
    unsigned kernel_kills;       /* in it, before this task */
    double start_ms;
    struct memory_watch *memory_watch;
    struct cpu_watch *cpu_watch; /* NULL: not needed so far */
    struct cpu_time cpu;         /* the most that was seen */
    struct use_at_end use;
    struct event *control, *stuck, *timeout, *memory, *cpu_timer;
    struct doors_watch doors; /* --net allow */
};
// clang-format off
#define TASK_NONE {.sandbox = SANDBOX_NONE}
// clang-format on

/* spec: as launch_prepare() made the launch's, changed as the owner likes; only read, and only here. -1 with an err: nothing has been
 * started. task_done() either way. */
int task_start(struct task *t, const struct sandbox_spec *spec, struct err *err);

/* base must outlive the task. -1: t->err says why, as after a failure. */
int task_watch(struct task *t, struct event_base *base);

/* The command's process group gets the signal. Nothing after its end. */
void task_signal(struct task *t, int signal);

/* Takes what process 1 has said by now: before a decision of the owner's, which must not win over an end that has come first. */
void task_hear(struct task *t);

/* Unless it has ended: it is not to go on, for this reason, with this exit status. Its processes are killed by task_results() or
 * task_done(). */
void task_stop(struct task *t, enum report_reason reason, int status);

/* Copies what the command left in /tmp/out into the directory out, and notes in the report what was left behind; max: bytes in all. All
 * processes are gone then. Needs spec.wants_tmp. -1 with err: they do not end. */
int task_results(struct task *t, int out, uint64_t max, bool replace, struct err *err);

void task_unwatch(struct task *t); /* no event comes any more; part of task_done() */
bool task_gone(struct task *t);    /* all processes are gone, or given up (sandbox_gone()); SIGKILL has been sent */
void task_done(struct task *t);

#endif
