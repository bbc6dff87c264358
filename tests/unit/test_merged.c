/* SPDX-License-Identifier: Apache-2.0 */
/* Function and layers over one another, from manifests and from directories. */
#include "base/fs.h"
#include "base/own.h"
#include "cache/merged.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PARTS = 3 };

static char place[32];
static struct merged_part parts[PARTS];

/* A part of an archive: its entry holds a manifest alone. */
static void add_archive(unsigned part, const char *at, const char *manifest)
{
    struct err err;
    OWN_PTR char *name = xasprintf("%s/%u", place, part);
    cr_expect_eq(mkdir(name, 0755), 0);
    parts[part] = (struct merged_part){.at = at, .entry = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .tree = -1};
    cr_expect_eq(fs_write_new(parts[part].entry, "manifest", 0644, manifest, strlen(manifest), &err), 0);
}

static void start(void)
{
    snprintf(place, sizeof place, "/tmp/lrun-unit-XXXXXX");
    cr_expect(mkdtemp(place) != NULL);
}

static void end(void)
{
    struct err ignored;
    for (unsigned i = 0; i < PARTS; i++) {
        if (parts[i].at)
            close(parts[i].entry >= 0 ? parts[i].entry : parts[i].tree);
        parts[i] = (struct merged_part){.at = NULL};
    }
    fs_remove_tree(AT_FDCWD, place, &ignored);
}

#define HEAD "lrun-manifest 1\nsize 1 entries 1 replaced 0\n"

Test(merged, the_highest_part_is_seen_and_directories_merge)
{
    struct merged m;
    struct err err;
    start();
    add_archive(0, "/var/task", HEAD "f 644 644 5 1f 7 app.py\nd 755 755 0 0 0 lib\nf 644 644 1 1 0 lib/a\n");
    add_archive(1, "/opt", HEAD "f 644 644 1 1 0 python/a.py\nf 644 644 1 1 0 python/b.py\nf 644 644 1 1 0 x\nf - 644 1 1 0 y/z\n");
    add_archive(2, "/opt", HEAD "f 600 200 2 2 0 python/b.py\nd 755 755 0 0 0 x\nl 777 0 1 0 0 y\n");
    cr_assert_eq(merged_read(parts, 3, &m, &err), 0);
    const struct merged_file *f = merged_find(&m, "/var/task/app.py");
    cr_expect(f && f->part == 0 && f->size == 5 && f->crc == 0x1f && f->mtime == 7 && f->mode == 0644 &&
              strcmp(merged_name(&m, f), "app.py") == 0);
    f = merged_find(&m, "/opt/python/b.py");
    cr_expect(f && f->part == 2 && f->mode == 0600 && f->stored == 0200);
    cr_expect(merged_find(&m, "/opt/python/a.py")->part == 1, "beside it");
    cr_expect(merged_find(&m, "/opt/python")->type == 'd' && merged_find(&m, "/opt/python")->mode == -1, "no archive names it");
    cr_expect(merged_find(&m, "/opt/x")->part == 2 && merged_find(&m, "/opt/x")->type == 'd', "a directory over a file");
    cr_expect(merged_find(&m, "/opt/y")->type == 'l' && !merged_find(&m, "/opt/y/z"), "a link hides what was below");
    cr_expect(!merged_find(&m, "/var/task") && !merged_find(&m, "/opt/python/") && !merged_find(&m, "") && !merged_find(&m, "/opt/pytho"));
    unsigned hidden = 0;
    for (size_t i = 0; i < m.n; i++)
        hidden += m.files[i].hidden;
    cr_expect_eq(hidden, 4, "b.py, x, y and y/z of the first layer: %u", hidden);
    merged_done(&m);
    end();
}

Test(merged, what_lies_in_a_directory_follows_it)
{
    struct merged m;
    struct err err;
    start();
    add_archive(0, "/opt", HEAD "f - 644 1 1 0 a-b\nf - 644 1 1 0 a/x\nf - 644 1 1 0 a.b\nf - 644 1 1 0 a/b/c\n");
    cr_assert_eq(merged_read(parts, 1, &m, &err), 0);
    static const char *const ORDER[] = {"/opt/a", "/opt/a/b", "/opt/a/b/c", "/opt/a/x", "/opt/a-b", "/opt/a.b"};
    cr_assert_eq(m.n, COUNT(ORDER));
    for (size_t i = 0; i < m.n; i++)
        cr_expect_str_eq(m.files[i].path, ORDER[i]);
    cr_expect(merged_beginning(&m, "/opt/a/") == &m.files[1] && !merged_beginning(&m, "/opt/b"));
    const struct merged_file *one = merged_ending(&m, "b", NULL);
    cr_expect(one == &m.files[1] && merged_ending(&m, "b", one) == &m.files[4] && merged_ending(&m, "b", &m.files[4]) == &m.files[5]);
    cr_expect_null(merged_ending(&m, "b", &m.files[5]));
    merged_done(&m);
    end();
}

Test(merged, facts_of_elf_files_belong_to_the_line_before)
{
    struct merged m;
    struct err err;
    start();
    add_archive(0, "/opt",
                HEAD "f - 644 1 1 0 lib/a.so\nelf 62 64 3 - libc.so.6 libc.so.6:GLIBC_2.34 lib/a.so\nf - 644 1 1 0 b\n"
                     "elf 62 64 3 - - - other\n");
    cr_assert_eq(merged_read(parts, 1, &m, &err), 0);
    const struct merged_file *a = merged_find(&m, "/opt/lib/a.so"), *b = merged_find(&m, "/opt/b");
    cr_expect(a->elf && a->elf->machine == 62 && a->elf->bits == 64 && strcmp(a->elf->needed, "libc.so.6") == 0);
    cr_expect(!b->elf, "it is of no file that is there");
    merged_done(&m);
    end();
}

Test(merged, a_directory_is_read_without_following_links)
{
    struct merged m;
    struct err err;
    start();
    OWN_PTR char *name = xasprintf("%s/0", place);
    cr_expect_eq(mkdir(name, 0755), 0);
    parts[0] = (struct merged_part){.at = "/var/task", .entry = -1, .tree = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    cr_expect(mkdirat(parts[0].tree, "d", 0750) == 0 && symlinkat("/etc", parts[0].tree, "out") == 0);
    cr_expect_eq(fs_write_new(parts[0].tree, "d/f", 0640, "abc", 3, &err), 0);
    cr_assert_eq(merged_read(parts, 1, &m, &err), 0);
    cr_expect_eq(m.n, 3);
    const struct merged_file *f = merged_find(&m, "/var/task/d/f"), *out = merged_find(&m, "/var/task/out");
    cr_expect(f && f->size == 3 && f->type == 'f' && (f->mode & 0700) == 0600 && out && out->type == 'l' &&
              !merged_find(&m, "/var/task/out/passwd"));
    char head[8];
    cr_expect_eq(merged_head(&m, out, head, sizeof head), -1);
    merged_done(&m);
    end();
}

Test(merged, an_entry_without_a_manifest_is_an_error)
{
    struct merged m;
    struct err err;
    start();
    add_archive(0, "/opt", "");
    cr_expect_eq(unlinkat(parts[0].entry, "manifest", 0), 0);
    cr_expect(merged_read(parts, 1, &m, &err) == -1 && err.what[0]);
    merged_done(&m);
    end();
}
