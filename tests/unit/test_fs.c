/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fs.h"
#include "base/own.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool no_memory;

/* In the place of the C library's. */
DIR *fdopendir(int fd)
{
    DIR *(*theirs)(int) = no_memory ? NULL : (DIR * (*)(int)) dlsym(RTLD_NEXT, "fdopendir");
    errno = theirs ? errno : ENOMEM;
    return theirs ? theirs(fd) : NULL;
}

static int readable = -1; /* how many names are; -1: all */

struct dirent *readdir(DIR *d)
{
    struct dirent *(*theirs)(DIR *) = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
    if (readable == 0) {
        errno = EIO;
        return NULL;
    }
    readable -= readable > 0;
    return theirs(d);
}

Test(fs, a_directory_that_cannot_be_listed_leaves_no_descriptor)
{
    int next = dup(STDIN_FILENO);
    close(next);
    no_memory = true;
    DIR *d = fs_open_dir(AT_FDCWD, "/tmp");
    no_memory = false;
    cr_expect(!d && errno == ENOMEM);
    int now = dup(STDIN_FILENO);
    cr_expect_eq(now, next);
    close(now);
    cr_expect(!fs_open_dir(AT_FDCWD, "/proc/self/cwd") && errno == ENOTDIR, "a link is not followed");
    d = fs_open_dir(AT_FDCWD, "/tmp");
    cr_expect(d && readdir(d));
    closedir(d);
}

Test(fs, a_list_is_sorted_and_an_error_leaves_what_was_in_it)
{
    char dir[] = "/tmp/lrun-unit-XXXXXX";
    struct strv names = {0};
    struct err err;
    cr_assert_not_null(mkdtemp(dir));
    int fd = open(dir, O_RDONLY | O_DIRECTORY), next = dup(STDIN_FILENO);
    close(next);
    cr_expect(fs_list(fd, ".", &names) == 0 && !names.n, "an empty directory");
    for (size_t i = 0; i < 4; i++)
        fs_write_new(fd, (const char *const[]){"b", "\xff", ".a", "a"}[i], 0644, "", 0, &err);
    strv_add(&names, strdup("z"));
    cr_assert_eq(fs_list(fd, ".", &names), 0);
    cr_assert_eq(names.n, 5);
    for (size_t i = 0; i < 5; i++)
        cr_expect_str_eq(names.at[i], ((const char *const[]){"z", ".a", "a", "b", "\xff"})[i]);
    cr_expect(fs_list(fd, "none", &names) < 0 && errno == ENOENT && names.n == 5);
    readable = 3;
    int status = fs_list(fd, ".", &names), no = errno;
    readable = -1;
    cr_expect(status < 0 && no == EIO && names.n == 5, "half a list is none");
    strv_done(&names);
    int now = dup(STDIN_FILENO);
    cr_expect_eq(now, next);
    close(now);
    fs_remove_tree(AT_FDCWD, dir, &err);
    close(fd);
}

Test(fs, removes_a_tree_but_follows_no_link)
{
    char dir[] = "/tmp/lrun-unit-XXXXXX";
    struct err err;
    cr_assert_not_null(mkdtemp(dir));
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    mkdirat(fd, "kept", 0755);
    mkdirat(fd, "kept/file", 0755);
    mkdirat(fd, "gone", 0755);
    mkdirat(fd, "gone/shut", 0000);
    cr_assert_eq(symlinkat("../kept", fd, "gone/link"), 0);
    cr_expect_eq(fs_write_new(fd, "gone/f", 0000, "x", 1, &err), 0);
    cr_expect_eq(fs_remove_tree(fd, "gone", &err), 0);
    cr_expect_eq(faccessat(fd, "gone", F_OK, 0), -1);
    cr_expect_eq(faccessat(fd, "kept/file", F_OK, 0), 0);
    cr_expect_eq(fs_remove_tree(fd, "gone", &err), 0, "what is not there is removed");
    cr_expect_eq(fs_remove_tree(fd, "kept", &err), 0);
    close(fd);
    rmdir(dir);
}

/* A descriptor whose file holds n bytes, at its start. */
static int holding(size_t n)
{
    OWN_PTR char *bytes = xcalloc(n, 1);
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || fs_write_all(fd, bytes, n) < 0)
        return -1;
    lseek(fd, 0, SEEK_SET);
    return fd;
}

Test(fs, reads_all_up_to_the_limit_and_nothing_of_more)
{
    static const struct {
        size_t n, max;
        bool good;
    } ROWS[] = {{0, 0, true},      {1, 0, false},          {99, 100, true},        {100, 100, true},
                {101, 100, false}, {200000, 200000, true}, {200001, 200000, false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_FD int fd = holding(ROWS[i].n);
        struct text t = {0};
        struct err err = {0};
        cr_expect_eq(fs_read_all(fd, ROWS[i].max, "name", &t, &err), ROWS[i].good ? 0 : -1, "%zu", ROWS[i].n);
        cr_expect(ROWS[i].good ? t.n == ROWS[i].n && t.at && !t.at[t.n] : !t.at && err.no == EFBIG && strcmp(err.path, "name") == 0);
        text_done(&t);
    }
}

Test(fs, reads_small_files_by_name_but_through_no_link)
{
    char dir[] = "/tmp/lrun-unit-XXXXXX", buffer[4];
    struct err err;
    cr_assert_not_null(mkdtemp(dir));
    OWN_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_expect_eq(fs_write_new(fd, "f", 0600, "abcdef", 6, &err), 0);
    cr_expect_eq(fs_write_new(fd, "f", 0600, "other", 5, &err), -1);
    cr_expect_eq(err.no, EEXIST);
    cr_expect_eq(fs_read_small(fd, "f", buffer, sizeof buffer), 3);
    cr_expect_str_eq(buffer, "abc");
    cr_assert_eq(symlinkat("f", fd, "l"), 0);
    cr_expect(fs_read_small(fd, "l", buffer, sizeof buffer) == -1 && errno == ELOOP);
    cr_expect(fs_read_small(fd, "none", buffer, sizeof buffer) == -1 && errno == ENOENT);
    cr_expect_eq(fs_replace(fd, "f", "z", 1, &err), 0);
    cr_expect(fs_read_small(fd, "f", buffer, sizeof buffer) == 1 && buffer[0] == 'z');
    cr_expect_eq(mkdirat(fd, "d", 0700), 0);
    cr_expect_eq(fs_replace(fd, "d", "z", 1, &err), -1);
    cr_expect(fs_remove_tree(fd, "f", &err) == 0 && fs_remove_tree(fd, "l", &err) == 0 && fs_remove_tree(fd, "d", &err) == 0);
    cr_expect_eq(rmdir(dir), 0, "no draft is left");
}

Test(fs, empty_is_said_of_a_directory_that_is)
{
    char dir[] = "/tmp/lrun-unit-XXXXXX";
    struct err err;
    cr_assert_not_null(mkdtemp(dir));
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    cr_expect(fs_is_empty(fd, ".") && fs_is_empty(AT_FDCWD, dir));
    cr_expect(!fs_is_empty(fd, "none"));
    fs_write_new(fd, ".a", 0644, "", 0, &err);
    cr_expect(!fs_is_empty(fd, ".") && !fs_is_empty(fd, ".a"));
    fs_remove_tree(AT_FDCWD, dir, &err);
    close(fd);
}
