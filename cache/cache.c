/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c: from archives to entries: what a launch asks of the cache. One entry's life (lock, trust, rename) is cache_entry.c, the
 * memo that spares a warm launch the hashing cache_memo.c, the worker process unpacker.c, the user's view (list, prune, verify)
 * cache_admin.c.
 *   memo knows the digest, entry is there     hit: no process is started
 *   otherwise                                 a worker hashes, and asks; lrun answers "unpack" or "it is there already"
 *   unpacked                                  rename; whoever lost the race uses the winner's entry
 *   another lrun is at it                     wait for it (cache_turn.h), once all others of this launch are there; then as from the start
 * All archives of a launch go through each stage together, so their workers run side by side; the stages wait for them in turn. An
 * archive that somebody may still write to (cache_may_change) is used but not remembered. */
#include "cache/cache.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/helper.h"
#include "base/num.h"
#include "base/own.h"
#include "base/place.h"
#include "cache/cache_base.h"
#include "cache/cache_entry.h"
#include "cache/cache_turn.h"
#include "cache/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const char *const PARTS[] = {"tree", "memo", "tmp", "policy", "project"};

/* A user who can write to the cache chooses the code that runs. */
static int check_owner(const char *path, int dir, dev_t *ret, struct err *err)
{
    struct stat st;
    if (fstat(dir, &st) < 0)
        return fail(err, errno, path, "look at the cache directory");
    *ret = st.st_dev;
    if (st.st_uid == geteuid() && !(st.st_mode & 022))
        return 0;
    fail(err, 0, path, "use the cache directory: %s", st.st_uid == geteuid() ? "others may write to it" : "it belongs to another user");
    return fail_hint(err, "give --cache-dir a directory that only uid %u may write to", (unsigned)geteuid());
}

int cache_open(const char *path, int place, int program, struct cache *ret, struct err *err)
{
    struct cache c = {.dir = -1, .terminal = -1};
    OWN_FD int dir = place, unpacker = program;
    if (fs_read_small(AT_FDCWD, "/proc/sys/kernel/random/boot_id", c.boot, sizeof c.boot) < 1)
        return fail(err, errno, "/proc/sys/kernel/random/boot_id", "read the kernel's boot id");
    c.boot[strcspn(c.boot, "\n")] = 0;
    if (dir < 0 && (dir = place_dir(path, 0700, geteuid(), getegid(), NULL, err)) < 0)
        return fail_hint(err, "name another directory with --cache-dir");
    if (check_owner(path, dir, &c.dev, err) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(PARTS); i++)
        if (faccessat(dir, PARTS[i], F_OK, 0) < 0 && mkdirat(dir, PARTS[i], 0700) < 0 && errno != EEXIST)
            return fail(err, errno, path, "make a part of the cache directory");
    c.dir = take_fd(&dir);
    c.program = take_fd(&unpacker);
    c.path = xstrdup(path);
    entry_sweep(&c);
    *ret = c;
    return 0;
}

void cache_done(struct cache *c)
{
    own_close(&c->dir);
    own_close(&c->program);
    base_done(c->base);
    free(c->path);
    *c = (struct cache){.dir = -1, .program = -1, .terminal = -1};
}

int cache_begin_work(struct cache *c, char *name, size_t size, int *ret_dir, struct err *err)
{
    return entry_begin(c, name, size, ret_dir, err);
}

void cache_entry_done(struct cache_entry *e)
{
    own_close(&e->lock);
    free(e->tree_path);
    *e = (struct cache_entry){.lock = -1};
}

struct work { /* all archives that one launch needs */
    struct cache *cache;
    struct job *jobs;
    size_t n;
    struct progress progress;
};

struct job { /* one archive on its way into the cache */
    struct work *work;
    const struct archive *archive;
    struct cache_entry *ret;
    struct file_state state; /* before it is read */
    bool may_change;
    struct unpacker worker;
    int dir; /* its place in tmp/ */
    char name[64];
    char digest[DIGEST_HEX + 1];    /* "": not known yet */
    struct turn of_file, of_digest; /* several lruns begin with one file; copies of it turn out to be the same when they are hashed */
    bool done;
    bool waits; /* another lrun has the turn */
    bool late;  /* it has waited: most likely the entry is there */
    bool alone; /* it has waited long enough */
};

