/* SPDX-License-Identifier: Apache-2.0 */
/* machine.c: /proc/meminfo, cpuinfo and stat as text, for a machine of the function's size. They are mounted over the kernel's by
 * mounts/plan.c; sysinfo(2), which says the same to the C library, is policy/sysinfo.c; real limits are the cgroup's, the watch's or
 * the affinity's. Where the function may use all processors of the host, cpuinfo and stat stay the kernel's. */
#include "launcher/launch/machine.h"

#include "base/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Our choices: on Lambda MemTotal is the microVM's, a little more or less than the memory size, and what is free changes. Here the total is
 * the size, and what is free stands still: an eighth is taken for what the runtime itself uses. Programs (psutil, free, Node.js's
 * os.totalmem and its heap limit) size themselves by the total. */
static void tell_memory(uint64_t mb, struct text *ret)
{
    const uint64_t total = mb * 1024, free = total / 8 * 7, cached = total / 32;
    const struct {
        const char *name;
        uint64_t kb;
    } FIELDS[] = {{"MemTotal", total},
                  {"MemFree", free - cached},
                  {"MemAvailable", free},
                  {"Buffers", 0},
                  {"Cached", cached},
                  {"SwapCached", 0},
                  {"Active", total / 16},
                  {"Inactive", cached},
                  {"SwapTotal", 0},
                  {"SwapFree", 0},
                  {"Dirty", 0},
                  {"Writeback", 0},
                  {"AnonPages", total / 16},
                  {"Mapped", cached},
                  {"Shmem", 0},
                  {"KReclaimable", 0},
                  {"Slab", 0},
                  {"SReclaimable", 0},
                  {"SUnreclaim", 0},
                  {"CommitLimit", total / 2},
                  {"Committed_AS", total / 8},
                  {"Hugepagesize", 2048}};
    for (size_t i = 0; i < COUNT(FIELDS); i++)
        text_printf(ret, "%s:%*s%8" PRIu64 " kB\n", FIELDS[i].name, (int)(15 - strlen(FIELDS[i].name)), "", FIELDS[i].kb);
}

/* "0-7": how many processors the host has; 0: not known. */
static int host_cpus(void)
{
    char text[64] = "";
    OWN_FD int fd = open("/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        return 0;
    const char *last = text + strcspn(text, "\n");
    while (last > text && strchr("0123456789", last[-1]))
        last--;
    return (int)strtol(last, NULL, 10) + 1;
}

/* The first of the host's: what a program asks of it is the same for all. The kernel makes the text as it is read, so the rest costs
 * nothing. */
static void tell_cpuinfo(int cpus, struct text *ret)
{
    char part[4096];
    OWN_FD int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
    for (ssize_t n; fd >= 0 && (n = read(fd, part, sizeof part)) > 0;) {
        text_add(ret, part, (size_t)n);
        const char *end = ret->at;
        for (int k = 0; k < cpus && end; k++)
            end = strstr(end, "\n\n") ? strstr(end, "\n\n") + 2 : NULL;
        if (end) {
            ret->n = (size_t)(end - ret->at);
            ret->at[ret->n] = 0;
            return;
        }
    }
    text_done(ret); /* it has fewer, or another form */
}

/* Idle since the machine started: the times do not move, the number of processors is what is read (glibc's get_nprocs, Node.js's os.cpus).
 */
static void tell_stat(int cpus, struct text *ret)
{
    struct timespec up;
    clock_gettime(CLOCK_BOOTTIME, &up);
    uint64_t ticks = (uint64_t)up.tv_sec * 100;
    text_printf(ret, "cpu  0 0 0 %" PRIu64 " 0 0 0 0 0 0\n", ticks * (uint64_t)cpus);
    for (int k = 0; k < cpus; k++)
        text_printf(ret, "cpu%d 0 0 0 %" PRIu64 " 0 0 0 0 0 0\n", k, ticks);
    text_printf(ret, "intr 0\nctxt 0\nbtime %" PRId64 "\nprocesses 1\nprocs_running 1\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
                (int64_t)(time(NULL) - up.tv_sec));
}

void machine_make(uint64_t memory, int cpus, struct machine *ret)
{
    *ret = (struct machine){0};
    if (memory)
        tell_memory(memory, &ret->meminfo);
    if (cpus <= 0 || host_cpus() <= cpus)
        return;
    tell_cpuinfo(cpus, &ret->cpuinfo);
    tell_stat(cpus, &ret->stat);
}

void machine_done(struct machine *m)
{
    text_done(&m->meminfo);
    text_done(&m->cpuinfo);
    text_done(&m->stat);
}
