/* SPDX-License-Identifier: Apache-2.0 */
/* placed.h: files that a sandbox begins with, copied into its /tmp before anything runs there. They are the command's then: it may change
 * them, they count towards the size of /tmp, and they go with it. */
#ifndef LRUN_PLACED_H
#define LRUN_PLACED_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define PLACED_NAME "in"
#define PLACED_DIR "/tmp/" PLACED_NAME
enum { PLACED_MODE = 0644, PLACED_PROGRAM = 0755 };

struct placed {
    const char *name; /* beneath PLACED_DIR: relative, without . and .. */
    int fd;           /* where it is copied from, from its start; -1: bytes */
    const void *bytes;
    uint64_t size;
    mode_t mode;
    struct timespec changed; /* of fd: another ctime means another content */
};

struct placed_files {
    const struct placed *at;
    size_t n; /* 0: the directory alone */
};

/* In the sandbox, where /tmp is its own and nothing runs yet. -1 with err. */
int placed_make(const struct placed_files *files, struct err *err);

#endif
