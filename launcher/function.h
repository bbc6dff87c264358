/* SPDX-License-Identifier: Apache-2.0 */
/* function.h: one environment: a sandbox with a runtime in it, from init to its end. An instance; nothing is global.
 *
 *   1. function_start()    the sandbox is made and the runtime started: the init phase begins
 *   2. function_invoke()   one event; on_result() is called once, when END and REPORT are written
 *   3. again 2             a warm invocation; a runtime that has ended is started again first ("suppressed init")
 *   4. function_done() */
#ifndef LRUN_FUNCTION_H
#define LRUN_FUNCTION_H

#include "launcher/launch.h"

#include <event2/event.h>

struct function;

struct function_result {
    enum event_status status;
    const char *error_type; /* NULL on success */
    const struct text *payload; /* the response, or the function error's JSON */
};

typedef void (*function_result_fn)(void *to, const struct function_result *result);

int function_start(struct launch *l, struct event_base *base, function_result_fn on_result, void *to, struct function **ret, struct err *err);

/* event: borrowed until the result. */
void function_invoke(struct function *f, const struct text *event);

/* Ends the invocation that is going on, as an interruption by the user: true, and its result follows. False: none is. */
bool function_interrupt(struct function *f);

/* If lrun itself cannot go on (init of the sandbox was killed): true, with err. */
bool function_failed(const struct function *f, struct err *err);

void function_done(struct function *f);

#endif
