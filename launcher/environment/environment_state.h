/* SPDX-License-Identifier: Apache-2.0 */
/* environment_state.h: what the environment's files share: one environment's state. For environment*.c only. */
#ifndef LRUN_ENVIRONMENT_STATE_H
#define LRUN_ENVIRONMENT_STATE_H

#include "lambda/http_server.h"
#include "lambda/runtime_api.h"
#include "lambda/telemetry.h"
#include "launcher/diagnose/shortages.h"
#include "launcher/environment/environment.h"
#include "launcher/environment/freezer.h"
#include "launcher/environment/life.h"
#include "launcher/environment/log.h"
#include "launcher/environment/memory_guard.h"
#include "launcher/environment/refused.h"
#include "launcher/environment/shutdown.h"
#include "launcher/environment/socket_queue.h"
#include "launcher/environment/timer.h"
#include "launcher/sandbox/forward.h"
#include "launcher/sandbox/stdio.h"
#include "launcher/sandbox/terminal.h"

struct environment {
    const struct launch *launch;
    struct report *report;
    bool *told_share;
    int *debugger; /* NULL: none */
    struct event_base *base;
    struct environment_owner owner;
    struct cgroup *cgroup;
    const char *label;
    enum life state;        /* changed by environment_go() alone */
    enum event_phase phase; /* of the init going on or last made */
    struct sandbox_spec spec;
    struct strv envp, extension_envp, framed_envp;
    struct sandbox sandbox;
    struct runtime_api *runtime;
    struct extensions_api extensions;
    struct telemetry *telemetry;
    struct http_server *http;
    struct log log;
    struct terminal terminal; /* --debug, if standard input is a terminal */
    struct stdio stdio;       /* --debug, if it is a file */
    struct forward *forward;  /* --debug-port */
    struct event *control, *limit /* of init */;
    struct call **calls;
    size_t call_count;
    unsigned capacity;
    unsigned looks;     /* at what had come by the init limit */
    bool runtime_ready; /* it has asked for an event */
    bool interrupted;   /* while ENDING: what has come since then is not begun */
    bool tail_spent;    /* with the last call */
    bool lost;          /* its sandbox: the next init makes one */
    bool stopping;
    struct freezer freezer;
    unsigned alive;                /* programs, a bit each */
    struct refused refused;        /* the runtime's calls, since the call before */
    int runtime_pid;               /* the runtime's directory in /proc, or -1 */
    int runtime_number;            /* its pid inside */
    char names[PROGRAMS_MAX][256]; /* of extensions */
    struct socket_queue sockets;   /* telemetry subscriptions; NULL: the debugger's */

    struct shutdown shutdown;
    struct outcome outcome;     /* of what is ENDING */
    double init_start, init_ms; /* init_ms: of a cold start, till reported; -1: none */
    double busy_ms, cpu_ms;     /* of calls since the runtime's CPU time was read, and that */
    struct {
        unsigned calls; /* that are over */
        bool timed_out, init_timed_out;
        int wait_status; /* of the runtime that ended last */
        double over_ms;  /* when a running invocation was ended */
        double late_ms;  /* how long after its deadline the answer came; 0: none did */
    } past;              /* evidence */
    struct text init_error;
    char init_error_type[128];
    bool has_init_error;

    struct memory_guard memory;
    struct shortages shortages;
};

#endif
