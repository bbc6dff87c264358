/* SPDX-License-Identifier: Apache-2.0 */
/* mount_table.h: what is mounted where lrun stands, and where a descriptor's file lies in its file system. */
#ifndef LRUN_MOUNT_TABLE_H
#define LRUN_MOUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount_line {
    uint64_t number;
    const char *device; /* major:minor of the file system */
    const char *root;   /* the path there that is mounted; "": all of it */
    const char *place;  /* where; "": at / */
};

struct mount_table {
    char *text;
    struct mount_line *at;
    size_t n;
};

/* An empty one if there is no /proc. */
struct mount_table mount_table_read(void);
void mount_table_done(struct mount_table *t);

/* The file system's device, of the table, and the paths here and in it, owned. False, and nothing, if they are not known. */
bool mount_table_find(const struct mount_table *t, int fd, const char **ret_device, char **ret_path, char **ret_in_fs);

/* The path of a descriptor, owned; NULL if it has none. */
char *mount_table_path(int fd);

/* Whether path is above, or the same; both without a slash at their ends. */
bool mount_table_is_above(const char *above, const char *path);

#endif
