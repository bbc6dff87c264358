/* SPDX-License-Identifier: Apache-2.0 */
/* memory_held.c: shared memory that exists although nobody maps it: memfds by descriptor, SysV segments, files of /dev/shm. What is
 * mapped is memory_process.c's; that some of it is both is settled in memory.c. An inode is counted once, however many descriptors
 * lead to it. Descriptors are looked at without being opened (statx on /proc/PID/fd), since a file of a server that does not answer
 * would hold lrun up. A process that is not dumpable does not show them: of it, memfds are told by the mount they lie on, and got one
 * by one with pidfd_getfd(2). */
#include "policy/memory_held.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

enum { PLACES_MIN = 64, PLACES_MAX = 1 << 14 }; /* an environment's part of lrun's own memory is bounded: 128 kB */
enum { HUGE_PAGE_MIN = 64 << 10 };

void held_clear(struct held *h)
{
    free(h->inodes);
    free(h->pids);
    *h = (struct held){0};
}

/* Inodes are numbered upwards on that device: their low bits spread them. */
static size_t place_of(const struct held *h, uint64_t inode)
{
    size_t at = inode & (h->places - 1);
    while (h->inodes[at] && h->inodes[at] != inode)
        at = (at + 1) & (h->places - 1);
    return at;
}

bool held_has(const struct held *h, uint64_t inode)
{
    return h->places && h->inodes[place_of(h, inode)] == inode;
}

static void grow(struct held *h)
{
    struct held old = *h;
    h->places = old.places ? old.places * 2 : PLACES_MIN;
    h->inodes = xcalloc(h->places, sizeof *h->inodes);
    for (size_t i = 0; i < old.places; i++)
        if (old.inodes[i])
            h->inodes[place_of(h, old.inodes[i])] = old.inodes[i];
    free(old.inodes);
}

/* False if it was there. With no room left everything is taken for new: a bound from above. */
static bool remember(struct held *h, uint64_t inode)
{
    if (h->taken * 2 >= h->places && h->places < PLACES_MAX)
        grow(h);
    size_t at = place_of(h, inode);
    if (h->inodes[at] == inode)
        return false;
    if (h->taken + 1 < h->places) {
        h->inodes[at] = inode;
        h->taken++;
    }
    return true;
}

uint64_t held_device(void)
{
    struct stat st;
    OWN_FD int fd = memfd_create("device", MFD_CLOEXEC);
    return fd >= 0 && fstat(fd, &st) == 0 ? st.st_dev : 0;
}

uint64_t held_by_host(void)
{
    struct sysinfo s;
    return sysinfo(&s) < 0 ? 0 : ((uint64_t)s.sharedram + s.totalswap - s.freeswap) * s.mem_unit;
}

/* AT_STATX_DONT_SYNC asks no file server: a volume's descriptor may lead to one that does not answer. Huge pages have devices of their own,
 * and block sizes that no other unnamed file has. */
static void count_descriptor(struct held *h, struct held_walk *at, uint64_t device, int dir, const char *name)
{
    struct statx st;
    if (statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT | (name[0] ? 0 : AT_EMPTY_PATH),
              STATX_TYPE | STATX_INO | STATX_NLINK | STATX_BLOCKS, &st) < 0 ||
        !S_ISREG(st.stx_mode) || !st.stx_blocks)
        return;
    bool ours = makedev(st.stx_dev_major, st.stx_dev_minor) == device;
    if ((!ours && (st.stx_nlink || st.stx_blksize < HUGE_PAGE_MIN)) || !remember(h, st.stx_ino))
        return;
    h->bytes += st.stx_blocks * 512;
    at->bytes += st.stx_blocks * 512;
}

/* ---- processes that are not dumpable: their descriptors are root's to list, but not to get ---- */

static void add_pid(struct held *h, pid_t outside)
{
    enum { MOST = 4096 };
    char path[48], text[4096];
    uintmax_t inside = 0;
    snprintf(path, sizeof path, "/proc/%d/status", outside);
    if (h->pid_count >= MOST || fs_read_small(AT_FDCWD, path, text, sizeof text) < 0)
        return;
    char *line = strstr(text, "\nNSpid:");
    char *end = line ? strchr(line + 1, '\n') : NULL;
    if (!end)
        return;
    *end = 0;
    sscanf(strrchr(line, '\t'), "%ju", &inside); /* the innermost is the last */
    h->pids = xrealloc(h->pids, h->pid_count + 1, sizeof *h->pids);
    h->pids[h->pid_count++] = (struct pid_pair){(pid_t)inside, outside};
}

/* A child hangs on the thread that made it. */
static void add_children(struct held *h, pid_t pid)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    OWN_DIR DIR *tasks = opendir(path);
    for (struct dirent *e; tasks && (e = readdir(tasks));) {
        char name[300], text[16384];
        snprintf(name, sizeof name, "%s/children", e->d_name);
        if (e->d_name[0] == '.' || fs_read_small(dirfd(tasks), name, text, sizeof text) < 0)
            continue;
        char *save = NULL;
        for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
            add_pid(h, (pid_t)atoi(word));
    }
}

/* "mnt_id:" of a descriptor; -1: none. */
static long mount_of(int fdinfo, const char *number)
{
    char text[1024];
    long id = -1;
    const char *at = fs_read_small(fdinfo, number, text, sizeof text) > 0 ? strstr(text, "mnt_id:") : NULL;
    if (at)
        sscanf(at + 7, "%ld", &id);
    return id;
}

