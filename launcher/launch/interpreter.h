/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter.h: finding python3.N and node, on the host or in the user's root file system, and their versions. */
#ifndef LRUN_INTERPRETER_H
#define LRUN_INTERPRETER_H

#include "launcher/launch/inputs.h"

struct language;
enum { INTERPRETER_PATH = 1024 };
extern const struct language INTERPRETER_PYTHON, INTERPRETER_NODE;

struct interpreter {
    char path[INTERPRETER_PATH];   /* absolute, as seen from inside; of one with a prefix, on the host */
    char prefix[INTERPRETER_PATH]; /* it is shown whole, as /var/lang; "": the parts of /usr or /usr/local that it needs */
    unsigned version;              /* python: the minor; node: the major */
    unsigned minor;                /* node's minor; 0: not asked */
    bool own_bootstrap;            /* a root file system of AWS's own making: its bootstrap knows its interpreter */
};

/* Is there such a file? root: of a root file system, in which links are meant from inside; -1: the host's, and path absolute. */
bool interpreter_exists(int root, const char *path);

/* Whether all of a found interpreter's prefix may be shown, as far as the uid that runs can look: 1; 0: other data lie in it; -1: it cannot
 * be opened. What was named is inputs_source.c's. */
int interpreter_may_show(const char *prefix);

/* version 0: whatever is there. in: its root file system, and its cache, which remembers what a binary said of its
 * version, so that it is asked once. */
int interpreter_find(const struct language *language, unsigned version, struct inputs *in, struct interpreter *ret, struct err *err);

/* In the root file system, by names alone: nothing of it is started. version 0: of Python any; Node.js's must be named. */
int interpreter_in_root(const struct language *language, unsigned version, int root, struct interpreter *ret, struct err *err);

#endif
