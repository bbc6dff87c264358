/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/memory.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* name begins with the newline before it: a process may call itself "RssAnon: 0", and its name comes first. */
static uint64_t field_kb(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    uintmax_t kb = 0;
    if (at)
        sscanf(at + strlen(name), "%ju", &kb);
    return (uint64_t)kb * 1024;
}

static uint64_t rollup(int proc, const char *pid)
{
    char path[64], text[2048];
    snprintf(path, sizeof path, "%s/smaps_rollup", pid);
    if (fs_read_small(proc, path, text, sizeof text) < 0)
        return 0; /* it ended meanwhile */
    return field_kb(text, "\nPss_Anon:") + field_kb(text, "\nPss_Shmem:") + field_kb(text, "\nSwapPss:");
}

struct use {
    uint64_t now, peak;
};

/* From status: RssAnon + RssShmem + VmSwap now, and VmHWM less mapped files as a peak. Shared pages count once per
 * process here: a bound from above for both. */
static struct use status(int proc, const char *pid)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "%s/status", pid);
    if (fs_read_small(proc, path, text, sizeof text) < 0)
        return (struct use){0, 0};
    uint64_t files = field_kb(text, "\nRssFile:"), high = field_kb(text, "\nVmHWM:");
    struct use u = {field_kb(text, "\nRssAnon:") + field_kb(text, "\nRssShmem:") + field_kb(text, "\nVmSwap:"), 0};
    u.peak = high > files && high - files > u.now ? high - files : u.now;
    return u;
}

static void sum(int proc, struct memory *m, int exact)
{
    int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OWN_DIR DIR *d = fd < 0 ? NULL : fdopendir(fd);
    uint64_t most = 0;
    *m = (struct memory){0};
    for (struct dirent *e; d && (e = readdir(d));) {
        uint64_t pid;
        if (num_plain(e->d_name, 10, &pid) < 0 || pid == 1)
            continue;
        struct use u = status(proc, e->d_name);
        if (exact)
            u.now = rollup(proc, e->d_name);
        m->used += u.now;
        m->peak += u.peak;
        m->processes++;
        if (u.now >= most) {
            most = u.now;
            m->biggest = (pid_t)pid;
        }
    }
}

void memory_read(int proc, uint64_t limit, struct memory *ret)
{
    sum(proc, ret, 0);
    if (limit && ret->used > limit / 10 * 8 && ret->processes > 1) /* one process shares with nobody: status is exact */
        sum(proc, ret, 1);
    if (ret->peak < ret->used || ret->processes > 1) /* high-water marks of several need not have been at one time */
        ret->peak = ret->used;
}
