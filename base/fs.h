/* SPDX-License-Identifier: Apache-2.0 */
/* fs.h: files by descriptor: read whole, write all, remove a tree. Opening what the user named: place.h. */
#ifndef LRUN_FS_H
#define LRUN_FS_H

#include "base/err.h"
#include "base/str.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Reads from fd to its end into ret; more than max bytes is an error (EFBIG). name: for the message. */
int fs_read_all(int fd, size_t max, const char *name, struct text *ret, struct err *err);

/* Reads the file beneath dir, at most size-1 bytes, ends it with 0. Returns the length, or -1 with errno set. */
ssize_t fs_read_small(int dir, const char *path, char *buffer, size_t size);

/* Lists the directory beneath dir ("." for dir itself, from its start). NULL with errno set. */
DIR *fs_open_dir(int dir, const char *path);

/* Adds what is in the directory beneath dir, without . and .., sorted by bytes. -1 with errno set, and ret as it was. */
int fs_list(int dir, const char *path, struct strv *ret);

/* Whether nothing is in the directory beneath dir; false too where that cannot be known. */
bool fs_is_empty(int dir, const char *path);

/* Writes all n bytes, again after EINTR, waiting when fd is non-blocking. Returns -1 with errno set. */
int fs_write_all(int fd, const void *bytes, size_t n);

/* Removes path beneath dir and all below it, following no link and leaving no file system. ENOENT is success. */
int fs_remove_tree(int dir, const char *path, struct err *err);

/* Creates the file beneath dir, which must not exist, and writes n bytes. Returns -1 with err; a part may be there then. */
int fs_write_new(int dir, const char *path, mode_t mode, const void *bytes, size_t n, struct err *err);

/* Writes a file of mode 0600 beneath dir whole or not at all, in place of what was there. Returns -1 with err. */
int fs_replace(int dir, const char *path, const void *bytes, size_t n, struct err *err);

#endif
