/* SPDX-License-Identifier: Apache-2.0 */
/* test_cpu_time.c: the balance between two looks at processes, by files as /proc has them. What real processes use, and how they escape, is
 * tests/cli/test_cpu_time.py's. */
#include "policy/cpu_time.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static int at;
static struct cpu_watch *w;

static void begin(void)
{
    strcpy(dir, "/tmp/lrun-test-cpu-XXXXXX");
    cr_assert(mkdtemp(dir));
    at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w = cpu_watch_new(&(struct cpu_sources){.proc = at, .cgroup = -1, .processors = 2});
}

static void gone(int pid)
{
    char name[32];
    snprintf(name, sizeof name, "%d/stat", pid);
    unlinkat(at, name, 0);
    *strchr(name, '/') = 0;
    unlinkat(at, name, AT_REMOVEDIR);
}

static void end(void)
{
    for (int pid = 1; pid < 20; pid++)
        gone(pid);
    cpu_watch_free(w);
    close(at);
    rmdir(dir);
}

/* Hundredths of a second, all of user time: its own, and what it has reaped. */
static void put(int pid, int parent, int own, int children)
{
    char name[32];
    snprintf(name, sizeof name, "%d", pid);
    mkdirat(at, name, 0700);
    snprintf(name, sizeof name, "%d/stat", pid);
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dprintf(fd, "%d (a) R 9 9) R %d 1 1 0 -1 4194304 1 0 0 0 %d 0 %d 0 20 0 1 0 %d 0 0\n", pid, parent, own, children, 100 + pid);
    close(fd);
}

static void expect(int hundredths, const char *why)
{
    struct cpu_time t = cpu_look(w);
    cr_expect(t.user > hundredths / 100.0 - 0.001 && t.user < hundredths / 100.0 + 0.001 && t.system == 0, "%s: %g, not %d", why, t.user,
              hundredths);
}

Test(cpu_time, is_the_sum_of_all_but_what_process_1_used_itself, .init = begin, .fini = end)
{
    put(1, 0, 500, 7);
    put(2, 1, 10, 20);
    put(3, 2, 30, 0);
    expect(67, "own, reaped, and what process 1 reaped");
    cr_expect_eq(cpu_processes(w), 2);
}

Test(cpu_time, of_a_reaped_child_counts_once, .init = begin, .fini = end)
{
    put(1, 0, 0, 0);
    put(2, 1, 10, 0);
    put(3, 2, 30, 0);
    expect(40, "both live");
    gone(3);
    put(2, 1, 10, 35);
    expect(45, "it had gone on for 0.05 s");
    expect(45, "and nothing is owed");
}

Test(cpu_time, of_a_child_that_nobody_reaped_is_kept, .init = begin, .fini = end)
{
    put(1, 0, 0, 0);
    put(2, 1, 10, 0);
    put(3, 2, 30, 0);
    expect(40, "both live");
    gone(3);
    put(2, 1, 11, 0);
    expect(40, "the figure never falls");
    put(2, 1, 12, 0);
    expect(42, "it has not come back in two looks");
    put(4, 2, 30, 0);
    expect(72, "the next one");
    gone(4);
    expect(72, "never falls");
    expect(72, "is kept too");
}

/* A reader of /proc met the parent before, and the child after it was reaped. */
Test(cpu_time, that_comes_to_the_parent_a_look_later_is_no_loss, .init = begin, .fini = end)
{
    put(1, 0, 0, 0);
    put(2, 1, 10, 0);
    put(3, 2, 30, 0);
    expect(40, "both live");
    gone(3);
    expect(40, "it is nowhere");
    put(2, 1, 10, 30);
    expect(40, "it is there");
    expect(40, "once");
}

Test(cpu_time, of_an_orphan_comes_to_process_1, .init = begin, .fini = end)
{
    put(1, 0, 0, 0);
    put(2, 1, 0, 0);
    put(3, 2, 5, 0);
    put(4, 3, 30, 0);
    expect(35, "a double fork");
    gone(3);
    gone(4);
    put(1, 0, 0, 35);
    expect(35, "both were reaped by process 1");
    expect(35, "nothing is owed");
    gone(2);
    put(1, 0, 0, 36);
    expect(36, "and the rest");
}

Test(cpu_time, is_not_hidden_by_a_number_that_is_used_again, .init = begin, .fini = end)
{
    put(1, 0, 0, 0);
    put(2, 1, 0, 0);
    put(3, 2, 30, 0);
    expect(30, "one");
    put(3, 2, 1, 0);
    expect(30, "another one of the same number");
    expect(31, "both");
}
