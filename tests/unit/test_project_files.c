/* SPDX-License-Identifier: Apache-2.0 */
/* What lrun-project sees of the disk: what lies beneath the root, under one name each, and what it keeps of having looked. */
#include "project/files.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place { /* a directory with a project and what is beside it */
    char path[64];
    struct arena arena;
    struct files files;
};

static void put(const struct place *p, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", p->path, name);
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

static void point(const struct place *p, const char *name, const char *to)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", p->path, name);
    cr_assert_eq(symlink(to, path), 0);
}

static void start(struct place *p)
{
    *p = (struct place){.path = "/tmp/lrun-files-XXXXXX"};
    cr_assert_not_null(mkdtemp(p->path));
    int at = open(p->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cr_assert(mkdirat(at, "root", 0755) == 0 && mkdirat(at, "root/d", 0755) == 0);
    p->files = (struct files){.arena = &p->arena, .root = openat(at, "root", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    close(at);
    put(p, "secret", "outside");
    put(p, "root/a.json", "{\"k\": 1}");
    put(p, "root/b.yaml", "k: !Ref v\n");
    put(p, "root/samconfig.toml", "[k]\n");
    put(p, "root/d/bad.yaml", "a: 1\nb: [\n");
    put(p, "root/d/empty", "");
    point(p, "root/inside", "d/../a.json");
    point(p, "root/outside", "../secret");
    point(p, "root/absolute", "/etc/hostname");
    point(p, "root/loop", "loop");
    point(p, "root/up", "..");
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void stop(struct place *p)
{
    close(p->files.root);
    arena_done(&p->arena);
    nftw(p->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

Test(project_files, paths_are_joined_and_made_clean)
{
    static const struct {
        const char *dir, *path, *root, *joined;
    } ROWS[] = {
        {"", "a", NULL, "a"},
        {"", ".", NULL, ""},
        {"", "", NULL, ""},
        {"a/b", "", NULL, "a/b"},
        {".aws-sam/build", "Fn", NULL, ".aws-sam/build/Fn"},
        {".aws-sam/build", "../../x.zip", NULL, "x.zip"},
        {".aws-sam/build", "../..", NULL, ""},
        {".aws-sam/build", "../../../x.zip", NULL, NULL},
        {"a", ".././../a/b", NULL, NULL}, /* out, and in again by a name that we cannot know */
        {"", "..", NULL, NULL},
        {"a", "./b//c/./d/", NULL, "a/b/c/d"},
        {"a", "..b/...", NULL, "a/..b/..."},
        {"a", "/home/me/shop/x.zip", NULL, NULL},
        {"a", "/home/me/shop/x.zip", "/home/me/shop", "x.zip"},
        {"a", "/home/me/shop/.serverless/../x.zip", "/home/me/shop/", "x.zip"},
        {"a", "/home/me/shop", "/home/me/shop", ""},
        {"a", "/home/me/shopping/x", "/home/me/shop", NULL},
        {"a", "/home/me/other/x", "/home/me/shop", NULL},
        {"a", "/home/me/shop/../x", "/home/me/shop", NULL},
        {"a", "/x/y", "/", "x/y"},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const char *joined = files_join(&a, ROWS[i].dir, ROWS[i].path, ROWS[i].root);
        cr_expect_str_eq(joined ? joined : "(none)", ROWS[i].joined ? ROWS[i].joined : "(none)", "%s + %s", ROWS[i].dir, ROWS[i].path);
    }
    cr_expect_str_eq(files_dir(&a, "a/b/c.yaml"), "a/b");
    cr_expect_str_eq(files_dir(&a, "c.yaml"), "");
    arena_done(&a);
}

Test(project_files, what_is_looked_at_is_kept_found_or_not)
{
    struct place p;
    start(&p);
    cr_assert_eq(files_look(&p.files, "a.json")->kind, SEEN_FILE);
    cr_assert_eq(files_look(&p.files, "./d/../a.json")->size, 8);
    cr_assert_eq(files_look(&p.files, "d")->kind, SEEN_DIR);
    cr_assert_eq(files_look(&p.files, "none")->kind, SEEN_ABSENT);
    cr_assert_eq(files_look(&p.files, "")->kind, SEEN_DIR);
    cr_assert_eq(files_look(&p.files, "inside")->kind, SEEN_FILE);
    cr_assert_eq(p.files.n, 5); /* a.json once */
    cr_assert_str_eq(p.files.seen[2].path, "none");
    cr_assert_eq(p.files.seen[0].ino, p.files.seen[4].ino);
    cr_assert_neq(p.files.seen[0].mtime_s, 0);
    stop(&p);
}

Test(project_files, what_lies_outside_does_not_exist)
{
    static const char *const OUTSIDE[] = {"outside",        "absolute",      "loop",      "up/secret",
                                          "up/root/a.json", "/etc/hostname", "../secret", "d/../../secret"};
    struct place p;
    start(&p);
    for (size_t i = 0; i < sizeof OUTSIDE / sizeof *OUTSIDE; i++) {
        const char *bytes;
        size_t n;
        struct err err = {0};
        cr_expect_eq(files_look(&p.files, OUTSIDE[i])->kind, SEEN_ABSENT, "%s", OUTSIDE[i]);
        cr_expect_eq(files_read(&p.files, OUTSIDE[i], &bytes, &n, &err), -1, "%s", OUTSIDE[i]);
        cr_expect_null(files_document(&p.files, OUTSIDE[i], &err), "%s", OUTSIDE[i]);
        cr_expect(err.what[0], "%s", OUTSIDE[i]);
        cr_expect_eq(err.hint[0] != 0, strcmp(OUTSIDE[i], "loop") != 0, "%s", OUTSIDE[i]);
    }
    stop(&p);
}

Test(project_files, only_regular_files_are_read)
{
    struct place p;
    const char *bytes;
    size_t n;
    struct err err = {0};
    start(&p);
    cr_assert_eq(files_read(&p.files, "d/empty", &bytes, &n, &err), 0);
    cr_assert_eq(n, 0);
    cr_assert_eq(files_read(&p.files, "inside", &bytes, &n, &err), 0);
    cr_assert_str_eq(bytes, "{\"k\": 1}");
    cr_assert_eq(files_read(&p.files, "d", &bytes, &n, &err), -1);
    cr_assert_eq(err.no, EISDIR);
    cr_assert_eq(mkfifoat(p.files.root, "pipe", 0644), 0);
    cr_assert_eq(files_read(&p.files, "pipe", &bytes, &n, &err), -1); /* and it does not wait */
    int fd = openat(p.files.root, "large", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    cr_assert(fd >= 0 && ftruncate(fd, DOCUMENT_MAX + 1) == 0);
    close(fd);
    cr_assert_eq(files_read(&p.files, "large", &bytes, &n, &err), -1);
    cr_assert_eq(err.no, EFBIG);
    stop(&p);
}

Test(project_files, a_document_s_language_is_seen_from_its_beginning)
{
    struct place p;
    struct err err = {0};
    start(&p);
    cr_assert_eq(node_find(files_document(&p.files, "a.json", &err), "k")->kind, NODE_NUMBER);
    cr_assert_str_eq(node_text(node_at(files_document(&p.files, "b.yaml", &err), "k", "Ref", NULL)), "v");
    cr_assert_eq(node_find(files_document(&p.files, "samconfig.toml", &err), "k")->kind, NODE_MAP);
    cr_assert_eq(files_document(&p.files, "d/empty", &err)->kind, NODE_NULL);
    put(&p, "root/braces.yaml", "{k: !Ref v}");
    put(&p, "root/braces.json", "{k: 1}");
    cr_assert_str_eq(node_text(node_at(files_document(&p.files, "braces.yaml", &err), "k", "Ref", NULL)), "v");
    cr_assert_null(files_document(&p.files, "braces.json", &err));
    cr_assert_str_eq(err.what, "read JSON from");
    cr_assert_eq(files_document(&p.files, "b.yaml", &err), files_document(&p.files, "d/.././b.yaml", &err)); /* read once */
    for (int again = 0; again < 2; again++) {
        err = (struct err){0};
        cr_assert_null(files_document(&p.files, "d/bad.yaml", &err));
        cr_assert_str_eq(err.path, "d/bad.yaml");
        cr_assert(strstr(err.hint, "line 3, column 1: "), "%s", err.hint);
    }
    stop(&p);
}

Test(project_files, a_name_that_stands_twice_is_noted_with_its_line)
{
    struct place p;
    struct err err = {0};
    start(&p);
    put(&p, "root/twice.yaml", "A: 1\nB:\n  c: 1\n  c: 2\nA: 3\n");
    put(&p, "root/twice.json", "{\"A\": 1,\n\"A\": 2}");
    cr_assert_str_eq(node_text(node_find(files_document(&p.files, "twice.yaml", &err), "A")), "3");
    cr_assert_str_eq(node_text(node_find(files_document(&p.files, "twice.json", &err), "A")), "2");
    cr_assert_eq(p.files.doubled->n, 3);
    cr_assert(node_is(p.files.doubled->items[0], "c") && p.files.doubled->items[0]->line == 4);
    cr_assert(node_is(p.files.doubled->items[1], "A") && p.files.doubled->items[1]->line == 5);
    cr_assert_eq(p.files.doubled->items[2]->line, 2);
    cr_assert_str_eq(p.files.doubled->items[2]->source, "twice.json");
    stop(&p);
}

Test(project_files, directories_are_listed_in_order)
{
    struct place p;
    const char **names;
    start(&p);
    cr_assert_eq(files_list(&p.files, "d", &names), 2);
    cr_assert_str_eq(names[0], "bad.yaml");
    cr_assert_str_eq(names[1], "empty");
    cr_assert_eq(files_list(&p.files, "", &names), 9);
    cr_assert_eq(files_list(&p.files, "a.json", &names), 0);
    cr_assert_eq(files_list(&p.files, "up", &names), 0);
    cr_assert_eq(files_list(&p.files, "none", &names), 0);
    cr_assert_eq(p.files.n, 5);
    stop(&p);
}

Test(project_files, ten_thousand_paths_have_one_place_each)
{
    struct place p;
    start(&p);
    for (int again = 0; again < 2; again++)
        for (int i = 0; i < 10000; i++)
            files_look(&p.files, arena_printf(&p.arena, "d/none-%d", i));
    cr_assert_eq(p.files.n, 10000);
    cr_assert_str_eq(p.files.seen[9999].path, "d/none-9999");
    stop(&p);
}
