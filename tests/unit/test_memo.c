/* SPDX-License-Identifier: Apache-2.0 */
/* What the cache remembers of an archive's file, and when that counts no more. */
#include "base/own.h"
#include "cache/cache.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Test(memo, is_made_of_what_has_been_still)
{
    static const struct {
        long s, ns, now_s, now_ns;
        bool still;
    } ROWS[] = {{10, 1, 10, 99000000, false}, {10, 1, 10, 100000001, true}, {10, 0, 12, 0, false},
                {10, 0, 12, 100000000, true}, {10, 1, 9, 0, false},         {10, 999999999, 11, 0, false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct file_state s = {.ctime = {ROWS[i].s, ROWS[i].ns}};
        const struct timespec now = {ROWS[i].now_s, ROWS[i].now_ns};
        cr_expect_eq(cache_is_still(&s, &now), ROWS[i].still, "%zu", i);
    }
}

/* Each part of the key changed alone. */
Test(memo, answers_for_one_content_alone)
{
    char place[] = "/tmp/lrun-unit-XXXXXX", value[8];
    cr_assert(mkdtemp(place));
    OWN_FD int dir = open(place, O_RDONLY | O_DIRECTORY);
    cr_assert(mkdirat(dir, "memo", 0700) == 0);
    struct stat st;
    cr_assert(fstat(dir, &st) == 0);
    struct cache c = {.dir = dir, .dev = st.st_dev, .boot = "boot-1"};
    const struct file_state here = {.dev = st.st_dev, .ino = 7, .size = 3, .mtime = {1, 2}, .ctime = {3, 4}, .mount = 5};
    struct file_state far = here;
    far.dev = st.st_dev + 1;
    const struct file_state *both[] = {&here, &far};
    for (size_t i = 0; i < COUNT(both); i++) {
        cache_remember(&c, "digest", dir, both[i], "abc");
        cr_expect(cache_recall(&c, "digest", both[i], value, sizeof value) && strcmp(value, "abc") == 0, "%zu", i);
        struct file_state other[] = {*both[i], *both[i], *both[i], *both[i]};
        other[0].ino = 8;
        other[1].size = 4;
        other[2].mtime.tv_nsec = 3;
        other[3].ctime.tv_nsec = 5;
        for (size_t k = 0; k < COUNT(other); k++)
            cr_expect(!cache_recall(&c, "digest", &other[k], value, sizeof value), "%zu %zu", i, k);
    }
    far.mount = 6;
    cr_expect(!cache_recall(&c, "digest", &far, value, sizeof value), "another mount");
    far.mount = 0;
    cr_expect(!cache_recall(&c, "digest", &far, value, sizeof value), "a kernel that does not number mounts");
    cache_remember(&c, "version", dir, &far, "abc");
    cr_expect(faccessat(dir, "memo/version-x", F_OK, 0) < 0 && !cache_recall(&c, "version", &far, value, sizeof value));
    snprintf(c.boot, sizeof c.boot, "boot-2");
    cr_expect(!cache_recall(&c, "digest", &here, value, sizeof value), "another boot");
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", place);
    cr_expect(system(command) == 0);
}
