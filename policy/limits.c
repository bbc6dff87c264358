/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c: resource limits as on Lambda, as a table, and the processors that a memory size makes visible. The share of a processor is
 * launcher/sandbox/share.c's or the cgroup's, memory is memory.c's: RLIMIT_AS would count what is only reserved. A limit of the
 * caller's that is lower stays (raising needs CAP_SYS_RESOURCE on the host). Some limits are counted for the user on the whole host
 * (RLIMIT_NPROC and what "shared" marks): of these a sandbox gets at most half, so that the user's other programs go on. */
#include "policy/limits.h"

#include "base/num.h"
#include "base/own.h"
#include "base/sys.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const struct limit LIMITS[] = {
    {"nofile", RLIMIT_NOFILE, 1024, 1024, false, "measured, and documented as the quota"},
    {"nproc", RLIMIT_NPROC, 1024, 1024, true, "the documented quota; 742 was measured once"},
    {"memlock", RLIMIT_MEMLOCK, 65536, 65536, true, "measured: mlock of more fails with ENOMEM"},
    {"stack", RLIMIT_STACK, 8388608, RLIM_INFINITY, false, "measured"},
    {"core", RLIMIT_CORE, 0, 0, false, "ours: a core pattern would run as root on the host"},
    {"as", RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY, false, "measured"},
    {"cpu", RLIMIT_CPU, RLIM_INFINITY, RLIM_INFINITY, false, "measured"},
    {"data", RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY, false, "measured"},
    {"fsize", RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY, false, "measured"},
    {"msgqueue", RLIMIT_MSGQUEUE, 819200, 819200, true, "seen in /proc/PID/limits of a function"},
    {"sigpending", RLIMIT_SIGPENDING, 4622, 4622, true, "seen in /proc/PID/limits of a function"},
    {"nice", RLIMIT_NICE, 0, 0, false, "seen in /proc/PID/limits of a function"},
    {"rtprio", RLIMIT_RTPRIO, 0, 0, false, "seen in /proc/PID/limits of a function"},
};
const unsigned LIMIT_COUNT = COUNT(LIMITS);
_Static_assert(COUNT(LIMITS) < 16, "struct limits has room for 15 and an end");

/* What is asked for is the soft and the hard limit: else the program could raise it. */
static const struct {
    size_t field;
    int resource;
    unsigned beside; /* process 1 has the same user, and the kernel counts it too */
} ASKED[] = {
    {offsetof(struct limits_asked, processes), RLIMIT_NPROC, 1},  {offsetof(struct limits_asked, open_files), RLIMIT_NOFILE, 0},
    {offsetof(struct limits_asked, file_bytes), RLIMIT_FSIZE, 0}, {offsetof(struct limits_asked, stack_bytes), RLIMIT_STACK, 0},
    {offsetof(struct limits_asked, cpu_s), RLIMIT_CPU, 0},
};

/* Measured by rwnx/lambda-cpuinfo. */
static const struct {
    uint64_t memory;
    int cpus;
} VISIBLE[] = {{3008, 2}, {5307, 3}, {7076, 4}, {8845, 5}, {10240, 6}};

/* Only Managed Instances have more memory. 2 GiB per processor is the least they can choose, and our choice. */
enum { MANAGED_MB_A_CPU = 2048, MANAGED_NOFILE = 4096 /* documented, and seen in /proc/PID/limits of one */ };

static void plan_cpus(uint64_t memory, const cpu_set_t *asked, struct limits *l)
{
    int want = memory ? (int)(memory / MANAGED_MB_A_CPU) : CPU_SETSIZE, kept = 0;
    for (size_t i = COUNT(VISIBLE); memory && i-- > 0;)
        if (memory <= VISIBLE[i].memory)
            want = VISIBLE[i].cpus;
    CPU_ZERO(&l->cpus);
    if (sched_getaffinity(0, sizeof l->cpus, &l->cpus) < 0)
        return;
    if (asked)
        CPU_AND(&l->cpus, &l->cpus, asked);
    int all = CPU_COUNT(&l->cpus);
    if (asked || all < want)
        want = all;
    for (size_t c = 0; kept < all && c < CPU_SETSIZE; c++)
        if (CPU_ISSET(c, &l->cpus) && ++kept > want)
            CPU_CLR(c, &l->cpus);
    l->cpu_count = want;
}

static int bad_cpus(const char *list, struct err *err)
{
    return fail_usage(err, "--cpus: '%.80s' is not a list of processors (e.g. 0,2-3)", list);
}

/* One processor or a range; text up to its end. */
static int add_cpus(const char *text, const char *list, const cpu_set_t *ours, cpu_set_t *ret, struct err *err)
{
    uint64_t first, last;
    char from[24];
    const char *dash = strchr(text, '-');
    snprintf(from, sizeof from, "%.*s", dash ? (int)(dash - text) : (int)sizeof from - 1, text);
    if (num_plain(from, 10, &first) < 0 || num_plain(dash ? dash + 1 : from, 10, &last) < 0 || first > last)
        return bad_cpus(list, err);
    for (uint64_t c = first; c <= last; c++) {
        if (c >= CPU_SETSIZE || !CPU_ISSET((size_t)c, ours))
            return fail_usage(err, "--cpus %.80s: lrun itself may not use processor %ju (see taskset -p $$)", list, (uintmax_t)c);
        CPU_SET((size_t)c, ret);
    }
    return 0;
}

