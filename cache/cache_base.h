/* SPDX-License-Identifier: Apache-2.0 */
/* cache_base.h: a base of the cache (--cache-base): the trees of another cache, which many hosts and users share, and nobody here writes.
 *
 * Only trees of archives and images are taken from it, and only what this cache lacks. What a launch makes for itself (trees over /usr,
 * roots, bytecode, memos) always lies in its own cache, and so does the fact that an entry of the base was verified: once for each boot of
 * each host, in DIR/base/BOOT/KEY, with what tells the entry from one that takes its place. Nothing is written, locked or removed in a
 * base, so it may be mounted read-only. Who can write to a base chooses the code that runs: its directory, and all in the entries that are
 * used, must belong to root, to the user, or to the owner of a base that the command line names; and others may write none of it. */
#ifndef LRUN_CACHE_BASE_H
#define LRUN_CACHE_BASE_H

#include "cache/cache.h"

#include "base/str.h"

struct base {
    int tree;   /* the directory of its entries */
    char *path; /* of that, without links */
    uid_t owner;
    bool named;       /* on the command line: its owner need be neither root nor the user */
    struct strv bad;  /* keys of entries that cannot be trusted */
    struct strv said; /* which entries were not used, and why; the owner of the cache says it, and empties it */
};

/* The cache takes entries from this base too; the directories above it must be such that nobody can put another one in its place. */
int cache_use_base(struct cache *c, const char *path, bool named, struct err *err);
void base_done(struct base *b); /* for cache_done() */

/* As entry_open_key(), in the base; 0 if there is none. An entry that cannot be trusted is said, and is none. For cache_entry.c only. */
int base_open(struct cache *c, const char *key, struct cache_entry *ret);

/* Verifies every entry, and forgets that one was intact which is not. -1 if any is damaged: it stays where it is. */
int cache_verify_base(struct cache *c, FILE *to, struct err *err);

#endif
