/* SPDX-License-Identifier: Apache-2.0 */
/* refused.h: the system calls of a runtime that the policy refuses with EPERM. lrun answers them, and so knows which they were. Calls that
 * are allowed do not come here, except sysinfo(2): it is answered as on a machine of the function's memory size. The answer is written into
 * the caller's memory, which may block, so helper processes write it. A helper is started when it is needed and none is idle, at most
 * SYSINFO_AT_ONCE (further calls wait). Idle ones end with the invocation, since each is a copy of lrun. If none can be started, sysinfo(2)
 * returns the host's figures. */
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
    struct refused_call calls[REFUSED_MAX]; /* the latest last, each number once */
    size_t n;
};

/* fd: what the sandbox has handed out, taken; -1: nothing happens. One that was listened to before has ended. */
void refused_listen(struct refused *r, struct event_base *base, int fd);
void refused_forget(struct refused *r, double before_ms); /* clock_ms() */
void refused_rest(struct refused *r); /* no invocation runs: idle helpers end, and those that are busy with their answer */
void refused_done(struct refused *r);

#endif