unsigned limits_processors(void)
{
    cpu_set_t cpus;
    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? (unsigned)CPU_COUNT(&cpus) : 1;
}

int limits_cpus(const char *list, cpu_set_t *ret, struct err *err)
{
    cpu_set_t ours, all;
    CPU_ZERO(&all);
    if (sched_getaffinity(0, sizeof ours, &ours) < 0)
        return fail(err, errno, NULL, "read which processors lrun may use");
    for (const char *c = list; c;) {
        char part[48];
        size_t n = strcspn(c, ",");
        if (n == 0 || n >= sizeof part)
            return bad_cpus(list, err);
        snprintf(part, sizeof part, "%.*s", (int)n, c);
        if (add_cpus(part, list, &ours, &all, err) < 0)
            return -1;
        c = c[n] ? c + n + 1 : NULL;
    }
    *ret = all;
    return 0;
}

/* The kernel counts a sandbox's use for its user on the host too, whose other programs have the soft limits. */
static rlim_t most_of(const struct limit *l, const struct rlimit *now)
{
    return l->shared && now->rlim_cur != RLIM_INFINITY ? now->rlim_cur / 2 : now->rlim_max;
}

/* What a sandbox is to have. */
static struct rlimit wanted(const struct limit *l, bool managed, const struct limits_asked *asked)
{
    for (size_t k = 0; asked && k < COUNT(ASKED); k++) {
        const uint64_t value = *(const uint64_t *)(const void *)((const char *)asked + ASKED[k].field);
        if (ASKED[k].resource == l->resource && value)
            return (struct rlimit){value + ASKED[k].beside, value + ASKED[k].beside};
    }
    if (managed && l->resource == RLIMIT_NOFILE)
        return (struct rlimit){MANAGED_NOFILE, MANAGED_NOFILE};
    return (struct rlimit){l->soft, l->hard};
}

void limits_plan(uint64_t memory, bool managed, const struct limits_asked *asked, struct limits *ret)
{
    struct limits l = {0};
    unsigned clamped = 0;
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        struct rlimit now;
        l.at[i] = wanted(&LIMITS[i], managed, asked);
        if (getrlimit((__rlimit_resource_t)LIMITS[i].resource, &now) < 0)
            continue;
        rlim_t most = most_of(&LIMITS[i], &now);
        if (l.at[i].rlim_max > most) { /* RLIM_INFINITY is the largest value */
            l.at[i].rlim_max = most;
            if (l.at[i].rlim_cur > most)
                l.at[i].rlim_cur = most;
            l.clamped[clamped++] = LIMITS[i].name;
        }
        l.differs[i] = l.at[i].rlim_cur != now.rlim_cur || l.at[i].rlim_max != now.rlim_max;
    }
    plan_cpus(memory, asked ? asked->cpus : NULL, &l);
    *ret = l;
}

int limits_apply(const struct limits *l)
{
    for (unsigned i = 0; i < LIMIT_COUNT; i++)
        if (l->differs[i] && setrlimit((__rlimit_resource_t)LIMITS[i].resource, &l->at[i]) < 0)
            return -1;
    if (l->cpu_count > 0 && sched_setaffinity(0, sizeof l->cpus, &l->cpus) < 0)
        return -1;
    return 0;
}

static bool same_processors(pid_t pid)
{
    cpu_set_t its, ours;
    return sched_getaffinity(pid, sizeof its, &its) < 0 || sched_getaffinity(0, sizeof ours, &ours) < 0 || CPU_EQUAL(&its, &ours);
}

static bool same_scheduling(pid_t pid)
{
    enum { ATTR_BYTES = 128, IOPRIO_WHO_PROCESS = 1 };
    /* struct sched_attr, as long as the kernel has it: policy, nice, priority, deadline, clamps. */
    unsigned char its[ATTR_BYTES] = {0}, ours[ATTR_BYTES] = {0};
    if (syscall(SYS_sched_getattr, pid, its, sizeof its, 0) == 0 && syscall(SYS_sched_getattr, 0, ours, sizeof ours, 0) == 0 &&
        memcmp(its, ours, sizeof its) != 0)
        return false;
    return syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid) == syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
}

bool limits_same(pid_t pid, bool processors)
{
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit its, ours;
        if (prlimit(pid, (__rlimit_resource_t)i, NULL, &its) == 0 && prlimit(0, (__rlimit_resource_t)i, NULL, &ours) == 0 &&
            (its.rlim_cur != ours.rlim_cur || its.rlim_max != ours.rlim_max))
            return false;
    }
    return same_scheduling(pid) && (!processors || same_processors(pid));
}
