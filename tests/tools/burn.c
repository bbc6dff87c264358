/* SPDX-License-Identifier: Apache-2.0 */
/* burn.c: uses CPU time in ways that are hard to add up, and writes a point for each MS milliseconds that were used, so that a test knows
 * the truth. It goes on until it is killed, or until COUNT points.  burn HOW MS COUNT [WORKERS] */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double ms;

static void burn(clockid_t clock, double how_long)
{
    struct timespec t;
    clock_gettime(clock, &t);
    const double until = (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6 + how_long;
    do
        clock_gettime(clock, &t);
    while ((double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6 < until);
    if (write(1, ".", 1) != 1)
        _exit(3);
}

static void *thread(void *arg)
{
    for (long n = (long)arg; n-- > 0;)
        burn(CLOCK_THREAD_CPUTIME_ID, ms);
    return NULL;
}

static void child(const char *how)
{
    const double used = (double)clock() * 1e3 / CLOCKS_PER_SEC;
    if (strcmp(how, "setsid") == 0)
        setsid();
    if (strcmp(how, "double") == 0 && fork() > 0)
        _exit(0);
    if (strcmp(how, "exec") == 0)
        execl("/proc/self/exe", "burn", "spin", "10", "1", NULL);
    burn(CLOCK_PROCESS_CPUTIME_ID, ms > used ? ms - used : 0);
    _exit(0);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    const char *how = argv[1];
    ms = atof(argv[2]);
    const long count = atol(argv[3]), workers = argc > 4 ? atol(argv[4]) : 1;
    if (strcmp(how, "spin") == 0 || strcmp(how, "threads") == 0) {
        pthread_t t;
        for (long i = 1; i < workers; i++)
            pthread_create(&t, NULL, thread, (void *)count);
        thread((void *)count);
        return 0;
    }
    if (strcmp(how, "ignored") == 0)
        signal(SIGCHLD, SIG_IGN);
    if (strcmp(how, "unwaited") == 0)
        sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}, NULL);
    for (long n = 0; n < count; n++) { /* a pipe tells when its holders are gone: wait(2) would not, of a grandchild */
        int ends[2];
        char c;
        if (pipe(ends) < 0)
            return 3;
        for (long i = 0; i < workers; i++) {
            const pid_t pid = fork();
            if (pid == 0)
                child(how);
            if (pid < 0)
                return 4;
        }
        close(ends[1]);
        while (read(ends[0], &c, 1) > 0)
            ;
        close(ends[0]);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
    return 0;
}
