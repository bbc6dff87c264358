/* SPDX-License-Identifier: Apache-2.0 */
/* unpacker.h: lrun's side of lrun-unpack: start it, talk to it, learn how it ended. See unpack.h for the protocol. */
#ifndef LRUN_UNPACKER_H
#define LRUN_UNPACKER_H

#include "unpack/unpack.h"

#include <stdbool.h>
#include <sys/types.h>

struct unpacker { /* one worker; all zero but socket -1 when there is none */
    pid_t pid;
    int socket;
    struct unpack_progress *progress; /* shared with it, or NULL */
};

#define UNPACKER "lrun-unpack" /* for helper_open() */

/* words: the verb and what follows it, as unpack.h has them, NULL at their end. input and into become the worker's fd 3 and 4 (into: -1
 * for verify). */
int unpacker_start(int program, const char *const *words, int input, int into, struct unpacker *ret, struct err *err);

/* Reads one whole message; a worker that died instead is an err that says how. on_wait, or NULL: called with to while it
 * takes long, several times a second. */
int unpacker_read(struct unpacker *u, void *message, size_t size, void (*on_wait)(void *to), void *to, struct err *err);

/* Lets it unpack what it has hashed, or stop. */
void unpacker_answer(struct unpacker *u, bool go);

/* Closes the socket, which ends a worker that still waits, and reaps it. */
void unpacker_done(struct unpacker *u);

#endif
