/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h: many jobs from one list, some at a time. Memory does not grow with the list: a line is read when a worker is free, and a result
 * is written when it comes. */
#ifndef LRUN_BATCH_H
#define LRUN_BATCH_H

#include "base/err.h"
#include "launcher/batch/journal.h"
#include "launcher/batch/lines.h"
#include "launcher/batch/worker.h"

struct batch_spec {
    struct worker_spec worker;
    struct cgroup *cgroups; /* one for each of batch_workers(), or NULL */
    unsigned at_a_time;
    uint64_t shard, shards; /* of every shards lines the one that is the shard-th, from 1 */
    int files_root;         /* -1: lines name no files */
    struct sha256 base;     /* of what else decides a job's result: a key continues it */
    bool progress;          /* a line on standard error, drawn again and again */
};

/* How many workers there may be, so that so many commands run at a time. */
unsigned batch_workers(unsigned at_a_time);

struct batch_counts {
    uint64_t jobs, before; /* before: done by an earlier batch */
    uint64_t good, bad, refused, lrun_failed;
};

/* Runs all that has no result yet. Returns 0; the number of the signal that ended it; or -1 with err: it could not go on. What was running
 * then has no result. ret: as far as it came. */
int batch_run(const struct batch_spec *spec, struct lines *lines, struct journal *journal, struct batch_counts *ret, struct err *err);

#endif