/* The size of a tarball is known at its end only, and so then is that of all. */
static void show(void *to)
{
    struct work *w = to;
    uint64_t total = 0, done = 0;
    bool known = true;
    for (size_t i = 0; i < w->n; i++) {
        const struct unpack_progress *p = w->jobs[i].worker.progress;
        uint64_t own = p ? atomic_load_explicit(&p->total, memory_order_relaxed) : 0;
        total += own;
        known = known && (own || w->jobs[i].done);
        done += p ? atomic_load_explicit(&p->done, memory_order_relaxed) : 0;
    }
    progress_show(&w->progress, known ? total : 0, done);
    for (size_t i = 0; i < w->n; i++) {
        turn_tell(&w->jobs[i].of_file, total, done, w->jobs[i].worker.pid);
        turn_tell(&w->jobs[i].of_digest, total, done, w->jobs[i].worker.pid);
    }
}

static void turn_of(const struct job *job, char what[TURN_NAME_MAX])
{
    const struct file_state *s = &job->state;
    if (job->digest[0])
        snprintf(what, TURN_NAME_MAX, "%s-%d", job->digest, job->archive->use);
    else
        snprintf(what, TURN_NAME_MAX, "%jx-%jx-%jx-%jx.%lx-%d", (uintmax_t)s->dev, (uintmax_t)s->ino, (uintmax_t)s->size,
                 (uintmax_t)s->mtime.tv_sec, s->mtime.tv_nsec, job->archive->use);
}

/* 1: the entry is there; 0; -1. */
static int look(struct job *job, struct err *err)
{
    struct cache *c = job->work->cache;
    char digest[DIGEST_HEX + 1];
    bool known = job->digest[0];
    if (known)
        memcpy(digest, job->digest, sizeof digest);
    else if (!cache_recall(c, "digest", &job->state, digest, sizeof digest) || strspn(digest, "0123456789abcdef") != DIGEST_HEX)
        return 0;
    int found = entry_open(c, digest, job->archive->use, job->ret, err);
    job->done = found == 1;
    job->ret->hit = found == 1 && !known;
    return found;
}

/* Ends the worker, and removes what it has made. */
static void stop_worker(struct job *job)
{
    struct err ignored;
    unpacker_done(&job->worker);
    if (job->name[0])
        fs_remove_tree(job->work->cache->dir, job->name, &ignored);
    job->name[0] = 0;
    own_close(&job->dir);
}

static void end_turns(struct job *job)
{
    turn_done(job->work->cache, &job->of_file);
    turn_done(job->work->cache, &job->of_digest);
}

static int start_worker(struct cache *c, struct job *job, struct err *err)
{
    const struct archive *a = job->archive;
    job->may_change = cache_may_change(a->fd);
    if (c->program < 0 && helper_open(UNPACKER, &c->program, err) < 0)
        return -1;
    if (entry_begin(c, job->name, sizeof job->name, &job->dir, err) < 0)
        return -1;
    const char *const words[] = {a->use == USE_TARBALL ? "untar" : job->late ? "unpack-hashed" : "unpack", entry_place(a->use), NULL};
    return unpacker_start(c->program, words, a->fd, job->dir, &job->worker, err);
}

static int start_job(struct cache *c, struct job *job, struct err *err)
{
    char what[TURN_NAME_MAX];
    if (cache_look(job->archive->fd, &job->state) < 0)
        return fail(err, errno, job->archive->name, "look at the archive");
    int found = look(job, err);
    if (found)
        return found < 0 ? -1 : 0;
    turn_of(job, what);
    job->waits = !turn_take(c, what, &job->of_file);
    if (job->waits)
        return 0;
    found = look(job, err); /* another may have finished just before */
    return found ? (found < 0 ? -1 : 0) : start_worker(c, job, err);
}

/* Whether its content is there by now, or another lrun is making it. */
static int look_for_content(struct cache *c, struct job *job, struct err *err)
{
    char what[TURN_NAME_MAX];
    int found = look(job, err);
    if (found || job->alone || job->of_digest.lock >= 0)
        return found;
    turn_of(job, what);
    job->waits = !turn_take(c, what, &job->of_digest);
    return job->waits ? 0 : look(job, err);
}

/* The archive is hashed: unpack it only if its content is not there yet. */
static int job_hashed(struct cache *c, struct job *job, struct err *err)
{
    struct unpack_digest d;
    if (unpacker_read(&job->worker, &d, sizeof d, show, job->work, err) < 0)
        return -1;
    if (!d.ok) {
        *err = d.err;
        return -1;
    }
    memcpy(job->digest, d.hex, sizeof job->digest);
    if (look_for_content(c, job, err) < 0)
        return -1;
    memcpy(job->ret->digest, d.hex, sizeof d.hex);
    unpacker_answer(&job->worker, !job->done && !job->waits);
    if (job->waits)
        stop_worker(job);
    return 0;
}

