/* SPDX-License-Identifier: Apache-2.0 */
/* message.h: messages between the supervisor and init, over one SOCK_SEQPACKET pair.
 *
 *   #0 init:       ATTACH, if the supervisor has something to do to it first; waits for its GO
 *      payload:    REFUSED, if that is asked for, before it becomes the program; at any time, READY not excepted
 *   #1 init:       READY, with descriptors; or FAILED with the one err and nothing after it
 *   #2 init:       STARTED or NOT_STARTED of the payload, of itself once it is ready, then after each START. If there are
 *                  extensions, EXTENSIONS instead, and of each EXTENSION and STARTED or NOT_STARTED; the payload then
 *                  waits for START_RUNTIME
 *      init:       EXITED when a program has ended; of the one command of exec it may be NOT_STARTED, after STARTED
 *      supervisor: SOCKET, which init answers with one of the sandbox's network
 *      supervisor: START, FREEZE, THAW, SIGNAL; SHARE, of the processor (--cpu enforce)
 *      supervisor: KILL, which init answers with GONE once no process but init is left; if it does not, the sandbox is killed from
 *                  outside
 *
 * The supervisor's end is also the liveness signal: no child of its holds a copy of it, so a hang-up means the supervisor is
 * gone, however it went, and init ends with all it holds. */
#ifndef LRUN_MESSAGE_H
#define LRUN_MESSAGE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_type {
    MESSAGE_HANGUP, /* never sent: what message_receive() gives at the end */
    MESSAGE_ATTACH,
    MESSAGE_GO,
    MESSAGE_READY,
    MESSAGE_FAILED,
    MESSAGE_STARTED,
    MESSAGE_NOT_STARTED,
    MESSAGE_EXITED,
    MESSAGE_GONE,
    MESSAGE_START,
    MESSAGE_FREEZE,
    MESSAGE_THAW,
    MESSAGE_SIGNAL,
    MESSAGE_KILL,
    MESSAGE_SOCKET,
    MESSAGE_EXTENSIONS,
    MESSAGE_EXTENSION,
    MESSAGE_START_RUNTIME,
    MESSAGE_REFUSED,
    MESSAGE_SHARE,
};

enum { PROGRAM_PAYLOAD, PROGRAM_EXTENSION /* the first; then the next */, PROGRAMS_MAX = 11 };

enum {
    FD_PROC,
    FD_TMP,
    FD_LISTEN,
    FD_SOCKET,
    FD_REFUSED,
    FD_SHM,
    FD_SEGMENTS,
    FD_COUNT
}; /* READY: the sandbox's /proc, its /tmp, the API's socket, /dev/shm, /proc/sysvipc/shm; SOCKET: a new one; REFUSED: for refused_answer()
    */
// clang-format off
#define FDS_NONE {-1, -1, -1, -1, -1, -1, -1}
// clang-format on

struct message {
    enum message_type type;
    int value;   /* SIGNAL: number; SHARE: MB of memory that it goes with, 0: no more; NOT_STARTED: errno; EXITED: wait status; STARTED: pid
                    inside;   EXTENSIONS: how many; more than ten are not started */
    int program; /* READY: WITHOUT_... of mounts/apply.h; of a network made aside (network.c), GO: 1 if its loopback is up; SIGNAL,
                    STARTED, NOT_STARTED, EXITED, EXTENSION: which */
    int64_t written; /* EXITED, of a metered sandbox: bytes that were written, by use_written(); else -1 */
    int64_t figure;  /* EXITED: the most memory it had, in bytes; READY: when that was, in us of CLOCK_MONOTONIC */
    struct err err;  /* FAILED; NOT_STARTED: path is what could not be started; EXTENSION: path is its name */
};

/* fds: FD_COUNT descriptors, -1 for none; or NULL. Returns -1 with errno set. */
int message_send(int socket, const struct message *m, const int *fds);

/* The same without descriptors and without waiting: EAGAIN if the other side reads none of what it was sent. */
int message_offer(int socket, const struct message *m);

/* ret_fds: FD_COUNT of them, or NULL; -1 for one that there was no number left for. Blocks unless wait is false. 1: got one; 0: none there
 * (wait false); -1: errno. A program that there cannot be is a hang-up too; texts end with 0, and descriptors nobody has a place for are
 * closed. */
int message_receive(int socket, struct message *ret, int *ret_fds, bool wait);

#endif
