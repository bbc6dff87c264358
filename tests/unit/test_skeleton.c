/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts/skeleton.h"

#include "base/fs.h"
#include "base/own.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST(at, from, more) \
    { \
        .kind = ROW_BIND, .flags = FLAG_OPTIONAL | (more), .target = (at), .source = {.path = (from), .tree = -1 } \
    }

enum { ETC, PASSWD, RUN, LINK, USR, THERE, ABSENT, LINKED, FILE_THERE, TMP, IN_TMP, ROWS };

static void fill(struct plan *p)
{
    const struct row rows[ROWS] = {
        [ETC] = {.kind = ROW_DIR, .target = "etc", .mode = 0755},
        [PASSWD] = {.kind = ROW_FILE, .target = "etc/passwd", .mode = 0640, .text = "root:x\n"},
        [RUN] = {.kind = ROW_DIR, .target = "run", .mode = 01777},
        [LINK] = {.kind = ROW_LINK, .target = "etc/os-release", .text = "../usr/lib/os-release"},
        [USR] = {.kind = ROW_OVERLAY, .flags = FLAG_TRY, .target = "usr"},
        [THERE] = HOST("usr/bin", "/usr/bin", FLAG_ELSE),
        [ABSENT] = HOST("lib33", "/nonexistent", 0),
        [LINKED] = HOST("self", "/proc/self", 0),
        [FILE_THERE] = HOST("etc/services", "/dev/null", FLAG_FILE),
        [TMP] = {.kind = ROW_TMPFS, .target = "tmp"},
        [IN_TMP] = HOST("tmp/x", "/usr", 0),
    };
    *p = (struct plan){.skeleton = USR};
    for (size_t i = 0; i < ROWS; i++)
        plan_add(p, rows[i]);
}

static uint64_t key_of(struct plan *p)
{
    uint64_t key = 0;
    cr_expect(skeleton_settle(p, &key));
    plan_done(p);
    return key;
}

Test(skeleton, a_place_is_settled_by_what_the_host_has)
{
    struct plan p;
    uint64_t key;
    char link[16];
    fill(&p);
    cr_assert(skeleton_settle(&p, &key));
    cr_expect(p.rows[THERE].flags & FLAG_PLACED, "the overlay over it may be refused");
    cr_expect(p.rows[FILE_THERE].flags & FLAG_PLACED);
    cr_expect(p.rows[ABSENT].flags & FLAG_DONE && p.rows[ABSENT].kind == ROW_BIND);
    snprintf(link, sizeof link, "%d", (int)getpid());
    cr_expect(p.rows[LINKED].flags & FLAG_DONE && p.rows[LINKED].kind == ROW_LINK && strcmp(p.rows[LINKED].text, link) == 0);
    cr_expect(!(p.rows[IN_TMP].flags & (FLAG_PLACED | FLAG_DONE)), "it lies on a mount");
    plan_done(&p);
}

Test(skeleton, whatever_it_is_made_from_is_in_its_key)
{
    struct plan p;
    fill(&p);
    const uint64_t key = key_of(&p);
    fill(&p);
    cr_expect_eq(key_of(&p), key);
    fill(&p);
    p.rows[PASSWD].text = "root:y\n";
    cr_expect(key_of(&p) != key, "a text");
    fill(&p);
    p.rows[PASSWD].mode = 0644;
    cr_expect(key_of(&p) != key, "a mode");
    fill(&p);
    p.rows[LINK].text = "../usr/lib/os-releasf";
    cr_expect(key_of(&p) != key, "a link");
    fill(&p);
    p.rows[RUN].target = "rum";
    cr_expect(key_of(&p) != key, "a name");
    fill(&p);
    p.rows[ABSENT].source.path = "/usr";
    cr_expect(key_of(&p) != key, "what the host has");
    fill(&p);
    p.rows[LINKED].source.path = "/proc/thread-self";
    cr_expect(key_of(&p) != key, "where a link of the host's leads");
}

Test(skeleton, where_a_user_chose_a_place_none_is_prepared)
{
    struct plan p;
    uint64_t key;
    fill(&p);
    p.rows[IN_TMP].flags |= FLAG_USER;
    cr_expect(!skeleton_settle(&p, &key) && !(p.rows[THERE].flags & FLAG_PLACED) && p.rows[LINKED].kind == ROW_BIND);
    plan_done(&p);
}

static mode_t mode_of(int dir, const char *path)
{
    struct stat st;
    return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_mode;
}

Test(skeleton, has_the_rows_and_the_places_and_nothing_else)
{
    char place[] = "/tmp/lrun-test-skeleton-XXXXXX", text[16];
    struct plan p;
    struct err err;
    uint64_t key;
    cr_assert(mkdtemp(place));
    OWN_FD int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fill(&p);
    const mode_t before = umask(077);
    cr_assert(skeleton_settle(&p, &key) && skeleton_make(&p, dir, &err) == 0);
    cr_expect(umask(before) == 077, "the caller's mask is as it was");
    cr_expect(mode_of(dir, "etc") == (S_IFDIR | 0755) && mode_of(dir, "etc/passwd") == (S_IFREG | 0640) &&
              mode_of(dir, "run") == (S_IFDIR | 01777));
    cr_expect(fs_read_small(dir, "etc/passwd", text, sizeof text) == 7);
    cr_expect(S_ISLNK(mode_of(dir, "etc/os-release")) && S_ISLNK(mode_of(dir, "self")));
    cr_expect(S_ISDIR(mode_of(dir, "usr/bin")) && S_ISREG(mode_of(dir, "etc/services")));
    cr_expect(!mode_of(dir, "lib33") && !mode_of(dir, "tmp") && !mode_of(dir, "tmp/x"));
    plan_done(&p);
    fs_remove_tree(AT_FDCWD, place, &err);
}

Test(skeleton, what_the_cache_holds_at_its_place_joins_the_root)
{
    const struct {
        struct source source;
        const char *target;
        bool rootfs, joins;
    } ROWS_OF[] = {
        {{.path = "/c/tree/opt", .tree = -1, .place = "opt"}, "opt", false, true},
        {{.path = "/c/tree/opt", .tree = -1, .place = "opt"}, "opt", true, false},
        {{.path = "/c/tree/opt", .tree = -1, .place = "opt"}, "var/task", false, false},
        {{.path = "/c/tree", .tree = -1, .place = ""}, "opt", false, false},
        {{.path = "/home/me/layer", .tree = -1}, "opt", false, false},
        {{.path = "/c/tree/opt", .tree = 5, .place = "opt"}, "opt", false, false},
        {{.path = "c/tree/opt", .tree = -1, .place = "opt"}, "opt", false, false},
        {{.path = "/c/tree/opt", .tree = -1, .place = "opt", .below = "python"}, "opt", false, false},
    };
    for (size_t i = 0; i < sizeof ROWS_OF / sizeof *ROWS_OF; i++) {
        const struct source two[] = {{.path = "/d/tree/opt", .tree = -1, .place = "opt"}, ROWS_OF[i].source};
        struct plan p = {.has_rootfs = ROWS_OF[i].rootfs};
        uint64_t key;
        plan_add(&p, (struct row){.kind = ROW_OVERLAY, .target = ROWS_OF[i].target, .sources = two, .n = 2});
        cr_assert(skeleton_settle(&p, &key));
        cr_expect_eq((p.rows[0].flags & FLAG_JOINED) != 0, ROWS_OF[i].joins, "row %zu", i);
        plan_done(&p);
    }
}