static int job_unpacked(struct cache *c, struct job *job, struct err *err)
{
    struct unpack_result r;
    if (unpacker_read(&job->worker, &r, sizeof r, show, job->work, err) < 0)
        return -1;
    if (!r.ok) {
        *err = r.err;
        return -1;
    }
    return entry_publish_and_open(c, job->name, job->dir, job->digest, job->archive, &r, job->ret, err);
}

static void job_over(struct cache *c, struct job *job)
{
    if (!job->ret->hit && !job->may_change && !job->waits)
        cache_remember(c, "digest", job->archive->fd, &job->state, job->ret->digest);
    end_turns(job);
}

struct looking {
    struct job *job;
    struct err *err;
};

static int look_again(void *of)
{
    const struct looking *l = of;
    return look(l->job, l->err);
}

/* Another lrun is at it, and no turn of this launch's is held. */
static int run_late(struct cache *c, struct job *job, struct err *err)
{
    const double until = clock_ms() + TURN_WAIT_MS;
    struct looking looking = {job, err};
    char what[TURN_NAME_MAX];
    job->late = true;
    while (job->waits) {
        const bool hashed = job->digest[0];
        turn_of(job, what);
        int found =
            turn_or_entry(c, what, hashed, until, look_again, &looking, &job->work->progress, hashed ? &job->of_digest : &job->of_file);
        job->waits = false;
        job->alone = clock_ms() >= until || job->of_file.overtook; /* who was overtaken may have the other turn */
        if (found < 0 || (!found && (start_worker(c, job, err) < 0 || job_hashed(c, job, err) < 0)))
            return -1;
        if (job->waits)
            end_turns(job);
    }
    if (!job->done && job_unpacked(c, job, err) < 0)
        return -1;
    job_over(c, job);
    return 0;
}

static int run_jobs(struct cache *c, struct job *jobs, size_t n, struct err *err)
{
    typedef int (*stage)(struct cache *, struct job *, struct err *);
    static const stage STAGES[] = {job_hashed, job_unpacked}; /* each waits for all workers in turn; they run side by side */
    for (size_t i = 0; i < n; i++)
        if (start_job(c, &jobs[i], err) < 0)
            return entry_name_archive(jobs[i].archive->name, err);
    for (size_t s = 0; s < COUNT(STAGES); s++)
        for (size_t i = 0; i < n; i++)
            if (!jobs[i].done && !jobs[i].waits && STAGES[s](c, &jobs[i], err) < 0)
                return entry_name_archive(jobs[i].archive->name, err);
    for (size_t i = 0; i < n; i++)
        job_over(c, &jobs[i]);
    for (size_t i = 0; i < n; i++)
        if (jobs[i].waits && run_late(c, &jobs[i], err) < 0)
            return entry_name_archive(jobs[i].archive->name, err);
    return 0;
}

int cache_find(struct cache *c, const char *digest, enum archive_use use, struct cache_entry *ret, struct err *err)
{
    int found = strlen(digest) == DIGEST_HEX ? entry_open(c, digest, use, ret, err) : 0;
    if (found == 1)
        snprintf(ret->digest, sizeof ret->digest, "%s", digest);
    return found;
}

int cache_get(struct cache *c, const struct archive *archives, size_t n, struct cache_entry *ret, struct err *err)
{
    OWN_PTR struct job *jobs = xcalloc(n, sizeof *jobs);
    struct work work = {
        .cache = c,
        .jobs = jobs,
        .n = n,
        .progress = progress_begin(c->terminal),
    };
    for (size_t i = 0; i < n; i++) {
        ret[i] = (struct cache_entry){.lock = -1};
        jobs[i] = (struct job){
            .work = &work,
            .archive = &archives[i],
            .ret = &ret[i],
            .worker = {.socket = -1},
            .dir = -1,
            .of_file = TURN_NONE,
            .of_digest = TURN_NONE,
        };
    }
    int status = run_jobs(c, jobs, n, err);
    progress_end(&work.progress);
    for (size_t i = 0; i < n; i++) {
        stop_worker(&jobs[i]);
        end_turns(&jobs[i]);
        if (status < 0)
            cache_entry_done(&ret[i]);
    }
    return status;
}
