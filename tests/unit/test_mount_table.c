/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "base/str.h"
#include "launcher/launch/mount_table.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

Test(mount_table, a_path_is_above_what_is_in_it_and_itself)
{
    static const struct {
        const char *above, *path;
        bool is;
    } ROWS[] = {{"", "", true},        {"", "/a", true},  {"/a", "/a", true},  {"/a", "/a/b", true},       {"/a", "/ab", false},
                {"/a/b", "/a", false}, {"/a", "", false}, {"/a", "/A", false}, {"/a/b", "/a/b/c/d", true}, {"/a", "/b/a", false}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        cr_expect_eq(mount_table_is_above(ROWS[i].above, ROWS[i].path), ROWS[i].is, "%s %s", ROWS[i].above, ROWS[i].path);
}

Test(mount_table, a_descriptor_has_its_path_here_and_in_its_file_system)
{
    struct mount_table t = mount_table_read(), none = {.n = 0};
    OWN_FD int fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC), gone = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    const char *device;
    char *path = NULL, *inside = NULL;
    int pipes[2];
    cr_assert(t.n > 0);
    for (size_t i = 0; i < t.n; i++)
        cr_expect(strchr(t.at[i].device, ':') && (!*t.at[i].place || t.at[i].place[0] == '/') && !str_ends(t.at[i].place, "/"), "%s",
                  t.at[i].place);
    if (mount_table_find(&t, fd, &device, &path, &inside)) { /* where the kernel numbers mounts */
        cr_expect(str_begins(path, "/proc/") && str_ends(path, inside) && strchr(device, ':'), "%s %s", path, inside);
        free(path), free(inside);
    }
    cr_expect_not(mount_table_find(&none, fd, &device, &path, &inside), "where there is no /proc");
    OWN_PTR char *own = mount_table_path(fd);
    cr_expect(own && str_begins(own, "/proc/"));
    cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
    OWN_PTR char *of_pipe = mount_table_path(pipes[0]), *of_none = mount_table_path(-1);
    cr_expect(!of_pipe && !of_none, "they have none");
    close(pipes[0]), close(pipes[1]);
    mount_table_done(&t);
    cr_expect(!t.at && !t.text && gone >= 0);
}
