/* SPDX-License-Identifier: Apache-2.0 */
/* outside.h: programs of the host's that the command line asks for, outside of any sandbox: skopeo, the AWS CLI, curl. Each is a child of
 * lrun's, as the uid that lrun is by now, in a directory that is given to it; it ends with lrun (PDEATHSIG), and none writes a file larger
 * than is expected.
 *
 *   1. outside_begin()    from here on SIGINT, SIGTERM and SIGHUP end the program, and lrun in 3.
 *   2. outside_run()      as often as needed
 *   3. outside_end() */
#ifndef LRUN_OUTSIDE_H
#define LRUN_OUTSIDE_H

#include "base/err.h"
#include "base/str.h"

#include <signal.h>
#include <stdint.h>

struct outside {
    int signals, signal; /* a descriptor, or -1; the one that came, or 0 */
    sigset_t before;
};
// clang-format off
#define OUTSIDE_NONE {.signals = -1}
// clang-format on

struct outside_job {
    const char *name;               /* in messages */
    const char *program;            /* its path */
    struct strv *words, *variables; /* all of them: words begin with the program's name */
    int dir;                        /* where it starts */
    const int *keep;                /* descriptors that it gets too; -1: none */
    size_t keep_n;
    int input, errors;                                   /* its standard input, or -1: /dev/null; its standard error */
    uint64_t largest;                                    /* bytes of a file that it may write */
    void (*said)(void *to, const char *bytes, size_t n); /* called with each piece of its output */
    void (*wait)(void *to);                              /* called several times a second, or NULL */
    void *to;
};

/* A copy of one of root's own files, for a program that runs as another user: a descriptor, which is also a name in its /proc/self/fd. The
 * caller closes it. -1 with err; ENOENT: it is not there. */
int outside_copy(const char *path, struct err *err);

int outside_begin(struct outside *o, struct err *err);

/* ret_status: as waitpid(2) has it. -1 with err: it could not be started. */
int outside_run(struct outside *o, const struct outside_job *job, int *ret_status, struct err *err);

/* Whether a signal came since. */
bool outside_stopped(struct outside *o);

/* Does not return if a signal came that ends lrun. To be called when all is put away. */
void outside_end(struct outside *o);

#endif
