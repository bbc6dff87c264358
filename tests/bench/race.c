/* SPDX-License-Identifier: Apache-2.0 */
/* race.c: runs commands in turn, over and over, and prints the median wall time of each in microseconds: one line
 * each, in order. Interleaving keeps a noisy machine fair to all.
 *
 *   race ROUNDS [--] CMD ARGS... --- CMD ARGS... --- ... */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    enum { MAX = 16 };
    char **commands[MAX];
    int n = 0, rounds = argc > 2 ? atoi(argv[1]) : 0;
    for (int i = 2; i < argc && n < MAX; i++) {
        commands[n++] = argv + i;
        while (i < argc && strcmp(argv[i], "---") != 0)
            i++;
        if (i < argc)
            argv[i] = NULL;
    }
    if (rounds < 1 || n < 1)
        return 2;
    double *times = calloc((size_t)(n * rounds), sizeof *times);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    for (int r = -2; r < rounds; r++) /* two rounds to warm up */
        for (int c = 0; c < n; c++) {
            pid_t pid;
            int status = 0;
            double start = now();
            if (posix_spawnp(&pid, commands[c][0], &quiet, NULL, commands[c], environ) != 0 || waitpid(pid, &status, 0) < 0 ||
                status != 0) {
                fprintf(stderr, "race: %s failed (status %d)\n", commands[c][0], status);
                return 1;
            }
            if (r >= 0)
                times[c * rounds + r] = now() - start;
        }
    for (int c = 0; c < n; c++) {
        qsort(times + c * rounds, (size_t)rounds, sizeof *times, by_value);
        printf("%.0f\n", times[c * rounds + rounds / 2]);
    }
    free(times);
    return 0;
}
