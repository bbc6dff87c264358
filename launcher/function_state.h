/* SPDX-License-Identifier: Apache-2.0 */
/* function_state.h: what function.c and function_tell.c share: one environment's state. For these two only. */
#ifndef LRUN_FUNCTION_STATE_H
#define LRUN_FUNCTION_STATE_H

#include "lambda/http.h"
#include "lambda/runtime_api.h"
#include "launcher/function.h"
#include "launcher/log_pipe.h"
#include "launcher/outcome.h"

enum state { COLD, INIT, READY, BUSY, ENDING };
struct function {
    struct launch *launch;
    struct event_base *base;
    function_result_fn on_result;
    void *to;

    enum state state;
    enum event_phase phase; /* of the init going on or last made */
    struct sandbox sandbox;
    struct runtime_api *api;
    struct http_server *http;
    struct log_pipe log;
    struct event *control, *deadline, *memory, *freeze, *ending;

    bool invoked;             /* an invocation is going on, whatever the state */
    bool dispatched; /* START was written */
    bool frozen, failed, gone; /* gone: KILL was answered */
    unsigned ending_ticks;
    const struct text *event;
    struct invocation invocation;
    double init_start, init_ms /* of a cold start, till reported; -1: none */, invoke_start;
    struct outcome outcome; /* of what is ENDING */
    struct text init_error;
    char init_error_type[128];
    bool has_init_error, oom;
    uint64_t peak;
    struct err err;
};

/* function_tell.c: what is said of it: log lines, the report's parts, results. */
void function_tell(struct function *f, struct event e);
double function_timeout_ms(const struct function *f);
void function_look_at_memory(struct function *f); /* the peak so far; kills the biggest process when over the limit */
void function_finish(struct function *f, struct outcome *o); /* END, REPORT, and the result to the owner */
void function_report_init(struct function *f, const struct outcome *o);

#endif
