/* SPDX-License-Identifier: Apache-2.0 */
/* use.c: reaps process 1 of a sandbox and keeps what the kernel has counted. A zombie still has its clock.
 * /proc/PID/io belongs to root from when process 1 is not dumpable; newer kernels (seen: 6.18) keep it so for the zombie. */
#include "launcher/sandbox/use.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Its own time, making the sandbox above all, which nobody has asked for. */
static double own_time(pid_t pid)
{
    struct timespec t;
    const clockid_t clock = (clockid_t)(~(unsigned)pid << 3 | 2); /* clock_getcpuclockid(3), which would look for the process twice */
    return clock_gettime(clock, &t) < 0 ? 0 : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int64_t use_written(int io)
{
    char text[512];
    int64_t bytes;
    const ssize_t n = io < 0 ? -1 : pread(io, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    const char *at = strstr(text, "wchar: ");
    return at && sscanf(at, "wchar: %" SCNd64, &bytes) == 1 ? bytes : -1;
}

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

void use_reap(pid_t init, struct use_at_end *ret)
{
    struct rusage all;
    struct use_at_end use = {.known = true};
    double own = own_time(init);
    pid_t got;
    while ((got = wait4(init, NULL, 0, &all)) < 0 && errno == EINTR)
        ;
    if (got != init)
        return;
    use.user = seconds(&all.ru_utime);
    use.system = seconds(&all.ru_stime);
    own = own < use.user + use.system ? own : use.user + use.system;
    const double most = own < use.system ? own : use.system; /* nearly all of it is the kernel's work: mounts and namespaces */
    use.system -= most;
    use.user -= own - most;
    *ret = use;
}
