/* SPDX-License-Identifier: Apache-2.0 */
/* enter.h: finding and joining the namespaces of an environment that another lrun keeps (exec --in PID).
 *
 * Nobody can open the namespaces of its init, which is not dumpable. They can be reached through a program that runs inside, while there
 * is one, and through descriptors that an lrun with --hold or --debug keeps for this, with the function's variables. */
#ifndef LRUN_ENTER_H
#define LRUN_ENTER_H

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

enum { NAMESPACES = 7 };

struct enterable {      /* all -1 at first */
    int ns[NAMESPACES]; /* in the order they must be joined: the user namespace gives the right to the others */
    int variables;
};

/* For the lrun that keeps them: opens the namespaces of pid, its init, which must still be dumpable. Writes envp to a memory file. */
int enter_keep(pid_t pid, char *const *envp, struct enterable *ret, struct err *err);

/* For the lrun that enters: pid is an lrun, or a process inside. ret_envp: the function's variables. */
int enter_find(pid_t pid, struct enterable *ret, struct strv *ret_envp, struct err *err);

/* Closes all descriptors above 2 but the namespaces: a process that joins must carry no other descriptor in. */
int enter_close_others(struct enterable *e, struct err *err);

/* Joins the namespaces and closes them; children are then inside, and can be looked at from there unless the caller's memory is closed
 * (PR_SET_DUMPABLE). The caller has all capabilities there and should drop them. */
int enter_join(struct enterable *e, struct err *err);
void enter_done(struct enterable *e);

#endif