/* Memfds lie on one mount, those of huge pages on one for each size that the kernel has. */
static void find_mounts(struct held *h)
{
    static const unsigned SIZES[HELD_MOUNTS] = {0, 16, 19, 20, 21, 23, 24, 25, 28, 29, 30, 31, 34}; /* powers of two; 0: ordinary pages */
    for (size_t i = 0; i < HELD_MOUNTS; i++) {
        char path[48];
        OWN_FD int fd = memfd_create("mount", MFD_CLOEXEC | (SIZES[i] ? MFD_HUGETLB | SIZES[i] << MAP_HUGE_SHIFT : 0));
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
        h->mounts[i] = fd < 0 ? -1 : mount_of(AT_FDCWD, path);
    }
}

static pid_t outside_of(struct held *h, pid_t init, pid_t inside)
{
    if (!h->has_pids) {
        h->has_pids = true;
        find_mounts(h);
        add_children(h, init);
        for (size_t i = 0; i < h->pid_count; i++) /* grows meanwhile: a tree, from its root */
            add_children(h, h->pids[i].outside);
    }
    for (size_t i = 0; i < h->pid_count; i++)
        if (h->pids[i].inside == inside)
            return h->pids[i].outside;
    return 0;
}

static bool is_memfd(const struct held *h, int fdinfo, const char *number)
{
    long id = mount_of(fdinfo, number);
    for (size_t i = 0; id >= 0 && i < HELD_MOUNTS; i++)
        if (h->mounts[i] == id)
            return true;
    return false;
}

/* fdinfo says what its descriptors are. pidfd_getfd(2) is allowed, since we own the sandbox's user namespace. Only memfds are taken:
 * closing a file of a server that does not answer would block for ever. */
static void count_undumpable(struct held *h, struct held_walk *at, const struct memory_sources *from, uint64_t device, const char *pid)
{
    char path[64];
    snprintf(path, sizeof path, "%s/fdinfo", pid);
    OWN_DIR DIR *d = fs_open_dir(from->proc, path);
    pid_t outside = d ? outside_of(h, from->init, at->pid) : 0;
    OWN_FD int process = outside ? (int)syscall(SYS_pidfd_open, outside, 0) : -1;
    for (struct dirent *e; process >= 0 && (e = readdir(d));) {
        uint64_t number;
        if (num_plain(e->d_name, 10, &number) < 0 || !is_memfd(h, dirfd(d), e->d_name))
            continue;
        OWN_FD int fd = (int)syscall(SYS_pidfd_getfd, process, (int)number, 0);
        if (fd >= 0)
            count_descriptor(h, at, device, fd, "");
    }
}

/* ---- the walk ---- */

DIR *held_tasks(int proc, const char *pid)
{
    char path[64];
    snprintf(path, sizeof path, "%s/task", pid);
    return fs_open_dir(proc, path);
}

void held_walk_begin(struct held_walk *at, int proc, const char *pid)
{
    uint64_t number = 0;
    num_plain(pid, 10, &number);
    *at = (struct held_walk){.pid = (pid_t)number, .tasks = held_tasks(proc, pid)};
}

/* Threads may have descriptors of their own (CLONE_FILES), and the first thread may have ended before the others. */
static bool next_task(struct held *h, struct held_walk *at, const struct memory_sources *from, uint64_t device)
{
    char path[300], pid[16];
    struct dirent *e = at->tasks ? readdir(at->tasks) : NULL;
    if (!e)
        return false;
    if (e->d_name[0] == '.')
        return true;
    snprintf(path, sizeof path, "%s/fd", e->d_name);
    at->descriptors = fs_open_dir(dirfd(at->tasks), path);
    bool denied = !at->descriptors && errno == EACCES;
    snprintf(pid, sizeof pid, "%d", at->pid);
    if (denied && strcmp(e->d_name, pid) == 0)
        count_undumpable(h, at, from, device, pid);
    return true;
}

bool held_step(struct held *h, struct held_walk *at, const struct memory_sources *from, uint64_t device)
{
    if (!at->descriptors)
        return next_task(h, at, from, device);
    struct dirent *e = readdir(at->descriptors);
    if (e && e->d_name[0] != '.')
        count_descriptor(h, at, device, dirfd(at->descriptors), e->d_name);
    if (!e) {
        closedir(at->descriptors);
        at->descriptors = NULL;
    }
    return true;
}

void held_walk_end(struct held *h, struct held_walk *at)
{
    if (at->bytes > h->most) {
        h->most = at->bytes;
        h->holder = at->pid;
    }
    if (at->descriptors)
        closedir(at->descriptors);
    if (at->tasks)
        closedir(at->tasks);
    *at = (struct held_walk){0};
}

/* ---- segments, /dev/shm ---- */

/* Key, id, mode, size, three pids and counts, four ids, three times, then what is in memory and what is swapped. */
static void add_segments(struct held *h, int segments)
{
    char line[512];
    int fd = lseek(segments, 0, SEEK_SET) < 0 ? -1 : fcntl(segments, F_DUPFD_CLOEXEC, 3);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
    while (f && fgets(line, sizeof line, f)) {
        uintmax_t resident, swapped;
        if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ju %ju", &resident, &swapped) == 2)
            h->bytes += resident + swapped;
    }
    if (f)
        fclose(f);
}

void held_add_others(struct held *h, const struct memory_sources *from)
{
    struct statfs fs;
    if (from->segments >= 0)
        add_segments(h, from->segments);
    if (from->shm >= 0 && fstatfs(from->shm, &fs) == 0)
        h->bytes += (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
}
