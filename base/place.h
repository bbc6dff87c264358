/* SPDX-License-Identifier: Apache-2.0 */
/* place.h: opening and making what the user named by a path, so that root cannot be led elsewhere.
 *
 * A name is root's own as long as nobody else could have laid it: its directory belongs to root and only root may write
 * there, or it is sticky and the entry is root's. So, while lrun is root:
 *   - a link is followed as it is where it is root's own; any other is followed with the rights of the user who laid it;
 *   - what is written is, in a directory of others, a regular file with this one name, or a new one;
 *   - a directory made for another user is made as that user, in one call: nothing is ever given away by chown.
 * Directories are walked by descriptor, so that what was looked at is what is used. For an ordinary user, and after the
 * change of identity, these are open(2) and mkdir(2).
 *
 * No other file may make or open for writing by a path (make layers). */
#ifndef LRUN_PLACE_H
#define LRUN_PLACE_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* open(2), closed on exec. mode is for O_CREAT. Returns the descriptor, or -1 with err: "cannot WHAT 'PATH'". */
int place_open(const char *path, int flags, mode_t mode, const char *what, struct err *err);

/* Opens path beneath root, links that stay beneath it followed, with the rights of this uid where lrun is root: it is a stranger's file
 * that named it. -1 with err; EXDEV: it leads out. */
int place_open_beneath(int root, const char *path, int flags, uid_t uid, gid_t gid, const char *what, struct err *err);

/* Opens the file for reading, and reads it whole. More than most bytes is an error. -1 with err. */
int place_read(const char *path, size_t most, const char *what, struct text *ret, struct err *err);

/* Opens the directory (to be listed), made with this mode if it is not there, for uid and gid if we are root. Parents are
 * made too, by root for root (0755), by a user with the same mode. made may be NULL. Returns the descriptor, or -1 with err. */
int place_dir(const char *path, mode_t mode, uid_t uid, gid_t gid, int *ret_made, struct err *err);

struct place_ids { /* directories, by what they are and not by what they are called */
    struct place_id {
        dev_t dev;
        ino_t ino;
    } * at;
    size_t n;
};

/* Adds the directories that path leads through, those of links on the way too, and what it names, as far as they are there.
 * ret_last: the last of them, open (O_PATH). Returns 1 if all of path is there, 0 if not, -1 with errno. */
int place_trail(const char *path, struct place_ids *ids, int *ret_last);
/* Adds the directory and all above it. -1 with errno. */
int place_chain(int dir, struct place_ids *ids);
bool place_has(const struct place_ids *ids, dev_t dev, ino_t ino);
void place_ids_done(struct place_ids *ids);

#endif
