/* SPDX-License-Identifier: Apache-2.0 */
/* order.h: what the process that reads the list and a worker send each other, over a pair of stream sockets: a job, with the descriptors of
 * its files, and then its result. A worker has one job at a time and reads when it has none: who sends it one need not wait for long. */
#ifndef LRUN_ORDER_H
#define LRUN_ORDER_H

#include "base/err.h"
#include "launcher/batch/job.h"

struct order { /* then n bytes: the line */
    uint64_t line, n;
    unsigned char key[SHA256_BYTES];
    uint32_t files;                    /* descriptors that come with it */
    struct placed into[JOB_FILES_MAX]; /* of each: size, mode and change, as they were when it was hashed */
};

/* OVER comes before the others: the command has ended, its sandbox has not. */
enum outcome { OUTCOME_OVER, OUTCOME_GOOD, OUTCOME_BAD, OUTCOME_LRUN_FAILED };
struct answer { /* then n bytes: the result's line; of OVER none */
    uint64_t n;
    enum outcome outcome;
};

/* o->files and o->into are filled here, from the job's. -1 with errno: the worker is gone. */
int order_send(int to, struct order *o, const char *line, const struct job *j);

/* Waits. The descriptors are in o->into, and the caller's. 1; 0: nobody sends any more; -1 with errno. */
int order_receive(int from, struct order *o, struct text *line);

#endif
