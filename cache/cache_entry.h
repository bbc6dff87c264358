/* SPDX-License-Identifier: Apache-2.0 */
/* cache_entry.h: one entry of the cache: opening, trusting, publishing, removing. For cache*.c, prepared.c and store.c only. */
#ifndef LRUN_CACHE_ENTRY_H
#define LRUN_CACHE_ENTRY_H

#include "cache/cache.h"

#define KEY_SIZE (DIGEST_HEX + sizeof "-" UNPACKER_VERSION "t")

struct turn;

/* Opens and locks the entry. Returns 1 if it can be trusted, 0 if there is none, -1 with an err.
 * An entry of an earlier boot is verified first, and removed if it fails. */
int entry_open(struct cache *c, const char *digest, enum archive_use use, struct cache_entry *ret, struct err *err);

int entry_open_key(struct cache *c, const char *key, struct cache_entry *ret, struct err *err); /* of whichever version of the unpacker */

/* Makes and locks an empty directory in tmp/; name: at least 64 bytes, "tmp/..." beneath c->dir. */
int entry_begin(struct cache *c, char *name, size_t size, int *ret_dir, struct err *err);

enum { ARCHIVE_NAME_MAX = 200 };

struct entry_facts {                /* members of the file facts that no launch needs */
    int64_t made;                   /* seconds since the epoch; 0: not known */
    char archive[ARCHIVE_NAME_MAX]; /* the file it was unpacked from, as it was named then; "": not known */
    uint64_t size, entries;
    char key[KEY_SIZE], manifest[DIGEST_HEX + 1]; /* its own, and its manifest's SHA-256; "": of an older lrun */
};
/* dir: of the entry. -1: it is being removed. */
int entry_facts(int dir, struct entry_facts *ret);

/* Writes facts and renames tmp/... to its key; it stays locked, shared, as long as dir is open. 1: done; 0: there is one already. */
int entry_publish(struct cache *c, const char *name, int dir, const char *digest, const struct archive *a, const struct unpack_result *r,
                  struct err *err);

/* The same, then opens it: what is in NAME, which becomes "" by that, or what another had published first. That one may be pruned before it
 * is locked, and ours is published then. digest may be ret's. 0, -1. */
int entry_publish_and_open(struct cache *c, char *name, int dir, const char *digest, const struct archive *a, const struct unpack_result *r,
                           struct cache_entry *ret, struct err *err);

/* Does the rename alone, for directories without facts: path is beneath c->dir. */
int entry_rename(struct cache *c, const char *name, int dir, const char *path, struct err *err);

/* Moves path, which is beneath c->dir, into tmp/, where name says (64 bytes), if nobody uses it. dir: what was opened as path, to be locked
 * here; -1: that is no directory. The sweeper leaves it as long as dir is open. 1: moved; 0: in use, or path is another's by now; -1 err.
 */
int entry_set_aside(struct cache *c, const char *path, int dir, char *name, size_t size, struct err *err);

/* Takes the entry PART/KEY away if nobody uses it: 1 removed, 0 in use, -1 err. */
int entry_remove(struct cache *c, const char *part, const char *key, struct err *err);

#define ENTRY_TURN "turn-" /* begins the names of files in tmp/, which are locked as the directories there are: cache_turn.h */

/* Removes what killed runs left in tmp/. Problems are not errors: the next run tries again. */
void entry_sweep(struct cache *c);

/* Every error about an archive names the archive: as the object, or after the entry in it that is the object. -1. */
int entry_name_archive(const char *name, struct err *err);

/* lrun-unpack verify on an open entry of this use, which its key tells. */
int entry_verify(struct cache *c, int dir, enum archive_use use, struct err *err);
/* The same on an entry that may be of a base: besides its files' content, that each belongs to root, the caller or owner, a number, and
 * that nobody else may write to it. ret: its manifest's SHA-256. Who waits for turn is told that it gets on. */
int entry_verify_shared(struct cache *c, int dir, enum archive_use use, const char *owner, const struct turn *turn,
                        char ret_manifest[DIGEST_HEX + 1], struct err *err);
/* e: but for its lock. parent: path of the directory that key is in. -1: dir is no whole entry. */
int entry_fill(const char *parent, int dir, const char *key, struct cache_entry *e);
enum archive_use entry_use(const char *key);
const char *entry_place(enum archive_use use); /* of the files below tree/ */

#endif
