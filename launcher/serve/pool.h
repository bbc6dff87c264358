/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h: one function under serve: its environments, and the jobs that wait for one.
 *
 * A job goes to the warm environment that was used last; if all are busy, to a new one while there may be more; else it
 * waits in line. A job with a keeper (its tenant, or whom its client names) goes to one of its keeper's, else to one that has served nobody
 * yet; where others have them all, the one that was idle for longest is ended for it. Jobs of clients and of the event queue have a line
 * each, served in turn. */
#ifndef LRUN_POOL_H
#define LRUN_POOL_H

#include "lambda/http_room.h"
#include "launcher/environment/environment.h"
#include "launcher/serve/metrics.h"

struct pool;
struct job;

/* A pool calls these for a job. on_done or on_lost is called once for each job, last; the job no longer exists afterwards. */
struct job_owner {
    void (*on_answer)(struct job *j, const struct outcome *outcome);
    void (*on_done)(struct job *j, const struct call_figures *figures, const char *tail, size_t tail_size);
    void (*on_lost)(struct job *j, const struct err *err); /* lrun could not: no START was written */
    void (*on_stream)(struct job *j, const char *content_type, struct http_request *from);
    void (*on_piece)(struct job *j, const char *bytes, size_t n);
};

struct job {
    struct call call; /* its invocation is filled by the owner, which keeps what it borrows */
    const struct job_owner *owner;
    void *to;
    const char *keeper;        /* whose environment it takes, which then serves nobody else; NULL: one that is nobody's. Borrowed */
    bool of_event;             /* of the event queue */
    struct http_charge charge; /* for its payload while it waits; the pool's to end */
    struct job *next;
    struct slot *slot; /* whose environment has it */
};

/* A quota that functions share: half goes to whichever function asks first; the other half is divided, so that a stuck function leaves
 * each of the others its part. A single function has all. */
struct quota {
    size_t used, common, part;
};
struct quota quota_of(size_t all, size_t functions);
bool quota_has(const struct quota *s, size_t own, size_t more); /* own: the part of used that the asking function holds */

struct line_room {
    struct quota bytes, jobs; /* the payloads of clients' jobs that wait in line, and their number: each has a connection */
};

struct pool_config {
    struct event_base *base;
    struct launch *launch; /* taken over: from the heap, freed when nothing uses it any more */
    bool make_late;        /* it is open and not made: that waits for the first job, since many functions are never called */
    const char *name;      /* borrowed */
    unsigned concurrency, queue_max;
    bool per_tenant;             /* jobs' keepers are their tenants, if they have no other */
    struct line_room *room;      /* of the clients' lines of all pools, borrowed */
    uint64_t idle_ms;            /* an environment without work for so long is shut down; 0: never */
    struct cgroup *cgroups;      /* one an environment, borrowed; NULL: none */
    int debugger;                /* --debug-port: a listener for the one environment, borrowed; -1: none */
    void (*on_change)(void *to); /* an init has ended, or the last environment has closed */
    void *to;
};

struct pool *pool_new(const struct pool_config *config);

/* Starts one environment before any job needs it, unless it is made late. */
void pool_start(struct pool *p);

/* Returns false if the line is full. */
bool pool_submit(struct pool *p, struct job *j);

/* From now on environments are made from this launch; those there are end once they are idle. */
void pool_reload(struct pool *p, struct launch *launch);

/* Ends all environments by Lambda's shutdown phase once they are idle. */
void pool_stop(struct pool *p);

bool pool_started(const struct pool *p); /* its first init has ended, well or not */
bool pool_closed(const struct pool *p);  /* after pool_stop(): no environment is left */
bool pool_idle(const struct pool *p);    /* no job waits or runs */
const struct launch *pool_launch(const struct pool *p);
struct function_metrics *pool_metrics(struct pool *p); /* gauges are brought up to date */
const char *pool_name(const struct pool *p);

void pool_done(struct pool *p); /* at once */

#endif
