/* SPDX-License-Identifier: Apache-2.0 */
/* mount_table.c: mountinfo as a table, and where a descriptor's file lies in its file system. What follows from it is trust.c's. A
 * bind mount shows one tree at two paths, so a path alone does not tell what would be written. The mount is found by its number, which
 * statx(2) gives (STATX_MNT_ID, Linux 5.8): by path prefix it could be one that covers another. */
#include "launcher/launch/mount_table.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/str.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TEXT_MAX = 16 << 20 };

char *mount_table_path(int fd)
{
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0 || path[0] != '/')
        return NULL;
    path[n] = 0;
    return xstrdup(path);
}

/* mountinfo writes spaces and the like as \ooo. */
static const char *unescape(char *text)
{
    char *to = text;
    for (const char *c = text; *c; c++) {
        bool octal = c[0] == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' && c[2] <= '7' && c[3] >= '0' && c[3] <= '7';
        int code = octal ? (c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0') : *c;
        *to++ = (char)code;
        c += octal ? 3 : 0;
    }
    *to = 0;
    return strcmp(text, "/") == 0 ? "" : text;
}

/* The five first fields of the line: number, parent, device, root, place. */
static bool read_line(char *line, struct mount_line *ret)
{
    char *fields[5], *save = NULL;
    for (int i = 0; i < 5; i++)
        if (!(fields[i] = strtok_r(i ? NULL : line, " ", &save)))
            return false;
    *ret = (struct mount_line){strtoull(fields[0], NULL, 10), fields[2], unescape(fields[3]), unescape(fields[4])};
    return true;
}

struct mount_table mount_table_read(void)
{
    struct mount_table t = {0};
    struct text text = {0};
    struct err ignored;
    size_t room = 0;
    char *save = NULL;
    OWN_FD int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fs_read_all(fd, TEXT_MAX, "mountinfo", &text, &ignored) < 0)
        return t;
    t.text = text.at;
    for (char *line = text.at ? strtok_r(text.at, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
        if (t.n == room)
            t.at = xrealloc(t.at, room = room ? room * 2 : 64, sizeof *t.at);
        t.n += read_line(line, &t.at[t.n]);
    }
    return t;
}

void mount_table_done(struct mount_table *t)
{
    free(t->at);
    free(t->text);
    *t = (struct mount_table){0};
}

bool mount_table_is_above(const char *above, const char *path)
{
    size_t n = strlen(above);
    return strncmp(above, path, n) == 0 && (path[n] == 0 || path[n] == '/');
}

/* The mount's root there, and what follows the mount's place in the path here. */
bool mount_table_find(const struct mount_table *t, int fd, const char **ret_device, char **ret_path, char **ret_in_fs)
{
    struct statx x;
    OWN_PTR char *path = t->n ? mount_table_path(fd) : NULL;
    if (!path || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &x) < 0 || !(x.stx_mask & STATX_MNT_ID))
        return false;
    const char *here = strcmp(path, "/") == 0 ? "" : path;
    for (size_t i = 0; i < t->n; i++) {
        const struct mount_line *m = &t->at[i];
        if (m->number != x.stx_mnt_id)
            continue;
        if (!mount_table_is_above(m->place, here))
            return false;
        *ret_in_fs = xasprintf("%s%s", m->root, here + strlen(m->place));
        *ret_device = m->device;
        *ret_path = take_ptr(&path);
        return true;
    }
    return false;
}
