/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/memory.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 12 };

static char dir[] = "/tmp/lrun-test-memory-XXXXXX", path[PROCESSES][64];
static atomic_int reads;

/* A process's file whose reader waits, as for the lock of a process that forks. */
static void *serve_late(void *name)
{
    static const char STATUS[] = "Name:\tx\nVmHWM:\t8 kB\nRssAnon:\t8 kB\nRssFile:\t0 kB\nRssShmem:\t0 kB\n";
    int fd = open(name, O_WRONLY | O_CLOEXEC);
    atomic_fetch_add(&reads, 1);
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    ssize_t ignored = write(fd, STATUS, strlen(STATUS)); /* nobody may read it any more: the test does not wait for this thread */
    (void)ignored;
    close(fd);
    return NULL;
}

/* Timeouts are due between looks: a look that waits for each of many files in turn keeps them waiting for all. */
Test(memory, a_look_ends_when_one_file_keeps_it_waiting)
{
    cr_assert(mkdtemp(dir));
    for (int i = 0; i < PROCESSES; i++) {
        pthread_t thread;
        snprintf(path[i], sizeof path[i], "%s/%d", dir, i + 2);
        cr_assert_eq(mkdir(path[i], 0700), 0);
        snprintf(path[i], sizeof path[i], "%s/%d/status", dir, i + 2);
        cr_assert_eq(mkfifo(path[i], 0600), 0);
        cr_assert_eq(pthread_create(&thread, NULL, serve_late, path[i]), 0);
    }
    struct memory_sources from = {.proc = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .shm = -1, .segments = -1};
    struct memory_watch *w = memory_watch_new(&from, 1 << 20);
    struct memory m;
    memory_look(w, &m);
    cr_expect_eq(atomic_load(&reads), 1, "%d", atomic_load(&reads));
    memory_look(w, &m);
    cr_expect_eq(atomic_load(&reads), 2, "the next look goes on");
    memory_watch_free(w);
    close(from.proc);
    for (int i = 0; i < PROCESSES; i++) {
        unlink(path[i]);
        *strrchr(path[i], '/') = 0;
        rmdir(path[i]);
    }
    rmdir(dir);
}

static void write_status(int at, int pid, unsigned high_kb)
{
    char name[32];
    snprintf(name, sizeof name, "%d", pid);
    mkdirat(at, name, 0700);
    snprintf(name, sizeof name, "%d/status", pid);
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dprintf(fd, "Name:\tx\nVmHWM:\t%u kB\nRssAnon:\t%u kB\nRssFile:\t0 kB\nRssShmem:\t0 kB\n", high_kb, high_kb);
    close(fd);
}

Test(memory, a_glance_reads_the_biggest_alone_and_no_more_often_than_asked)
{
    char here[] = "/tmp/lrun-test-memory-XXXXXX", command[64];
    cr_assert(mkdtemp(here));
    struct memory_sources from = {.proc = open(here, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .shm = -1, .segments = -1};
    struct memory_watch *w = memory_watch_new(&from, (uint64_t)1 << 30);
    struct memory m;
    write_status(from.proc, 2, 100);
    write_status(from.proc, 3, 300);
    cr_expect_eq(memory_glance(w, 0), 0, "nothing is known yet");
    memory_look(w, &m);
    write_status(from.proc, 2, 9000);
    write_status(from.proc, 3, 700);
    cr_expect_eq(memory_glance(w, 60000), 0, "the look was just now");
    nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    cr_expect_eq(memory_glance(w, 200), 700 * 1024);
    cr_expect_eq(memory_glance(w, 200), 0, "and so was the glance");
    memory_watch_free(w);
    close(from.proc);
    snprintf(command, sizeof command, "rm -r %s", here);
    cr_expect_eq(system(command), 0);
}
