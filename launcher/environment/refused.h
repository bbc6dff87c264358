/* SPDX-License-Identifier: Apache-2.0 */
/* refused.h: the system calls of a runtime that the policy refuses with EPERM. They are answered here, so that it is known
 * which they were; a call that is allowed never comes here and costs what it did. But for sysinfo(2), which tells of the machine: it is
 * answered for one of the function's memory size, by helpers: processes that write into the caller's memory, where they may have to wait.
 * They are started when one is needed and none waits, SYSINFO_AT_ONCE at most (further calls wait for one), and those that wait end with
 * the invocation: each is a copy of lrun. None can be started: the host's figures. */
#ifndef LRUN_REFUSED_H
#define LRUN_REFUSED_H

#include "launcher/launch/report.h"
#include "policy/seccomp.h"

#include <event2/event.h>

enum { REFUSED_MAX = 8, SYSINFO_AT_ONCE = 8 };

struct refused {
    int fd; /* -1: nobody is listened to */
    struct event_base *base;
    struct event *event;
    struct report *report;
    uint64_t memory; /* bytes, for sysinfo(2); 0: it is not asked for here */
    struct helper {
        struct refused *of;
        pid_t pid;                /* 0: none */
        int socket;               /* to it: a call; from it: one byte when that is answered */
        struct event *heard;      /* of the socket */
        struct refused_call call; /* the latest */
        bool busy, last;          /* it answers; that is its last one */
    } helpers[SYSINFO_AT_ONCE];
    struct refused_call calls[REFUSED_MAX]; /* since the last refused_forget(), the latest last, each number once */
    size_t n;
};

/* fd: what the sandbox has handed out, taken; -1: nothing happens. One that was listened to before has ended. */
void refused_listen(struct refused *r, struct event_base *base, int fd);
void refused_forget(struct refused *r);
void refused_done(struct refused *r);

#endif
