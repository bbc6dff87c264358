/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fs.h"
#include "base/own.h"
#include "launcher/diagnose/shortages.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void set_tasks_max(struct limits *l, rlim_t n)
{
    *l = (struct limits){.cpu_count = 0};
    for (unsigned i = 0; i < LIMIT_COUNT; i++)
        if (LIMITS[i].resource == RLIMIT_NPROC)
            l->at[i].rlim_cur = n;
}

/* A sixty-fourth below the limit, since of those who met it some may have given up. */
Test(shortages, all_tasks_are_in_use_near_the_limit)
{
    static const struct {
        unsigned max, tasks;
        bool all;
    } ROWS[] = {{1024, 1024, true}, {1024, 1008, true}, {1024, 1007, false}, {64, 63, true}, {64, 62, false},
                {10, 10, true},     {10, 9, false},     {0, 0, false},       {0, 5, false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct limits l;
        struct shortages s = {.tasks = ROWS[i].tasks};
        set_tasks_max(&l, ROWS[i].max);
        shortages_note_tasks(&s, ROWS[i].tasks ? ROWS[i].tasks - 1 : 0, &l); /* process 1 is not among them */
        cr_expect(shortages_of_tasks(&s) == ROWS[i].all && shortages_had_all_tasks(&s) == ROWS[i].all, "%zu", i);
        s.tasks = 1;
        shortages_note_tasks(&s, 0, &l);
        cr_expect_eq(shortages_had_all_tasks(&s), ROWS[i].all, "of any moment of the call");
    }
}

/* A directory as /proc has it: a process names itself. */
Test(shortages, tasks_are_counted_and_what_is_killed_has_its_name)
{
    static const struct {
        int pid;
        const char *comm, *killed;
    } ROWS[] = {{7, "ffmpeg\n", "a process that the function started (ffmpeg)"},
                {8, "a\x1b[m\xff\n", "a process that the function started (a?[m?)"},
                {9, "\n", "a process that the function started (?)"},
                {10, "0123456789012345678901234567890\n", "a process that the function started (01234567890123456789012)"},
                {11, NULL, "a process that the function started (?)"}};
    char place[] = "/tmp/lrun-unit-XXXXXX";
    struct err err;
    struct limits l;
    cr_assert_not_null(mkdtemp(place));
    OWN_FD int proc = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *dir = xasprintf("%d", ROWS[i].pid), *task = xasprintf("%d/task", ROWS[i].pid),
                     *comm = xasprintf("%d/comm", ROWS[i].pid);
        cr_expect(mkdirat(proc, dir, 0755) == 0 && mkdirat(proc, task, 0755) == 0);
        for (size_t thread = 0; thread <= i; thread++) {
            OWN_PTR char *one = xasprintf("%s/%zu", task, thread);
            cr_expect_eq(mkdirat(proc, one, 0755), 0);
        }
        cr_expect(!ROWS[i].comm || fs_write_new(proc, comm, 0644, ROWS[i].comm, strlen(ROWS[i].comm), &err) == 0);
        struct shortages s = {.killed = ""};
        shortages_note_kill(&s, proc, ROWS[i].pid);
        cr_expect_str_eq(s.killed, ROWS[i].killed);
    }
    cr_expect(mkdirat(proc, "self", 0755) == 0 && mkdirat(proc, "self/task", 0755) == 0 && mkdirat(proc, "self/task/1", 0755) == 0);
    struct shortages s = {.tasks = 0};
    struct stat st;
    set_tasks_max(&l, 15);
    shortages_look_at_tasks(&s, proc, &l);
    if (fstat(proc, &st) == 0 && st.st_nlink > 2) /* a file system that counts directories' links, as /proc does */
        cr_expect(s.tasks == 15 && shortages_of_tasks(&s), "%u", s.tasks);
    fs_remove_tree(AT_FDCWD, place, &err);
}
