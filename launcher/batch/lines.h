/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h: a list of jobs, line by line, as far as it is there: it may be a pipe whose writer takes its time, and longer than memory.
 *
 *   1. lines_next()    the next line that is whole, or what has to happen first
 *   2. lines_fill()    after LINES_WAIT, once the descriptor is readable: one read(2) */
#ifndef LRUN_LINES_H
#define LRUN_LINES_H

#include "base/err.h"
#include "base/sha256.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct lines { /* all zero but for fd, name and most at first */
    int fd;
    const char *name; /* for messages */
    size_t most;      /* bytes of a line */
    uint64_t number;  /* of the line that lines_next() gave last, from 1 */
    struct text buffer;
    size_t at, looked; /* where the next line begins, and how far it has no newline */
    bool ended, skips; /* skips: within a line that is too long */
    struct sha256 skipped;
};

struct line {
    const char *at; /* until the next call */
    size_t n;
    bool too_long;                      /* then its bytes were not kept, but hashed */
    unsigned char sha256[SHA256_BYTES]; /* too_long */
};

enum lines_got { LINES_WAIT, LINES_LINE, LINES_END };

/* A last line needs no newline. Lines of white space alone are counted and not given. */
enum lines_got lines_next(struct lines *l, struct line *ret);

/* -1 with err. */
int lines_fill(struct lines *l, struct err *err);

void lines_done(struct lines *l);

#endif
