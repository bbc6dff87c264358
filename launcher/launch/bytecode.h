/* SPDX-License-Identifier: Apache-2.0 */
/* bytecode.h: Python's runtime client, compiled once by the very interpreter that runs it.
 *
 *   DIR/bytecode/HASH                 what one interpreter made of one version of the client; HASH: of these bytes
 *   DIR/memo/client-SOURCES-DEV-INO   which of them is this interpreter's, as long as it cannot have changed (cache_memo.c);
 *                                     SOURCES: a hash of the client's files
 *
 *
 * The bytecode is made from lrun's own files, and laid beside them in the skeleton: by the host's interpreter outside any sandbox, by one
 * that was added in a sandbox (bytecode_inside.h). Damaged bytecode is made again. */
#ifndef LRUN_BYTECODE_H
#define LRUN_BYTECODE_H

#include "launcher/launch/runtime.h"

enum { BYTECODE_FILES = 16, BYTECODE_MOST = 1 << 20 /* bytes */, BYTECODE_SECONDS = 10 };

struct bytecode {
    struct text text; /* the files' names and bytes */
    struct plan_file files[BYTECODE_FILES];
    bool wanted; /* there is none yet, and it could be kept */
    size_t n;    /* 0: there is none; the interpreter compiles at each start */
};

/* make: compile the client if the cache lacks it. No failure here is an error. */
void bytecode_get(struct inputs *in, const struct runtime *rt, bool make, struct bytecode *ret);
void bytecode_done(struct bytecode *b);

/* For bytecode_inside.c: the sources as the program's standard input (-1: no memory), the program, and what it wrote; nothing: it cannot.
 */
int bytecode_sources(void);
const char *bytecode_program(void);
void bytecode_take(struct inputs *in, const struct runtime *rt, const struct text *made);

#endif
