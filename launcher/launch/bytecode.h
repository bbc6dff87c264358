/* SPDX-License-Identifier: Apache-2.0 */
/* bytecode.h: Python's runtime client, compiled once by the very interpreter that runs it.
 *
 *   DIR/bytecode/HASH                 what one interpreter made of one version of the client; HASH: of these bytes
 *   DIR/memo/client-SOURCES-DEV-INO   which of them is this interpreter's, as long as it cannot have changed (cache_memo.c);
 *                                     SOURCES: a hash of the client's files
 *
 * The bytecode is made outside any sandbox, from lrun's own files, and laid beside them in the skeleton. Damaged bytecode is made again. */
#ifndef LRUN_BYTECODE_H
#define LRUN_BYTECODE_H

#include "launcher/launch/runtime.h"

enum { BYTECODE_FILES = 16 };

struct bytecode {
    struct text text; /* the files' names and bytes */
    struct plan_file files[BYTECODE_FILES];
    size_t n; /* 0: there is none; the interpreter compiles at each start */
};

/* make: compile the client if the cache lacks it. No failure here is an error. */
void bytecode_get(struct inputs *in, const struct runtime *rt, bool make, struct bytecode *ret);
void bytecode_done(struct bytecode *b);

#endif
