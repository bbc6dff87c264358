/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.h: a terminal of the sandbox's own, joined to the caller's.
 *
 * The function never holds the caller's terminal: what it pushes, sets or reads is its own pty's. The caller's is raw
 * meanwhile, so that ^C and ^Z are characters which the pty turns into signals inside.
 *   1. terminal_open()    before the sandbox: the pty, of the size and settings of the caller's
 *   2. terminal_join()    once it is there: bytes and sizes travel both ways
 *   3. terminal_done()    what is still on its way is written out; the caller's terminal is as it was */
#ifndef LRUN_TERMINAL_H
#define LRUN_TERMINAL_H

#include "base/err.h"
#include "base/str.h"

#include <event2/event.h>
#include <stdbool.h>
#include <termios.h>

struct terminal {     /* all zero but descriptors -1: none */
    int ours, theirs; /* the two ends of the pty; theirs is closed here once the sandbox holds it */
    int out;          /* where what comes from inside goes; borrowed */
    struct termios before;
    bool raw;
    struct event *keys, *screen, *ready, *resized;
    struct text pending; /* typed, and not taken yet */
};

/* Standard input must be a terminal. lines: others write to it too, line by line; its output processing stays on. */
int terminal_open(struct terminal *t, int out, bool lines, struct err *err);
int terminal_join(struct terminal *t, struct event_base *base, struct err *err); /* -1 with err */
void terminal_done(struct terminal *t);

#endif
