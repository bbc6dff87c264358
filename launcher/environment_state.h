/* SPDX-License-Identifier: Apache-2.0 */
/* environment_state.h: what the environment's files share: one environment's state. For these only. */
#ifndef LRUN_ENVIRONMENT_STATE_H
#define LRUN_ENVIRONMENT_STATE_H

#include "lambda/http_server.h"
#include "lambda/runtime_api.h"
#include "lambda/telemetry.h"
#include "launcher/environment.h"
#include "launcher/forward.h"
#include "launcher/log.h"
#include "launcher/refused.h"
#include "launcher/shortages.h"
#include "launcher/stdio.h"
#include "launcher/terminal.h"

enum state { COLD, INIT, READY, ENDING, CLOSED };
enum ending { END_RUNTIME /* SIGTERM was sent */, END_DRAIN, END_EXTENSIONS /* SHUTDOWN was sent */, END_KILL, END_DEATH /* of the sandbox, by SIGKILL from outside */, END_GONE, END_REPLACED /* an INIT waits for its death */ };
enum { SOCKET_WAITERS = 64 };
struct environment {
    struct launch *launch;
    struct event_base *base;
    struct environment_owner owner;
    struct cgroup *cgroup;
    const char *label;
    enum state state;
    enum event_phase phase; /* of the init going on or last made */
    struct sandbox_spec spec;
    struct strv envp, extension_envp, framed_envp;
    struct sandbox sandbox;
    struct runtime_api *runtime;
    struct extensions_api extensions;
    struct telemetry *telemetry;
    struct http_server *http;
    struct log log;
    struct terminal terminal; struct stdio stdio; /* --debug: the one if standard input is a terminal, the other if it is a file */
    struct forward *forward;  /* --debug-port */
    struct event *control, *limit /* of init */, *memory, *freeze, *ending_timer, *sockets /* how long init may take for one */;
    struct call **calls;
    size_t call_count, socket_waiter_count;
    unsigned capacity;
    bool looked /* at what had come by the init limit */, frozen, runtime_ready /* it has asked for an event */, stopping, interrupted /* while ENDING: what has come since then is not begun */, tail_spent /* with the last call */, lost /* its sandbox: the next init makes one */;
    unsigned alive; /* programs, a bit each */
    struct refused refused; /* the runtime's calls, since the call before */
    int runtime_pid, runtime_number; /* the runtime's directory in /proc, or -1; its pid inside */
    char names[PROGRAMS_MAX][256]; /* of extensions */
    void *socket_waiters[SOCKET_WAITERS]; /* telemetry subscriptions; NULL: the debugger's */
    enum ending ending; unsigned ending_ticks; double ending_start;
    struct outcome outcome; double init_start, init_ms; /* of what is ENDING; of a cold start, till reported, -1: none */
    struct {
        unsigned calls;          /* that are over */
        bool timed_out, init_timed_out;
        double frozen_since, frozen_ms; /* the last time */
        int wait_status;         /* of the runtime that ended last */
        double over_ms, late_ms; /* when a running invocation was ended; how long after its deadline the answer came, 0: none did */
    } past;                      /* evidence */
    struct text init_error; char init_error_type[128];
    bool has_init_error, oom, looks_seldom /* at memory: there is no call */;
    uint64_t peak;
    struct memory_watch *watch; /* of its memory */
    unsigned oom_kills, killed_in_vain; struct shortages shortages; /* kills of the cgroup, seen so far; what it lacks else */
};

void timer_arm(struct event *timer, double ms);
typedef void on_timer(evutil_socket_t fd, short what, void *to); /* to: the environment */
on_timer environment_on_limit, environment_on_memory, environment_on_freeze, environment_on_sockets, environment_on_ending;
int environment_make_sandbox(struct environment *e, struct err *err); /* environment_start.c, as the next */
void environment_drop_sandbox(struct environment *e); /* its programs are gone, and what they sent is read */
/* environment.c */
void environment_replace_sandbox(struct environment *e); /* the same, and makes another */
void environment_begin_init(struct environment *e, enum event_phase phase);
void environment_answered(struct environment *e, struct call *c, const struct outcome *o);
void environment_break(struct environment *e, const struct err *err);
struct outcome environment_init_failure(struct environment *e, struct outcome otherwise);
const char *environment_request_id(const struct environment *e); /* of the call that what happens is told to; "" if there is none */
void environment_answer(struct environment *e, struct call *c, const struct outcome *o); /* the client has it, if it has none yet */
void environment_over(struct environment *e, struct call *c);                           /* END and REPORT */
void environment_closed(struct environment *e);
void environment_check_init(struct environment *e);
void environment_check_calls(struct environment *e);

/* environment_outcome.c: what it ends by, and whose end that is. */
void environment_end(struct environment *e, struct outcome outcome); /* the first decides: while ENDING nothing changes */
void environment_conclude(struct environment *e); /* all its processes are gone, and what they sent is read */
void environment_conclude_calls(struct environment *e);

/* environment_tell.c: what is said of it: log lines, telemetry, the report's parts, results. */
void environment_tell(struct environment *e, const struct call *c, struct event event);
double environment_timeout_ms(const struct environment *e);
double environment_init_limit_ms(const struct environment *e);
void environment_finish(struct environment *e, struct call *c); /* END, REPORT, and the figures to the owner */
void environment_runtime_done(struct environment *e, struct call *c);
void environment_report_init(struct environment *e, const struct outcome *o);
void environment_on_line(void *to, enum log_source source, const char *line, size_t n);
void environment_label(struct environment *e, const struct call *c);
void environment_explain(struct environment *e, struct call *c); /* environment_explain.c: why it failed, after its REPORT */

/* environment_api.c: what the APIs inside the sandbox report. */
void environment_make_apis(struct environment *e);
int environment_serve(struct environment *e, int listener, struct err *err);

/* environment_control.c: what init reports. */
void environment_hear(evutil_socket_t fd, short what, void *to);
void environment_ask_socket(struct environment *e, void *waiter);

/* environment_ending.c: from SIGTERM to the last process. */
void environment_begin_ending(struct environment *e);
void environment_ending_progress(struct environment *e); /* a program has ended */
void environment_await_death(struct environment *e, enum ending ending); /* END_DEATH, or END_REPLACED: then it is replaced */
void environment_ending_hangup(struct environment *e); /* process 1 has ended first */
void environment_lose(struct environment *e, const char *why); /* the sandbox cannot be used again: why, in the log and the report */

/* environment_debug.c, environment_limits.c */
int environment_streams(struct environment *e, int null, struct err *err);
int environment_join_debugger(struct environment *e, struct err *err);
void environment_look_at_memory(struct environment *e); /* the peak so far; sees that the limit is kept */
void environment_look_at_shortages(struct environment *e, bool failed);
void environment_set_frozen(struct environment *e, bool frozen);

#endif
