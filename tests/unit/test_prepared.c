/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/prepared.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char place[] = "/tmp/lrun-test-prepared-XXXXXX";
static struct cache cache;
static unsigned made;
static unsigned depth; /* of directories in it */
static bool fails;

static int make(int dir, const void *of, struct err *err)
{
    made++;
    if (mkdirat(dir, "root", 0755) < 0 || mkdirat(dir, "root/etc", 0755) < 0)
        return fail(err, 1, "root", "make");
    OWN_PTR char *path = xstrdup("root");
    for (unsigned i = 0; i < depth; i++) {
        OWN_PTR char *above = path;
        path = xasprintf("%s/d", above);
        if (mkdirat(dir, path, 0755) < 0)
            return fail(err, errno, path, "make");
    }
    if (fails)
        return fail(err, 0, NULL, "go on");
    return fs_write_new(dir, "root/etc/passwd", 0644, of, strlen(of), err);
}

static const struct prepared_kind KIND = {"skeleton", "root", make};

static void start(void)
{
    struct err err;
    cr_assert(mkdtemp(place) != NULL);
    cr_assert_eq(cache_open(place, -1, -1, &cache, &err), 0);
}

static void end(void)
{
    struct err ignored;
    cache_done(&cache);
    fs_remove_tree(AT_FDCWD, place, &ignored);
}

static struct prepared get(uint64_t key)
{
    struct err err = {0};
    struct prepared p = PREPARED_NONE;
    cr_assert_eq(prepared_get(&cache, &KIND, key, "a", &p, &err), 0, "%s", err.what);
    return p;
}

/* What somebody may do in the tree. */
static void write_into(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    cr_assert(write(fd, "b", 1) == 1);
    close(fd);
}

static void make_name(const char *path)
{
    char name[256];
    snprintf(name, sizeof name, "%.*s/new", (int)(strrchr(path, '/') - path), path);
    cr_assert_eq(mkdir(name, 0755), 0);
}

static void open_to_all(const char *path)
{
    cr_assert_eq(chmod(path, 0666), 0);
}

static void replace(const char *path)
{
    char name[256];
    snprintf(name, sizeof name, "%.200s.new", path);
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    cr_assert(write(fd, "a", 1) == 1 && rename(name, path) == 0);
    close(fd);
}

static void take_away(const char *path)
{
    cr_assert_eq(unlink(path), 0);
}

static void lead_elsewhere(const char *path)
{
    cr_assert(unlink(path) == 0 && symlink("/etc/shadow", path) == 0);
}

Test(prepared, is_made_once_for_each_key)
{
    start();
    struct prepared one = get(1), again = get(1), other = get(2);
    cr_expect(made == 2 && strcmp(one.path, again.path) == 0 && strcmp(one.path, other.path) != 0);
    cr_expect(prepared_is_whole(&cache, &one) && prepared_is_whole(&cache, &other));
    prepared_done(&one), prepared_done(&again), prepared_done(&other);
    end();
}

Test(prepared, what_was_changed_is_taken_away_and_made_anew)
{
    static void (*const CHANGES[])(const char *) = {write_into, make_name, open_to_all, replace, take_away, lead_elsewhere};
    char file[300];
    start();
    for (size_t i = 0; i < COUNT(CHANGES); i++) {
        struct prepared p = get(1);
        cr_expect(prepared_is_whole(&cache, &p), "%zu", i);
        snprintf(file, sizeof file, "%s/etc/passwd", p.path);
        CHANGES[i](file);
        cr_expect(!prepared_is_whole(&cache, &p) && access(p.path, F_OK) < 0, "%zu", i);
        prepared_done(&p);
    }
    struct prepared last = get(1);
    cr_expect(made == COUNT(CHANGES) + 1 && prepared_is_whole(&cache, &last));
    prepared_done(&last);
    end();
}

Test(prepared, without_its_seal_or_with_anothers_it_is_not_whole)
{
    char seal[300];
    start();
    struct prepared one = get(1), other = get(2);
    snprintf(seal, sizeof seal, "%s/../seal", one.path);
    cr_assert_eq(unlink(seal), 0);
    cr_expect(!prepared_is_whole(&cache, &one));
    snprintf(seal, sizeof seal, "%s/../seal", other.path);
    cr_assert_eq(truncate(seal, 17), 0);
    cr_expect(!prepared_is_whole(&cache, &other), "a hash of nothing");
    prepared_done(&one), prepared_done(&other);
    end();
}

Test(prepared, what_could_not_be_made_whole_leaves_nothing)
{
    struct err err = {0};
    struct prepared p = PREPARED_NONE;
    char name[300];
    start();
    fails = true;
    cr_expect(prepared_get(&cache, &KIND, 1, "a", &p, &err) == -1 && p.lock < 0);
    snprintf(name, sizeof name, "%s/tmp", cache.path);
    cr_expect_eq(rmdir(name), 0, "it is empty");
    end();
}

Test(prepared, a_deep_one_is_sealed_like_another_and_one_without_end_is_refused)
{
    struct err err = {0};
    struct prepared p = PREPARED_NONE;
    start();
    depth = 40;
    p = get(1);
    cr_expect(prepared_is_whole(&cache, &p));
    prepared_done(&p);
    depth = 400;
    cr_expect(prepared_get(&cache, &KIND, 2, "a", &p, &err) == -1 && err.no == E2BIG && p.lock < 0);
    end();
}

Test(prepared, one_of_another_boot_is_not_used_and_goes_when_one_is_made)
{
    char earlier[128];
    struct prepared p;
    start();
    p = get(1);
    snprintf(earlier, sizeof earlier, "skeleton/0000beef-%016x", 1);
    cr_assert_eq(renameat(cache.dir, p.name, cache.dir, earlier), 0);
    prepared_done(&p);
    p = get(1);
    cr_expect(made == 2 && faccessat(cache.dir, earlier, F_OK, 0) < 0);
    prepared_done(&p);
    end();
}

Test(prepared, prune_leaves_what_is_used)
{
    struct err err;
    start();
    struct prepared one = get(1), other = get(2);
    OWN_PTR char *other_path = xstrdup(other.path);
    prepared_done(&other);
    cr_expect_eq(prepared_prune(&cache, true, &err), 0);
    cr_expect(access(one.path, F_OK) == 0 && access(other_path, F_OK) < 0);
    prepared_done(&one);
    end();
}

Test(prepared, what_others_use_stays_and_what_has_its_name_by_now_too)
{
    char file[300];
    start();
    struct prepared one = get(1), server = get(1), late = get(1);
    snprintf(file, sizeof file, "%s/etc/passwd", one.path);
    write_into(file);
    cr_expect(!prepared_is_whole(&cache, &one) && access(file, F_OK) == 0, "a server's next environment looks for it");
    prepared_done(&server);
    own_close(&late.lock);
    late.lock = openat(cache.dir, late.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_expect(!prepared_is_whole(&cache, &one) && access(file, F_OK) < 0);
    prepared_done(&one); /* nobody's lock is in the way then */
    struct prepared good = get(1);
    cr_expect(!prepared_is_whole(&cache, &late) && prepared_is_whole(&cache, &good) && access(file, F_OK) == 0, "that is another");
    prepared_done(&late), prepared_done(&good);
    end();
}
