/* SPDX-License-Identifier: Apache-2.0 */
/* cache_memo.c: what was found out about a file, for as long as its size and times are the same. */
#include "mounts/cache.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int memo_line(const struct stat *st, const char *value, char *text, size_t size)
{
    return snprintf(text, size, "%jd %jd.%09ld %jd.%09ld %s", (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
                    (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec, value);
}

static void memo_name(const struct stat *st, const char *what, char *name, size_t size)
{
    snprintf(name, size, "memo/%s-%jx-%jx", what, (uintmax_t)st->st_dev, (uintmax_t)st->st_ino);
}

bool cache_recall(const struct cache *c, const char *what, const struct stat *st, char *value, size_t size)
{
    char name[80], text[256], start[256];
    memo_name(st, what, name, sizeof name);
    size_t n = (size_t)memo_line(st, "", start, sizeof start);
    if (fs_read_small(c->dir, name, text, sizeof text) < (ssize_t)n || strncmp(text, start, n) != 0 || strlen(text + n) >= size)
        return false;
    memcpy(value, text + n, strlen(text + n) + 1);
    return true;
}

/* Only of a file that has been still for 100 ms: clocks of file systems are coarse, and a write within the same tick
 * would not move ctime. A memo that cannot be written costs the next run a look, nothing else. */
void cache_remember(const struct cache *c, const char *what, const struct stat *st, const char *value)
{
    struct timespec now;
    char name[80], text[256];
    struct err ignored;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age_ms = (now.tv_sec - st->st_ctim.tv_sec) * 1000 + (now.tv_nsec - st->st_ctim.tv_nsec) / 1000000;
    if (age_ms < 100)
        return;
    memo_name(st, what, name, sizeof name);
    memo_line(st, value, text, sizeof text);
    fs_replace(c->dir, name, text, strlen(text), &ignored);
}
