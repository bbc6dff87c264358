/* SPDX-License-Identifier: Apache-2.0 */
/* library.h: bytecode of an added Python's standard library, where its distribution has none: the library is compiled once, by that
 * interpreter in a sandbox (bytecode_inside.h), and lies over it from then on. Without it a start takes 0.2 s longer.
 *
 *   DIR/memo/library-DEV-INO   the digest of the tarball that an interpreter made; the cache has it unpacked as any other */
#ifndef LRUN_LIBRARY_H
#define LRUN_LIBRARY_H

#include "launcher/launch/runtime.h"

enum { LIBRARY_MOST = 64 << 20 /* bytes */, LIBRARY_SECONDS = 60 };

struct library {
    struct cache_entry tree; /* lock -1: there is none */
    struct source source;
    bool wanted; /* it could be made */
};
// clang-format off
#define LIBRARY_NONE {.tree = {.lock = -1}}
// clang-format on

/* Finds what was made. No failure here is an error. */
void library_get(struct inputs *in, const struct runtime *rt, struct library *ret);
const struct source *library_source(const struct library *l); /* the tree, for the plan; NULL: none */
void library_done(struct library *l);

/* For bytecode_inside.c: the program, and what it wrote; nothing: it cannot. False: none of it was kept. */
const char *library_program(void);
bool library_take(struct inputs *in, const struct runtime *rt, const struct text *made);

#endif
