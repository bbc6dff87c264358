/* SPDX-License-Identifier: Apache-2.0 */
/* batch_parts.h: what the files of a batch share: its crew of workers, and what each has in hand. For batch.c and crew.c only. */
#ifndef LRUN_BATCH_PARTS_H
#define LRUN_BATCH_PARTS_H

#include "launcher/batch/batch.h"
#include "launcher/batch/order.h"

struct hand { /* a worker, as the batch sees it */
    pid_t pid;
    int socket;         /* -1: not started, or gone */
    bool busy, over;    /* over: its command has ended, and its result has not come */
    struct text answer; /* of its result, as far as it is here: struct answer, then the line */
    uint64_t line;      /* of its job */
    unsigned char key[SHA256_BYTES];
    char *id; /* NULL: none */
};

struct batch {
    const struct batch_spec *spec;
    struct lines *lines;
    struct journal *journal;
    struct batch_counts *counts;
    struct hand *hands; /* more than commands at a time: of some the sandbox is just ending */
    size_t hand_count;
    int signals;
    unsigned busy, running; /* hands; commands */
    bool list_over;
    double shown_ms; /* when progress was drawn */
};

/* Starts its worker, if it has none. -1 with err. */
int crew_start(struct batch *b, struct hand *h, struct err *err);

/* Sends the job to it. A worker that is gone has a result all the same. -1 with err. */
int crew_give(struct batch *b, struct hand *h, struct order *o, const char *line, struct job *j, struct err *err);

/* Its socket is readable: writes the result if it is whole. -1 with err. */
int crew_hear(struct batch *b, struct hand *h, struct err *err);

/* kill: jobs that are running end without a result. Waits for all workers. */
void crew_done(struct batch *b, bool kill_all);

#endif
