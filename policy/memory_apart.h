/* SPDX-License-Identifier: Apache-2.0 */
/* memory_apart.h: a child of lrun's that reads what may block. A program that forks or maps memory without end holds
 * the lock of its memory for as long as it likes (a minute was seen), and whoever reads its smaps waits for that. A process that execs
 * waits for it too, and holds a lock meanwhile that the links in /proc/PID and pidfd_getfd(2) take. lrun's loop must not wait: it
 * asks, goes on, and hears the answer whenever it comes. The child ends when it was not asked for a second. For memory*.c only. */
#ifndef LRUN_MEMORY_APART_H
#define LRUN_MEMORY_APART_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct apart {
    pid_t pid;       /* 0: there is none */
    int socket;      /* valid while there is one */
    bool asked;      /* the question is not answered yet: one question at a time */
    double retry_ms; /* not started again before */
};

struct apart_work {
    void (*work)(void *with, const void *ask, void *answer); /* in the child, for each question; with: the child's copy */
    void *with;
    size_t ask_size, answer_size; /* bytes; below 4096 */
};

/* Asks; starts the child if there is none, which keeps 0, 1, 2 and fds[0..n). False: it was asked before and has not answered, or it
 * cannot be started (tried again when a second has passed since it was). */
bool apart_ask(struct apart *a, const struct apart_work *w, const int *fds, size_t n, const void *ask);

/* Waits ms for the answer. False: none so far, or it has ended, and is reaped then. */
bool apart_hear(struct apart *a, void *answer, size_t size, int ms);

/* Kills it, though it waits for a lock. */
void apart_end(struct apart *a);

#endif
