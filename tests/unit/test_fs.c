/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fs.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
