/* SPDX-License-Identifier: Apache-2.0 */
/* refused.h: the system calls of a runtime that the policy refuses with EPERM. They are answered here, so that it is known
 * which they were; a call that is allowed never comes here and costs what it did. But for sysinfo(2), which tells of the machine: it is
 * answered for one of the function's memory size, by a process of its own, since that writes into the caller's memory, where it may have to
 * wait. A few at a time and SYSINFO_MAX in an invocation: further ones get the host's figures. */
#ifndef LRUN_REFUSED_H
#define LRUN_REFUSED_H

#include "launcher/report.h"
#include "policy/seccomp.h"

#include <event2/event.h>

enum { REFUSED_MAX = 8, SYSINFO_MAX = 64, SYSINFO_AT_ONCE = 8 };

struct refused {
    int fd; /* -1: nobody is listened to */
    struct event_base *base;
    struct event *event;
    struct report *report;
    uint64_t memory;  /* bytes, for sysinfo(2); 0: it is not asked for here */
    struct helper {
        pid_t pid; /* 0: none */
        int pidfd;
        struct event *ended;
    } helpers[SYSINFO_AT_ONCE]; /* that answer it */
    unsigned answered; /* times, since the last refused_forget() */
    struct refused_call calls[REFUSED_MAX]; /* since the last refused_forget(), the latest last, each number once */
    size_t n;
};

/* fd: what the sandbox has handed out, taken; -1: nothing happens. One that was listened to before has ended. */
void refused_listen(struct refused *r, struct event_base *base, int fd);
void refused_forget(struct refused *r);
void refused_done(struct refused *r);

#endif
