/* SPDX-License-Identifier: Apache-2.0 */
/* faults FILE COMMAND...: runs it and writes to FILE how many page faults it and all that it started took. The kernel's own counter is
 * asked, since getrusage(2) leaves out processes that nobody waits for: those of a PID namespace whose process 1 dies first. Ends with the
 * command's status; 125 where the kernel refuses the counter, with a line on stderr. */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct perf_event_attr counted = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof counted,
        .config = PERF_COUNT_SW_PAGE_FAULTS,
        .disabled = 1,
        .enable_on_exec = 1,
        .inherit = 1,
    };
    int counter = (int)syscall(SYS_perf_event_open, &counted, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    pid_t pid = counter < 0 || argc < 3 ? -1 : fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    int status = 0;
    uint64_t n = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || read(counter, &n, sizeof n) != sizeof n) {
        perror("perf_event_open");
        return 125;
    }
    FILE *f = fopen(argv[1], "we");
    if (!f || fprintf(f, "%llu\n", (unsigned long long)n) < 0 || fclose(f) == EOF)
        return 125;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
