/* SPDX-License-Identifier: Apache-2.0 */
/* memory_held.h: shared memory that exists without being mapped. For memory*.c only. */
#ifndef LRUN_MEMORY_HELD_H
#define LRUN_MEMORY_HELD_H

#include "policy/memory.h"

#include <dirent.h>
#include <stddef.h>

enum { HELD_MOUNTS = 13 };

struct pid_pair {
    pid_t inside, outside;
};

struct held {
    uint64_t bytes;
    pid_t holder; /* the process that holds most memory not held by an earlier process */
    uint64_t most;
    uint64_t *inodes; /* a hash table of those that were counted; 0: a free place */
    size_t places, taken;
    struct pid_pair *pids; /* made when the first process is met whose descriptors cannot be listed */
    size_t pid_count;
    long mounts[HELD_MOUNTS]; /* of memfds; -1: there is none. Made with pids */
    bool has_pids;
};

struct held_walk { /* where it stands in one process */
    DIR *tasks, *descriptors;
    pid_t pid;
    uint64_t bytes; /* of this process so far */
};

void held_clear(struct held *h);

/* The device number of memory that belongs to no mount: memfds, SysV segments and shared anonymous memory lie on it. */
uint64_t held_device(void);

/* Shared memory and swap of all programs of the machine: an unchanged figure means little for long, growth may matter at once. */
uint64_t held_by_host(void);

/* Whether this inode of that device was counted. */
bool held_has(const struct held *h, uint64_t inode);

/* The threads of a process, NULL if it has ended. */
DIR *held_tasks(int proc, const char *pid);

/* One descriptor, or one step towards the next. False when the process is done. */
bool held_step(struct held *h, struct held_walk *at, const struct memory_sources *from, uint64_t device);
void held_walk_begin(struct held_walk *at, int proc, const char *pid);
void held_walk_end(struct held *h, struct held_walk *at);

/* Segments and /dev/shm, all at once. */
void held_add_others(struct held *h, const struct memory_sources *from);

#endif
