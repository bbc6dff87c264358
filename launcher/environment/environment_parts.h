/* SPDX-License-Identifier: Apache-2.0 */
/* environment_parts.h: what the environment's files call of each other, by the file that has it. For environment*.c only. */
#ifndef LRUN_ENVIRONMENT_PARTS_H
#define LRUN_ENVIRONMENT_PARTS_H

#include "launcher/environment/environment_state.h"

typedef void on_timer(evutil_socket_t fd, short what, void *to); /* to: the environment */

/* environment_life.c: the state that follows, and what is done: life.c has the table. */
void environment_go(struct environment *e, enum life_event event);

/* environment.c: from init to init. */
on_timer environment_on_limit;
void environment_begin_init(struct environment *e);
void environment_begin_init_again(struct environment *e); /* within an invocation */
void environment_let_go(struct environment *e);           /* of a lost sandbox */
void environment_replace_sandbox(struct environment *e);  /* drops the one that is there, and makes another */
void environment_hand_out_last(struct environment *e);
void environment_hand_out_all(struct environment *e);
void environment_answered(struct environment *e, struct call *c, const struct outcome *o);
void environment_answer(struct environment *e, struct call *c, const struct outcome *o); /* the client has it, if it has none yet */
void environment_over(struct environment *e, struct call *c);                            /* END and REPORT */
void environment_break(struct environment *e, const struct err *err);
void environment_tell_closed(struct environment *e);
void environment_check_init(struct environment *e);
void environment_check_calls(struct environment *e);

/* environment_start.c */
int environment_make_sandbox(struct environment *e, struct err *err);
void environment_drop_sandbox(struct environment *e); /* its programs are gone, and what they sent is read */

/* environment_outcome.c: the outcome that ends the environment, and the calls that end with it. */
void environment_end(struct environment *e, struct outcome outcome); /* if anything runs: the first of two outcomes decides */
void environment_decide(struct environment *e);                      /* selects the calls that end with it, and begins the end */
void environment_conclude(struct environment *e);                    /* all its processes are gone, and what they sent is read */
void environment_reset(struct environment *e);
void environment_conclude_calls(struct environment *e);

/* environment_report.c: what is said of it, in which order. It alone calls environment_tell() and environment_explain(). */
void environment_report_made(struct environment *e);
void environment_report_init(struct environment *e, const struct outcome *o);
void environment_report_subscribed(struct environment *e, struct event event);
void environment_report_start(struct environment *e, struct call *c);
void environment_runtime_done(struct environment *e, struct call *c);
void environment_finish(struct environment *e, struct call *c); /* END, REPORT, and the figures to the owner */

/* environment_tell.c: how it is said. */
void environment_tell(struct environment *e, const struct call *c, struct event event);
void environment_on_line(void *to, enum log_source source, const char *line, size_t n);
void environment_label(struct environment *e, const struct call *c);
void environment_note(struct environment *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));                       /* launch_note(), with its label; or into the log that is kept */
const char *environment_request_id(const struct environment *e); /* id of the call that log lines are attributed to; "": none */

/* environment_explain.c */
void environment_explain(struct environment *e, struct call *c); /* why it failed, after its REPORT */

/* environment_api.c: what the APIs inside the sandbox report. */
void environment_make_apis(struct environment *e);
int environment_serve(struct environment *e, int listener, struct err *err);

/* environment_control.c: what init reports. */
on_timer environment_on_sockets;
void environment_hear(evutil_socket_t fd, short what, void *to);
void environment_ask_socket(struct environment *e, void *waiter);
void environment_end_killed(struct environment *e); /* process 1 was killed, and all processes with it */

/* environment_ending.c: from SIGTERM to the last process. */
on_timer environment_on_ending;
void environment_begin_ending(struct environment *e);
void environment_look_who_is_left(struct environment *e); /* a program has ended */
void environment_end_runtime(struct environment *e);      /* SIGTERM */
void environment_kill_runtime(struct environment *e);
void environment_drain(struct environment *e);
void environment_end_extensions(struct environment *e); /* the invocation is concluded, then SHUTDOWN */
void environment_kill_all(struct environment *e);       /* process 1 is told to */
void environment_kill_init(struct environment *e);      /* process 1 does not answer */
void environment_let_die(struct environment *e);        /* after process 1 was killed */
void environment_await_death(struct environment *e);
void environment_read_rest(struct environment *e);

/* environment_debug.c */
int environment_streams(struct environment *e, int null, struct err *err);
int environment_join_debugger(struct environment *e, struct err *err);

/* environment_limits.c */
double environment_timeout_ms(const struct environment *e, const struct call *c);
double environment_init_limit_ms(const struct environment *e);
void environment_lose(struct environment *e, const char *why); /* the sandbox cannot be used again: why, in the log and the report */
on_timer environment_on_memory, environment_on_freeze;
void environment_watch_memory(struct environment *e);   /* from now on, and often */
void environment_freeze_soon(struct environment *e);    /* if it is idle */
void environment_look_at_memory(struct environment *e); /* the peak so far; sees that the limit is kept */
void environment_look_at_shortages(struct environment *e, bool failed);
bool environment_shm_fills(const struct environment *e); /* its files leave too little memory for the next runtime */
void environment_set_frozen(struct environment *e, bool frozen);
void environment_share(struct environment *e);                         /* init has ended: the CPU share is kept from now on, or looked at */
void environment_look_at_share(struct environment *e, double busy_ms); /* a call that took so long has ended */

#endif
