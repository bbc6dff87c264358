/* SPDX-License-Identifier: Apache-2.0 */
/* shortages.h: what an environment ran short of while its runtime went on: evidence for failures that leave no other trace. */
#ifndef LRUN_SHORTAGES_H
#define LRUN_SHORTAGES_H

#include "policy/limits.h"

struct shortages {
    char killed[64];         /* name or description of a process killed for memory that is not the runtime; "": none */
    double killed_ms;        /* clock_ms() then */
    bool tmp_full, no_inode; /* /tmp takes no more bytes, or no more files (its inodes are used up) */
    uint64_t tmp_inodes;
    unsigned tasks, tasks_max; /* processes and threads, process 1 included; the limit */
    unsigned tasks_most;       /* seen since a call began while no other ran */
    bool told_tmp, told_tasks; /* said once an environment */
    bool told_kill;            /* said once a kill */
};

/* tmp: the sandbox's /tmp, or -1: then as process pid of the sandbox's /proc sees it, if that lives. One system call. */
void shortages_look_at_tmp(struct shortages *s, int tmp, int proc, pid_t pid);

/* proc: the sandbox's /proc. One call for each process there. */
void shortages_look_at_tasks(struct shortages *s, int proc, const struct limits *l);

/* n: threads of all processes but process 1, which someone counted anyway. */
void shortages_note_tasks(struct shortages *s, unsigned n, const struct limits *l);

/* Called before pid, in the sandbox's numbering, is killed. */
void shortages_note_kill(struct shortages *s, int proc, pid_t pid);
void shortages_keep_kill(struct shortages *s, const char *name); /* name: of a process killed now; NULL: not known */
void shortages_forget_kill(struct shortages *s);

/* Is the limit of processes met, or was it a moment ago? */
bool shortages_of_tasks(const struct shortages *s);

/* Was it met at any moment of the call? */
bool shortages_had_all_tasks(const struct shortages *s);

#endif
