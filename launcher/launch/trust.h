/* SPDX-License-Identifier: Apache-2.0 */
/* trust.h: paths that a sandbox must not write, since lrun or its user trusts them, and paths that it must not be shown.
 *
 * Places are compared by device and inode, up the chains of directories above both, and by where they, and what is mounted below them, lie
 * in their file system, since a bind mount shows a tree elsewhere. Not seen: the parts of an overlay under their own names, and further
 * names of single files (hard links) in a directory. */
#ifndef LRUN_TRUST_H
#define LRUN_TRUST_H

#include "launcher/launch/identity.h"

#include <stdbool.h>

/* Refuses what the sandbox may not write: all that holds, or lies in, the cache (cache_dir: the one in use; base: its base, or NULL), the
 * stores of runtimes and layers, lrun's configuration; all that holds its programs. path is the name of what fd is. */
int trust_check_writable(int fd, const char *path, const char *cache_dir, const char *base, const struct identity *id, struct err *err);

/* Refuses to show a directory that is, or holds, the home directory or a place where a user's programs listen. far: looked for behind
 * bind mounts too. */
int trust_check_shown(int fd, const char *path, bool far, const struct identity *id, struct err *err);

/* The same of a language's prefix, the directory above its bin, which is shown whole though only a program in it was named or found:
 * neither may it hold what a user's programs keep, as ~/.local does. */
int trust_check_prefix(int fd, const char *path, const struct identity *id, struct err *err);

#endif
