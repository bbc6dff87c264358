/* SPDX-License-Identifier: Apache-2.0 */
/* cache_turn.c: turns, as files in tmp/ that are locked with flock(2): a holder that is killed loses its lock with its last descriptor,
 * and the sweeper of tmp/ removes the file, as it removes all there that nobody has locked. A holder that is stopped keeps its lock; so
 * who waits also looks whether the file's one line changes. If it does not for TURN_STALL_MS, all who wait go to the next file of that
 * name: one of them has it, and the others wait for that one. Only who holds a file's lock removes it, so a file that was locked and is
 * the one that has the name stays. */
#include "cache/cache_turn.h"

#include "base/clock.h"
#include "base/own.h"
#include "cache/cache_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

enum { LINE = 64, PLACES = 16 };

/* 1: ours, 0: another's, -1: locks do not work here. *ret_over: it was removed, so that its holder has finished. */
static int lock_file(struct cache *c, const char *name, int fd, bool *ret_over)
{
    struct stat held, named;
    *ret_over = false;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 0 : -1;
    if (fstat(fd, &held) < 0)
        return -1;
    *ret_over = held.st_nlink == 0 || fstatat(c->dir, name, &named, AT_SYMLINK_NOFOLLOW) < 0 || named.st_ino != held.st_ino;
    return 1;
}

static int open_file(struct cache *c, const char *what, unsigned place, char name[TURN_NAME_MAX])
{
    snprintf(name, TURN_NAME_MAX, "tmp/" ENTRY_TURN "%s.%u", what, place);
    return openat(c->dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

bool turn_take(struct cache *c, const char *what, struct turn *ret)
{
    *ret = TURN_NONE;
    for (bool over = true; over;) {
        OWN_FD int fd = open_file(c, what, 0, ret->name);
        int ours = fd < 0 ? -1 : lock_file(c, ret->name, fd, &over);
        if (ours <= 0)
            return ours < 0;
        if (!over)
            ret->lock = take_fd(&fd);
    }
    return true;
}

void turn_tell(const struct turn *t, uint64_t total, uint64_t done, pid_t worker)
{
    char line[LINE + 1];
    clockid_t clock;
    struct timespec used = {0};
    if (t->lock < 0)
        return;
    if (worker > 0 && clock_getcpuclockid(worker, &clock) == 0)
        clock_gettime(clock, &used);
    snprintf(line, sizeof line, "%20ju %20ju %20jd\n", (uintmax_t)total, (uintmax_t)done,
             (intmax_t)used.tv_sec * 1000 + used.tv_nsec / 1000000);
    if (pwrite(t->lock, line, LINE - 1, 0) < 0)
        return; /* the others will think that it hangs */
}

/* What one sees of the lrun that has the turn. */
struct holder {
    char line[LINE + 1];
    double changed_ms;
};

static bool is_stalled(struct holder *h, int fd, double now, struct progress *p)
{
    char line[LINE + 1] = "";
    uintmax_t total = 0, done = 0;
    if (pread(fd, line, LINE, 0) > 0 && strcmp(line, h->line) != 0) {
        memcpy(h->line, line, sizeof line);
        h->changed_ms = now;
    }
    if (p && sscanf(line, "%ju %ju", &total, &done) == 2)
        progress_show(p, total, done);
    return now - h->changed_ms >= TURN_STALL_MS;
}

enum turn_end {
    TURN_OURS,  /* its holder has ended without having finished, or nobody had it */
    TURN_OVER,  /* its holder has finished, well or not */
    TURN_ALONE, /* there is no more to wait for */
};

/* Its turn in one place; -1: the next place. */
static int wait_at(struct cache *c, int fd, double until, struct progress *p, struct turn *ret)
{
    enum { OFTEN_MS = 2, SELDOM_MS = 40 };
    const double begun = clock_ms();
    struct holder holder = {.changed_ms = begun};
    bool over;
    for (double now = begun;; now = clock_ms()) {
        int ours = lock_file(c, ret->name, fd, &over);
        if (ours == 1)
            return over ? TURN_OVER : TURN_OURS;
        if (ours < 0 || now >= until)
            return TURN_ALONE;
        if (is_stalled(&holder, fd, now, p))
            return -1;
        double ms = OFTEN_MS + (now - begun) / 20;
        struct timespec rest = {.tv_nsec = (long)(ms < SELDOM_MS ? ms : SELDOM_MS) * 1000000};
        nanosleep(&rest, NULL);
    }
}

static enum turn_end wait_for(struct cache *c, const char *what, double until, struct progress *p, struct turn *ret)
{
    *ret = TURN_NONE;
    for (unsigned place = 0; place < PLACES; place++) {
        OWN_FD int fd = open_file(c, what, place, ret->name);
        int end = fd < 0 ? TURN_ALONE : wait_at(c, fd, until, p, ret);
        if (end == TURN_OURS) {
            ret->lock = take_fd(&fd);
            ret->overtook = place > 0;
        }
        if (end >= 0)
            return (enum turn_end)end;
    }
    return TURN_ALONE;
}

int turn_or_entry(struct cache *c, const char *what, bool again, double until, int (*look)(void *of), void *of, struct progress *p,
                  struct turn *ret)
{
    static const char WAITING[] = "waiting for another lrun, which is unpacking";
    for (;;) {
        enum turn_end end = TURN_OURS;
        if (!turn_take(c, what, ret)) {
            const char *doing = p ? p->doing : NULL;
            if (p)
                p->doing = WAITING;
            end = wait_for(c, what, until, p, ret);
            if (p)
                p->doing = doing;
        }
        int found = look(of);
        if (found != 0 || end != TURN_OVER || !again)
            return found;
    }
}

void turn_done(struct cache *c, struct turn *t)
{
    if (t->lock >= 0)
        unlinkat(c->dir, t->name, 0);
    own_close(&t->lock);
}
