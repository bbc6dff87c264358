/* SPDX-License-Identifier: Apache-2.0 */
/* doors.h: the doors of --net allow. Process 1 makes a listening socket for each in the sandbox's network, with the address that
 * relay/door.h gives it, and hands them to lrun-relay, a program beside lrun (relay/relay.h), which connects what comes in.
 *
 *   relay_start()   before clone: starts it; inside is process 1's end of the socket that the listeners go through
 *   doors_make()    inside
 *   relay_hear()    why a connection came to nothing
 *   relay_done()    kills it: all connections through the doors end */
#ifndef LRUN_DOORS_H
#define LRUN_DOORS_H

#include "base/err.h"
#include "relay/door.h"

#include <sys/types.h>

struct doorway { /* what the user asked for; shared by all sandboxes of a function */
    struct doors doors;
    const char *text; /* as --net allow= takes them */
    char *hosts;      /* of the sandbox's /etc/hosts */
    int program;      /* lrun-relay */
};

struct relay {
    pid_t pid; /* 0: none */
    int notes; /* its notes, or -1 */
};
// clang-format off
#define RELAY_NONE {0, -1}
// clang-format on

int relay_start(const struct doorway *d, struct relay *ret, int *ret_inside, struct err *err);
int doors_make(const struct doors *doors, int relay, struct err *err);

/* Never waits. 1: a line; 0: none; -1: there will be none any more. */
int relay_hear(struct relay *r, char *line, size_t size);
void relay_done(struct relay *r);

#endif
