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
#include "launcher/environment/init_phase.h"
#include "launcher/environment/life.h"
#include "launcher/environment/log.h"
#include "launcher/environment/memory_guard.h"
#include "launcher/environment/past.h"
#include "launcher/environment/refused.h"
#include "launcher/environment/share_watch.h"
#include "launcher/environment/shutdown.h"
#include "launcher/environment/socket_queue.h"
#include "launcher/environment/timer.h"
#include "launcher/launch/doors_watch.h"
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
    const struct strv *variables; /* NULL: the launch's */
    struct strv direct;           /* with those: see direct_start.h */
    enum life state;              /* changed by environment_go() alone */
    struct init_phase init;
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
    struct doors_watch doors; /* --net allow */
    struct event *control;
    struct call **calls;
    size_t call_count;
    unsigned capacity;
    bool interrupted; /* while ENDING: what has come since then is not begun */
    bool tail_spent;  /* with the last call */
    bool lost;        /* its sandbox: the next init makes one */
    bool stopping;
    struct freezer freezer;
    unsigned alive;                /* programs, a bit each */
    struct refused refused;        /* the runtime's calls, since the call before */
    int runtime_pid;               /* the runtime's directory in /proc, or -1 */
    int runtime_number;            /* its pid inside */
    char names[PROGRAMS_MAX][256]; /* of extensions */
    struct socket_queue sockets;   /* telemetry subscriptions; NULL: the debugger's */

    struct shutdown shutdown;
    struct outcome outcome; /* of what is ENDING */
    struct share_watch share;
    struct past past;
    struct memory_guard memory;
    struct shortages shortages;
};

#endif
