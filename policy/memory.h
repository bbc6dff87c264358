/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h: how much memory a sandbox uses, read from its own /proc. THE TWO RULES.
 *
 * 1. What counts against the limit is what cannot be reclaimed, for watching and for cgroups alike:
 *
 *   counts           anonymous memory (private, shared, and what is written of files mapped privately), huge pages, swap of these;
 *                    memfds, SysV segments and files of /dev/shm, mapped or not
 *   does not count   page cache; files of /tmp and of --scratch, mapped or not, which lie on a disk on Lambda
 *   is not seen      memfds that nothing holds but a message in a socket; sockets' and pipes' buffers and other memory of the
 *                    kernel's. A cgroup's memory.max bounds these as well
 *
 * 2. What is reported as used (REPORT's Max Memory Used, the report's peakBytes) is what a person sizes memory by: the above, and what is
 *    mapped of files, code above all, as on Lambda, where the sandbox has no other page cache to live on. Of one process it is the
 *    kernel's own high-water mark. Processes of one program share its code: the one that maps most counts; that of each other program
 *    is added (our choice: libraries that two programs share count for both; by how much code they have they are told apart). The figure
 *    never exceeds the memory size.
 *
 * A look takes at most half a millisecond and goes on where the last one stopped, and lrun spends a twentieth of a processor
 * on it: few processes are looked at every ten milliseconds, a thousand in a fraction of a second. The first looks, until one has
 * established something, may take 20 ms. lrun itself does the first pass; the others may wait for the program that is looked at, and
 * are a child's (memory_apart.h), or its own where none can be made. A look near the limit waits 5 ms at most for the child; a later answer
 * is taken by a later look:
 *
 *   count   status of each process: a bound from above for what it maps; pages of several processes count for each
 *   held    memfds by descriptor, segments, /dev/shm: when some time has passed, or the host's shared memory has grown
 *   exact   proportional shares (smaps_rollup, about 12 us for each MB), when the bounds come near the limit
 *   mapped  mapping by mapping (smaps), when it depends on which shared pages are held too, or belong to /tmp */
#ifndef LRUN_MEMORY_H
#define LRUN_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct memory {
    uint64_t used;      /* bytes in use now */
    uint64_t peak;      /* bytes, by rule 2, the most that can be established: high-water marks of the processes alive included */
    bool over;          /* use is certainly over the limit */
    pid_t biggest;      /* pid, in the sandbox's numbering, of the process that uses most; 0 if there is none */
    unsigned processes; /* without init */
    unsigned threads;   /* threads of all processes, each counted when it was looked at */
};

struct memory_sources { /* descriptors, borrowed as long as the watch lives */
    int proc;           /* the sandbox's /proc */
    int shm;            /* its /dev/shm, or -1 */
    int segments;       /* its /proc/sysvipc/shm, opened in its IPC namespace, or -1 */
    pid_t init;         /* its process 1, in our own numbering */
};

struct memory_watch;

/* limit: bytes; 0: none, for the peak alone. */
struct memory_watch *memory_watch_new(const struct memory_sources *from, uint64_t limit);
void memory_watch_free(struct memory_watch *w);

/* Looks on. ret: what was established by now; all 0 if nothing was. */
void memory_look(struct memory_watch *w, struct memory *ret);

/* In how many ms to look again, so that looking stays within its share: at least least_ms after the last time; less and less often, up to
 * quiet_ms, while it does not grow; where there are more than 16 watches, up to a sixteenth of it for each. */
double memory_pause_ms(const struct memory_watch *w, double least_ms, double quiet_ms);

/* The peak, in bytes, of the process that was the biggest when all was last looked at. Only its status is read (some 20 us): for a
 * moment at which memory_pause_ms() still asks to wait. 0: none is known, or least_ms have not passed since the last look or glance. */
uint64_t memory_glance(struct memory_watch *w, double least_ms);

#endif
