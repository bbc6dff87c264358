/* SPDX-License-Identifier: Apache-2.0 */
/* err.h: the one error object.
 *
 * Plain data without pointers, so that a child can send it through a socket as it is. errno is an argument of
 * fail(), taken where the call failed, so it cannot go stale. A function that returns -1 has filled its err once;
 * callers hand it up as it is, to main.c, which prints it and ends lrun. A server goes on after one: cmd_serve.c, pool_slot.c and
 * serve_events.c print it where a reload, an environment or an event is given up. Elsewhere one is printed only as a part of something
 * else: a finding, a difference, an answer. What the caller wrote wrongly (an option, a value, a word) is an error of usage: a sentence of
 * its own, which names the option and the rule. */
#ifndef LRUN_ERR_H
#define LRUN_ERR_H

#include <limits.h>
#include <stdbool.h>

struct err {
    int exit;      /* the exit status it leads to; 0: lrun's own, 125                */
    bool usage;    /* it has a sentence; the exit status is that of usage             */
    int no;        /* errno where it failed; 0 where none applies                     */
    char step[24]; /* the step of a sequence it happened in, for hints; "" if none    */
    union {        /* nested frames have many of these: no byte more than needed      */
        struct {
            char what[160]; /* the action, as it follows "cannot": "mount the function's code" */
            char path[512]; /* its object; "" if none                                          */
        };
        char sentence[512]; /* of usage                                                        */
    };
    char hint[480]; /* what the reader can do; "" where we do not know                 */
};
_Static_assert(sizeof(struct err) <= PIPE_BUF, "one write must carry it whole");

/* Fills err and returns -1. no: errno or 0. path: the object, or NULL. */
int fail(struct err *err, int no, const char *path, const char *what, ...) __attribute__((format(printf, 4, 5)));

/* The same for an error of usage: the sentence as it is printed, without errno and object. */
int fail_usage(struct err *err, const char *sentence, ...) __attribute__((format(printf, 2, 3)));

/* Adds what the reader can do; returns -1. */
int fail_hint(struct err *err, const char *hint, ...) __attribute__((format(printf, 2, 3)));

/* For documents: the action or the sentence, and the object or NULL. */
const char *err_what(const struct err *err);
const char *err_object(const struct err *err);

enum { ERR_TEXT_SIZE = 1200 }; /* of a buffer that takes all of it */

/* Writes "cannot WHAT 'PATH': REASON; HINT", of usage "SENTENCE; HINT", without a newline into text, control characters of the path
 * replaced. */
void err_text(const struct err *err, char *text, unsigned long size);

/* Prints "BEFORE: TEXT", a line, on stderr. */
void err_say(const struct err *err, const char *before, ...) __attribute__((format(printf, 2, 3)));

#endif
