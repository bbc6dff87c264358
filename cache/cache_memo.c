/* SPDX-License-Identifier: Apache-2.0 */
/* cache_memo.c: what was found out about a file, for as long as it cannot have another content.
 *
 * Device, inode, size and times are not enough: two reproducible images that are mounted in turn share them all. A memo also says
 * where its file lay:
 *   - in the cache's own file system: whoever exchanges that exchanges the memos with it;
 *   - else in a mount by its number, which the kernel gives once in a boot (Linux 6.8; an older one says none: no memo).
 * And it is of one boot, since a crash may keep a file's times and lose its bytes; of a file system that keeps ctime by itself,
 * through this kernel; and of a file that nobody had open for writing, since a mapped page is changed without a new ctime. */
#include "cache/cache.h"

#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000u
#endif

/* Local file systems: a server or a FUSE program can report any times, by its own clock. FAT has no change time. */
static const uint32_t KEEP_CTIME[] = {0xef53 /* ext2 to ext4 */, 0x58465342 /* xfs */,      0x9123683e /* btrfs */, 0xf2f52010 /* f2fs */,
                                      0x2fc12fc1 /* zfs */,      0xca451a4e /* bcachefs */, 0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */,
                                      0x794c7630 /* overlay */,  0x73717368 /* squashfs */, 0xe0f5e1e2 /* erofs */, 0x9660 /* iso9660 */};

int cache_look(int fd, struct file_state *ret)
{
    struct statx x;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID_UNIQUE, &x) < 0)
        return -1;
    *ret = (struct file_state){.dev = makedev(x.stx_dev_major, x.stx_dev_minor),
                               .ino = x.stx_ino,
                               .size = x.stx_size,
                               .mtime = {x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec},
                               .ctime = {x.stx_ctime.tv_sec, x.stx_ctime.tv_nsec},
                               .mount = x.stx_mask & STATX_MNT_ID_UNIQUE ? x.stx_mnt_id : 0};
    return 0;
}

bool cache_is_still(const struct file_state *s, const struct timespec *now)
{
    /* Clocks of file systems are coarse, and a write within the same tick would not move ctime: ticks of 10 ms, or, where
     * ctime is a whole second, of a second (ext3's inodes of 128 bytes). */
    int64_t age_ms = (int64_t)(now->tv_sec - s->ctime.tv_sec) * 1000 + (now->tv_nsec - s->ctime.tv_nsec) / 1000000;
    return age_ms >= (s->ctime.tv_nsec ? 100 : 2100);
}

/* The beginning of the memo, which must match the file; 0: the file cannot be identified. */
static size_t memo_start(const struct cache *c, const struct file_state *s, char *text, size_t size)
{
    char where[32] = "here";
    if (s->dev != c->dev && !s->mount)
        return 0;
    if (s->dev != c->dev)
        snprintf(where, sizeof where, "mount %ju", (uintmax_t)s->mount);
    return (size_t)snprintf(text, size, "boot %s %s %ju %jd.%09ld %jd.%09ld ", c->boot, where, (uintmax_t)s->size,
                            (intmax_t)s->mtime.tv_sec, s->mtime.tv_nsec, (intmax_t)s->ctime.tv_sec, s->ctime.tv_nsec);
}

static void memo_name(const struct file_state *s, const char *what, char *name, size_t size)
{
    snprintf(name, size, "memo/%s-%jx-%jx", what, (uintmax_t)s->dev, (uintmax_t)s->ino);
}

bool cache_recall(const struct cache *c, const char *what, const struct file_state *s, char *value, size_t size)
{
    char name[80], text[CACHE_MEMO_MAX + 256], start[256];
    memo_name(s, what, name, sizeof name);
    size_t n = memo_start(c, s, start, sizeof start);
    if (!n || fs_read_small(c->dir, name, text, sizeof text) < (ssize_t)n || strncmp(text, start, n) != 0 || strlen(text + n) >= size)
        return false;
    memcpy(value, text + n, strlen(text + n) + 1);
    return true;
}

/* A read lease is refused while somebody has the file open for writing, mapped or not; only the file's owner may ask. A process that
 * opens it in that moment waits for us, and SIGIO, which would tell us so, must not end us. */
bool cache_may_change(int fd)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGIO, &ignore, &before);
    bool refused = fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN;
    fcntl(fd, F_SETLEASE, F_UNLCK);
    sigaction(SIGIO, &before, NULL);
    return refused;
}

static bool keeps_ctime(int fd)
{
    struct statfs fs;
    if (fstatfs(fd, &fs) < 0)
        return false;
    for (size_t i = 0; i < COUNT(KEEP_CTIME); i++)
        if ((uint32_t)fs.f_type == KEEP_CTIME[i])
            return true;
    return false;
}

bool cache_can_remember(const struct cache *c, int fd, const struct file_state *s)
{
    struct timespec now;
    char start[256];
    clock_gettime(CLOCK_REALTIME, &now);
    return memo_start(c, s, start, sizeof start) && cache_is_still(s, &now) && keeps_ctime(fd);
}

/* If a memo cannot be written, the next run reads the file again; nothing else is lost. */
void cache_remember(const struct cache *c, const char *what, int fd, const struct file_state *s, const char *value)
{
    char name[80], text[CACHE_MEMO_MAX + 256];
    struct err ignored;
    if (!cache_can_remember(c, fd, s))
        return;
    size_t n = memo_start(c, s, text, sizeof text);
    memo_name(s, what, name, sizeof name);
    n += (size_t)snprintf(text + n, sizeof text - n, "%s", value);
    if (n < sizeof text)
        fs_replace(c->dir, name, text, n, &ignored);
}
