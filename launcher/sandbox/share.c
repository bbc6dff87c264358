/* SPDX-License-Identifier: Apache-2.0 */
/* share.c: the share of a processor without a cgroup, by SIGSTOP and SIGCONT to all from process 1 (kill(-1) spares the sender). With
 * a cgroup, cpu.max does it (policy/cgroup.c); which share goes with a memory size is the caller's. A bucket fills at the share's
 * rate, up to BURST_S; what is used empties it. Below zero everything is stopped for as long as it takes to fill, at most 200 ms at a
 * time. Processes that are forked meanwhile are met by the next SIGSTOP. A freeze stops too, so share_look() never continues what is
 * frozen. */
#include "launcher/sandbox/share.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

enum { LOOK_MS = 20, STOPPED_MAX_MS = 200, PROCESSES_MAX = 2048 };
#define BURST_S 0.02 /* what an idle function may use at once; our choice */

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Its own time by its clock, which counts nanoseconds: stat counts hundredths of a second, more than a small share in a period. */
static double own_time(pid_t pid)
{
    struct timespec t;
    clockid_t clock = (clockid_t)(~(unsigned)pid << 3 | 2); /* clock_getcpuclockid(3), which would look for the process twice */
    return clock_gettime(clock, &t) < 0 ? 0 : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool share_times(int dir, const char *stat, struct process_times *ret)
{
    char text[1024];
    uint64_t user, system, children_user, children_system;                                        /* in USER_HZ, which is 100 */
    const char *at = fs_read_small(dir, stat, text, sizeof text) < 0 ? NULL : strrchr(text, ')'); /* a name may hold anything */
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &user, &system,
                      &children_user, &children_system) != 4)
        return false;
    *ret = (struct process_times){(double)(user + system) / 100, (double)(children_user + children_system) / 100};
    return true;
}

/* CPU time of the children that it has reaped. */
static double children_time(int proc, const char *pid)
{
    char path[32];
    struct process_times t;
    snprintf(path, sizeof path, "%.16s/stat", pid);
    return share_times(proc, path, &t) ? t.children : 0;
}

/* The CPU time of all processes, in seconds. */
static double used(void)
{
    static char entries[32768];
    struct rusage reaped;
    unsigned n = 0;
    double sum = getrusage(RUSAGE_CHILDREN, &reaped) < 0 ? 0 : seconds(&reaped.ru_utime) + seconds(&reaped.ru_stime);
    OWN_FD int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (long got; proc >= 0 && n < PROCESSES_MAX && (got = syscall(SYS_getdents64, proc, entries, sizeof entries)) > 0;)
        for (long at = 0; at < got && n < PROCESSES_MAX;) {
            const struct dirent64 *e = (const struct dirent64 *)(const void *)(entries + at);
            uint64_t pid;
            at += e->d_reclen;
            if (num_plain(e->d_name, 10, &pid) < 0 || pid == 1)
                continue;
            sum += own_time((pid_t)pid) + children_time(proc, e->d_name);
            n++;
        }
    return sum;
}

void share_set(struct share *s, double rate, bool frozen)
{
    if (s->stopped && !frozen)
        kill(-1, SIGCONT);
    *s = (struct share){.rate = rate, .tokens = BURST_S, .last_ms = clock_ms()};
    if (rate > 0)
        s->used = used();
}

bool share_holds(const struct share *s)
{
    return s->rate > 0 && s->stopped;
}

int share_look(struct share *s, bool frozen)
{
    if (s->rate <= 0)
        return -1;
    double now = clock_ms();
    if (now - s->last_ms < 1) /* each child that ends wakes process 1 */
        return 1;
    double all = used();
    s->tokens += s->rate * (now - s->last_ms) / 1000;
    if (s->tokens > BURST_S)
        s->tokens = BURST_S;
    s->last_ms = now;
    if (all > s->used) {
        s->tokens -= all - s->used;
        s->used = all;
    }
    if (s->tokens < 0) {
        s->stopped = true;
        kill(-1, SIGSTOP); /* again, too: of what was forked meanwhile */
        double ms = -s->tokens / s->rate * 1000 + 1;
        return ms > STOPPED_MAX_MS ? STOPPED_MAX_MS : (int)ms;
    }
    if (s->stopped && !frozen)
        kill(-1, SIGCONT);
    s->stopped = s->stopped && frozen;
    return LOOK_MS;
}
