/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h: what the child of sandbox_start() does between clone and being init. For sandbox.c, steps.c and init.c only. */
#ifndef LRUN_INSIDE_H
#define LRUN_INSIDE_H

#include "launcher/sandbox/sandbox.h"

struct inside { /* the child's own state */
    const struct sandbox_spec *spec;
    int control; /* its end of the pair */
    int network; /* the socket that its network namespace comes by, or -1 */
    int relay;   /* the socket that its doors go to lrun-relay by, or -1 */
    uid_t outer_uid;
    gid_t outer_gid;
    bool prepared; /* the plan's prepared skeleton may be used */
    bool loopback; /* is up: who made the network namespace has done that */
    int root;
    int io;           /* of a metered sandbox: its own /proc/self/io */
    unsigned without; /* WITHOUT_... of mounts/apply.h */
    int fds[FD_COUNT];
};
bool is_attached(const struct sandbox_spec *spec);  /* lrun has work on its namespaces, and waits for MESSAGE_ATTACH */
int steps_walk(struct inside *in, struct err *err); /* -1 with an err that names the step */
_Noreturn void init_main(struct inside *in);

#endif
