/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c: one cgroup v2 for a sandbox: finding where one may be made, its limits, freezing, and reading what the kernel counted.
 * Where there is no cgroup, memory.h's watch and SIGSTOP do in its place; nothing here fails a launch that did not name one with
 * --cgroup.
 *   parent  the cgroup around lrun's own: one that holds processes can have no controllers for children ("no internal processes")
 *   as root the descriptor of cgroup.procs is opened before the uid is given up: moving asks for the opener's rights
 * Source of the files' names and rules: the kernel's Documentation/admin-guide/cgroup-v2.rst. */
#include "policy/cgroup.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"
#include "base/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

enum { PIDS = 1024 + 1 };              /* Lambda's quota, and init */
#define INIT_BYTES (UINT64_C(2) << 20) /* of ours, charged to it */

static int write_at(int dir, const char *name, const char *text)
{
    OWN_FD int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -1 : fs_write_all(fd, text, strlen(text));
}

/* The unified hierarchy, or the hybrid one, where v1 has the controllers. */
static int open_mount(void)
{
    static const char *const PLACES[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    for (size_t i = 0; i < COUNT(PLACES); i++) {
        OWN_FD int fd = open(PLACES[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && faccessat(fd, "cgroup.procs", F_OK, 0) == 0 && faccessat(fd, "cgroup.controllers", F_OK, 0) == 0)
            return take_fd(&fd);
    }
    return -1;
}

/* Returns the parent of our own cgroup: a cgroup that contains processes cannot enable controllers for children. */
static int open_around_own(void)
{
    char text[4096];
    OWN_FD int mount = open_mount();
    if (mount < 0 || fs_read_small(AT_FDCWD, "/proc/self/cgroup", text, sizeof text) < 0)
        return -1;
    char *own = strstr(text, "0::/");
    if (!own || (own != text && own[-1] != '\n'))
        return -1;
    own += 4;
    own[strcspn(own, "\n")] = 0;
    if (!own[0]) /* we are in the root cgroup, which nobody has delegated to us */
        return -1;
    char *slash = strrchr(own, '/');
    if (slash)
        *slash = 0;
    return openat(mount, slash ? own : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Removes cgroups of killed lruns: empty, and named lrun-PID, lrun-PID-2, ... after a process that is gone. */
static void sweep(int parent)
{
    OWN_DIR DIR *d = fs_open_dir(parent, ".");
    for (struct dirent *e; d && (e = readdir(d));) {
        uint64_t pid;
        OWN_PTR char *number = strncmp(e->d_name, "lrun-", 5) == 0 ? strndup(e->d_name + 5, strcspn(e->d_name + 5, "-")) : NULL;
        if (number && num_plain(number, 10, &pid) == 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
            unlinkat(parent, e->d_name, AT_REMOVEDIR);
    }
}

/* A page of /tmp is charged like one of the heap, and the kernel kills before anyone could look which it was: so there is room for
 * all of /tmp, and what is watched (memory.h) keeps the limit within it. On Lambda a whole CPU comes with 1769 MB. */
static void set_limits(struct cgroup *c, uint64_t memory_mb, uint64_t files_mb)
{
    enum { PERIOD_US = 100000, WHOLE_MB = 1769 };
    char text[64];
    snprintf(text, sizeof text, "%d", PIDS);
    c->pids = write_at(c->dir, "pids.max", text) == 0;
    if (!memory_mb)
        return;
    snprintf(text, sizeof text, "%ju", (uintmax_t)(((memory_mb + files_mb) << 20) + INIT_BYTES));
    c->memory = write_at(c->dir, "memory.max", text) == 0;
    write_at(c->dir, "memory.swap.max", "0");
    snprintf(text, sizeof text, "%ju %d", (uintmax_t)(memory_mb * PERIOD_US / WHOLE_MB), PERIOD_US);
    c->cpu = write_at(c->dir, "cpu.max", text) == 0;
}

int cgroup_make(const char *path, uint64_t memory_mb, uint64_t files_mb, uid_t becomes, struct cgroup *ret, struct err *err)
{
    static const char *const WANTED[] = {"+memory", "+pids", "+cpu"};
    struct statfs fs;
    struct cgroup c = {
        .parent = -1,
        .dir = -1,
        .procs = -1,
        .freeze = -1,
        .events = -1,
    };
    *ret = c;
    c.parent = path ? place_open(path, O_RDONLY | O_DIRECTORY, 0, "open the cgroup", err) : open_around_own();
    if (c.parent < 0)
        return path ? -1 : 0;
    if (path && (fstatfs(c.parent, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)) {
        own_close(&c.parent);
        fail(err, 0, path, "use as a cgroup");
        return fail_hint(err, "it must be a directory of cgroup v2");
    }
    for (size_t i = 0; path && i < COUNT(WANTED); i++) /* if a controller is not available, the others still are */
        write_at(c.parent, "cgroup.subtree_control", WANTED[i]);
    sweep(c.parent);
    static unsigned made; /* serve has one for each environment */
    int n = snprintf(c.name, sizeof c.name, "lrun-%ld", (long)getpid());
    if (made++)
        snprintf(c.name + n, sizeof c.name - (size_t)n, "-%u", made);
    if (mkdirat(c.parent, c.name, 0755) < 0 || (c.dir = openat(c.parent, c.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        int no = errno;
        own_close(&c.parent);
        if (!path)
            return 0;
        fail(err, no, path, "make a cgroup beneath");
        return fail_hint(err, "it must be a delegated cgroup v2: systemd-run --user --scope -p Delegate=yes provides one");
    }
    set_limits(&c, memory_mb, files_mb);
    if (becomes != geteuid()) {
        /* The later uid must be able to remove our cgroup. Moving a process needs the rights of the opener of cgroup.procs. */
        if (fchown(c.parent, becomes, (gid_t)-1) < 0)
            return fail(err, errno, path, "give the cgroup to uid %u", becomes);
        c.procs = openat(c.dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    }
    c.freeze = openat(c.dir, "cgroup.freeze", O_WRONLY | O_CLOEXEC);
    c.events = c.memory ? openat(c.dir, "memory.events", O_RDONLY | O_CLOEXEC) : -1;
    *ret = c;
    return 0;
}

int cgroup_move(const struct cgroup *c, pid_t pid, struct err *err)
{
    return dprintf(c->procs, "%d", pid) < 0 ? fail(err, errno, c->name, "move the sandbox into its cgroup") : 0;
}

void cgroup_freeze(const struct cgroup *c, bool frozen)
{
    if (pwrite(c->freeze, frozen ? "1" : "0", 1, 0) < 0)
        return; /* the descriptor was opened for this: only a removed cgroup refuses */
}

unsigned cgroup_oom_kills(const struct cgroup *c)
{
    char text[512];
    unsigned kills = 0;
    ssize_t n = c->memory ? pread(c->events, text, sizeof text - 1, 0) : 0;
    text[n > 0 ? n : 0] = 0;
    const char *at = strstr(text, "oom_kill ");
    if (at)
        sscanf(at + 9, "%u", &kills);
    return kills;
}

uint64_t cgroup_peak(const struct cgroup *c)
{
    char text[32];
    uintmax_t peak = 0;
    if (c->dir >= 0 && fs_read_small(c->dir, "memory.peak", text, sizeof text) > 0)
        sscanf(text, "%ju", &peak);
    return peak;
}

/* The cgroup may be busy for a moment after the last process was reaped. */
void cgroup_done(struct cgroup *c)
{
    enum { TRIES = 200 };
    for (int i = 0; c->dir >= 0 && i < TRIES && unlinkat(c->parent, c->name, AT_REMOVEDIR) < 0 && errno == EBUSY; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    int *all[] = {&c->parent, &c->dir, &c->procs, &c->freeze, &c->events};
    for (size_t i = 0; i < COUNT(all); i++)
        own_close(all[i]);
}
