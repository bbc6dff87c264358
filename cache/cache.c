/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c: from archives to entries: what a launch asks of the cache. One entry's life (lock, trust, rename) is cache_entry.c, the
 * memo that spares a warm launch the hashing cache_memo.c, the worker process unpacker.c, the user's view (list, prune, verify)
 * cache_admin.c.
 *   memo knows the digest, entry is there     hit: no process is started
 *   otherwise                                 a worker hashes, and asks; lrun answers "unpack" or "it is there already"
 *   unpacked                                  rename; whoever lost the race uses the winner's entry
 * All archives of a launch go through each stage together, so their workers run side by side; the stages wait for them in turn. An
 * archive that somebody may still write to (cache_may_change) is used but not remembered. */
#include "cache/cache.h"

#include "base/fs.h"
#include "base/helper.h"
#include "base/num.h"
#include "base/own.h"
#include "base/place.h"
#include "cache/cache_entry.h"
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
    struct file_state state; /* before it is read */
    bool may_change;
    struct unpacker worker;
    int dir; /* its place in tmp/ */
    char name[64];
    bool done;
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
}

static int start_job(struct cache *c, const struct archive *a, struct job *job, struct cache_entry *ret, struct err *err)
{
    char digest[DIGEST_HEX + 1];
    job->archive = a;
    if (cache_look(a->fd, &job->state) < 0)
        return fail(err, errno, a->name, "look at the archive");
    if (cache_recall(c, "digest", &job->state, digest, sizeof digest) && strspn(digest, "0123456789abcdef") == DIGEST_HEX) {
        int found = entry_open(c, digest, a->use, ret, err);
        if (found < 0)
            return -1;
        ret->hit = job->done = found == 1;
        if (found == 1)
            return 0;
    }
    job->may_change = cache_may_change(a->fd);
    if (c->program < 0 && helper_open(UNPACKER, &c->program, err) < 0)
        return -1;
    if (entry_begin(c, job->name, sizeof job->name, &job->dir, err) < 0)
        return -1;
    const char *const words[] = {a->use == USE_TARBALL ? "untar" : "unpack", entry_place(a->use), NULL};
    return unpacker_start(c->program, words, a->fd, job->dir, &job->worker, err);
}

/* The archive is hashed: unpack it only if its content is not there yet. */
static int job_hashed(struct cache *c, struct job *job, struct cache_entry *ret, struct err *err)
{
    struct unpack_digest d;
    if (unpacker_read(&job->worker, &d, sizeof d, show, job->work, err) < 0)
        return -1;
    if (!d.ok) {
        *err = d.err;
        return -1;
    }
    int found = entry_open(c, d.hex, job->archive->use, ret, err);
    if (found < 0)
        return -1;
    job->done = found == 1;
    memcpy(ret->digest, d.hex, sizeof ret->digest);
    unpacker_answer(&job->worker, !job->done);
    return 0;
}

static int job_unpacked(struct cache *c, struct job *job, struct cache_entry *ret, struct err *err)
{
    struct unpack_result r;
    if (unpacker_read(&job->worker, &r, sizeof r, show, job->work, err) < 0)
        return -1;
    if (!r.ok) {
        *err = r.err;
        return -1;
    }
    return entry_publish_and_open(c, job->name, job->dir, ret->digest, job->archive, &r, ret, err);
}

static int run_jobs(struct cache *c, const struct archive *archives, size_t n, struct job *jobs, struct cache_entry *ret, struct err *err)
{
    typedef int (*stage)(struct cache *, struct job *, struct cache_entry *, struct err *);
    static const stage STAGES[] = {job_hashed, job_unpacked}; /* each waits for all workers in turn; they run side by side */
    for (size_t i = 0; i < n; i++)
        if (start_job(c, &archives[i], &jobs[i], &ret[i], err) < 0)
            return entry_name_archive(archives[i].name, err);
    for (size_t s = 0; s < COUNT(STAGES); s++)
        for (size_t i = 0; i < n; i++)
            if (!jobs[i].done && STAGES[s](c, &jobs[i], &ret[i], err) < 0)
                return entry_name_archive(archives[i].name, err);
    for (size_t i = 0; i < n; i++)
        if (!ret[i].hit && !jobs[i].may_change)
            cache_remember(c, "digest", archives[i].fd, &jobs[i].state, ret[i].digest);
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
    struct err ignored;
    struct work work = {
        .cache = c,
        .jobs = jobs,
        .n = n,
        .progress = progress_begin(c->terminal),
    };
    for (size_t i = 0; i < n; i++) {
        jobs[i] = (struct job){.work = &work, .worker = {.socket = -1}, .dir = -1};
        ret[i] = (struct cache_entry){.lock = -1};
    }
    int status = run_jobs(c, archives, n, jobs, ret, err);
    progress_end(&work.progress);
    for (size_t i = 0; i < n; i++) {
        unpacker_done(&jobs[i].worker);
        if (jobs[i].name[0])
            fs_remove_tree(c->dir, jobs[i].name, &ignored);
        own_close(&jobs[i].dir);
        if (status < 0)
            cache_entry_done(&ret[i]);
    }
    return status;
}
