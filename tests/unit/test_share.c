/* SPDX-License-Identifier: Apache-2.0 */
/* The processor's share: only what stops and continues nobody. */
#include "base/fs.h"
#include "base/own.h"
#include "launcher/sandbox/share.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* A process chooses its name, also one that looks like what follows it. */
Test(share, a_processs_times_are_read_behind_its_name)
{
    static const struct {
        const char *stat;
        bool good;
        double own, children;
    } ROWS[] = {{"5 (sh) S 1 5 5 0 -1 4194304 1 2 3 4 100 50 25 5 20 0 1 0\n", true, 1.5, 0.3},
                {"5 (a) S 1 1 1 1 1 1 1 1 1 1 9 9 9 9) S 1 5 5 0 -1 4194304 1 2 3 4 100 50 25 5 20\n", true, 1.5, 0.3},
                {"5 () (() R 1 5 5 0 -1 0 0 0 0 0 0 0 0 0\n", true, 0, 0},
                {"5 (sh) S 1 5 5 0 -1 4194304 1 2 3 4 100 50 25\n", false, 0, 0},
                {"5 (sh) S", false, 0, 0},
                {"5 sh S 1 5 5 0 -1 4194304 1 2 3 4 100 50 25 5\n", false, 0, 0},
                {"", false, 0, 0}};
    char place[] = "/tmp/lrun-unit-XXXXXX";
    struct err err;
    cr_assert_not_null(mkdtemp(place));
    OWN_FD int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct process_times t = {-1, -1};
        cr_expect_eq(fs_replace(dir, "stat", ROWS[i].stat, strlen(ROWS[i].stat), &err), 0);
        cr_expect_eq(share_times(dir, "stat", &t), ROWS[i].good, "%s", ROWS[i].stat);
        cr_expect(!ROWS[i].good || (t.own > ROWS[i].own - 0.001 && t.own < ROWS[i].own + 0.001 && t.children > ROWS[i].children - 0.001 &&
                                    t.children < ROWS[i].children + 0.001),
                  "%s: %f %f", ROWS[i].stat, t.own, t.children);
    }
    struct process_times t;
    cr_expect_not(share_times(dir, "none", &t), "it is gone");
    fs_remove_tree(AT_FDCWD, place, &err);
}

Test(share, without_a_rate_nothing_is_looked_at)
{
    struct share s = {.rate = 0, .stopped = true};
    cr_expect(share_look(&s, false) == -1 && share_look(&s, true) == -1 && !share_holds(&s));
    s.rate = 0.5;
    cr_expect(share_holds(&s));
    s.stopped = false;
    cr_expect_not(share_holds(&s));
}
