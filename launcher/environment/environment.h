/* SPDX-License-Identifier: Apache-2.0 */
/* environment.h: one execution environment: a sandbox with extensions and a runtime in it, from init to its end. An
 * instance; nothing is global.
 *
 *   1. environment_start()   the sandbox is made and its programs started: the init phase begins
 *   2. environment_invoke()  one call; on_answer() brings its response, on_done() says that its REPORT is written
 *   3. again 2               a warm invocation; a runtime that has ended is started again first ("suppressed init")
 *   4. environment_stop()    Lambda's shutdown phase; on_closed() at its end
 *   5. environment_done()    at once, whatever the state; not from within its own callbacks. It waits, but for what
 *                            environment_gone() has said true of */
#ifndef LRUN_ENVIRONMENT_H
#define LRUN_ENVIRONMENT_H

#include "lambda/invocation.h"
#include "launcher/environment/log.h"
#include "launcher/environment/outcome.h"
#include "launcher/launch/launch.h"

#include <event2/event.h>

struct environment;
struct http_request;

/* One invocation. Its owner keeps it until on_done(). */
struct call {
    struct invocation invocation; /* filled by the owner, but for the deadline */
    void *owner;
    double limit_ms; /* by the owner: in place of the function's timeout; 0: that */

    /* The environment's: */
    struct environment *environment;
    enum { CALL_WAITING, CALL_RUNNING, CALL_ANSWERED } phase;
    bool late /* it came while the one before was being ended */, started /* START is written */, runtime_done, streamed,
        over /* with what the environment is ENDING by */, saw_kill /* for memory */;
    double start_ms, first_byte_ms, answer_ms; /* clock_ms() */
    double init_ms;                            /* of the cold start that it is the first call after; < 0: a warm one */
    int64_t began_ms;                          /* clock_files_ms() when the event was handed out; 0: it was not */
    struct event *deadline;
    unsigned looks;                       /* at what had come by then */
    enum event_status status, end_status; /* of the answer; of the whole, which REPORT tells: an extension may use up the time after it */
    char error_type[128], end_type[128];
    uint64_t response_bytes;
    enum report_reason reason;
    struct text failure; /* the error that the client got, if the call failed: evidence */
};

struct call_figures {
    double ms, init_ms /* < 0: a warm one */;
    uint64_t billed_ms, used_mb;
};

struct environment_owner {
    void *to;
    void (*on_init)(void *to, const struct report_init *init);                  /* an init has ended; error_type is borrowed */
    void (*on_init_failed)(void *to, const struct outcome *outcome);            /* or NULL; before on_init() */
    void (*on_answer)(void *to, struct call *c, const struct outcome *outcome); /* once; the payload of a streamed response is empty */
    void (*on_done)(void *to, struct call *c, const struct call_figures *figures);
    void (*on_closed)(void *to);
    void (*on_broken)(void *to, const struct err *err); /* lrun itself cannot go on with it: environment_done() is all that is left */
    /* Streaming, for calls whose invocation asks for it; NULL if none does. from: to be paused with http_pause(). */
    void (*on_stream)(void *to, struct call *c, const char *content_type, struct http_request *from);
    void (*on_piece)(void *to, struct call *c, const char *bytes, size_t n);
};

struct environment_config {
    const struct launch *launch; /* shared by the environments of a function */
    struct report *report;       /* of its own */
    bool *told_share;            /* the function's: that it uses more than its CPU share has been said */
    int *debugger;               /* --debug-port: its listener, which is taken; NULL: none */
    struct event_base *base;
    struct environment_owner owner;
    struct cgroup *cgroup; /* of its own; dir -1: none */
    const char *label;     /* of its log lines, "hello/0"; NULL: they are passed on as they are */
    struct log_kept *kept; /* takes the log, and lrun's notes; NULL: standard error */
    /* The user's variables, checked, in place of the launch's; NULL: those. Both are borrowed until environment_done(). */
    const struct strv *variables;
};

int environment_start(const struct environment_config *config, struct environment **ret, struct err *err);

/* Never more than environment_capacity() at once. */
void environment_invoke(struct environment *e, struct call *c);
unsigned environment_capacity(const struct environment *e);

/* Ends the calls that are going on, as an interruption by the user: true, and their results follow. False: none is. */
bool environment_interrupt(struct environment *e);

/* The shutdown phase. Calls that are going on are ended as interrupted. */
void environment_stop(struct environment *e);

/* What the log has said since the invocation before: the last LOG_TAIL bytes of it. */
const char *environment_tail(struct environment *e, size_t *ret_n);

uint64_t environment_peak(const struct environment *e); /* bytes */

/* Forgets the calls of the environment; their owner gets no result for them. */
void environment_abandon_calls(struct environment *e);

/* Ends all that runs at once, and does not wait for it. True: it is gone, and environment_done() has nothing to wait for. */
bool environment_gone(struct environment *e);
void environment_done(struct environment *e);

#endif
