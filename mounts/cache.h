/* SPDX-License-Identifier: Apache-2.0 */
/* cache.h: unpacked archives by content.
 *
 *   DIR/tree/SHA256-VERSION/   one entry: tree/ (the files), manifest, facts (boot id and totals); mode 0700
 *   DIR/memo/WHAT-DEV-INO      what was found out about a file, valid for one size, mtime and ctime: its digest, so that
 *                              a warm run reads no archive; an interpreter's version
 *   DIR/policy/                users' policies, compiled; see launcher/policy_file.c
 *   DIR/tmp/                   entries being made or removed; each locked by its maker
 *
 * An entry appears by one rename and never changes. Whoever uses it holds a shared lock on its directory, so that
 * prune never takes it away. An entry made in an earlier boot may have lost data in a crash (nothing is synced): it is
 * verified once before use. What a killed lrun leaves in tmp/ is unlocked, and the next run removes it. */
#ifndef LRUN_CACHE_H
#define LRUN_CACHE_H

#include "mounts/unpacker.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

struct cache {
    int dir;
    char *path;
    char boot[40]; /* the kernel's boot id */
    int program;   /* lrun-unpack, or -1: opened when needed */
    int terminal;  /* where to show progress, or -1; borrowed; the owner sets it after cache_open() */
};

struct archive { /* what is asked of the cache */
    const char *name;
    int fd;
    bool is_tar; /* a root file system; else a zip */
};

struct cache_entry {
    int lock; /* the entry's directory, with a shared lock on it */
    char *tree_path;
    dev_t dev; /* of tree/ */
    ino_t ino;
    char digest[DIGEST_HEX + 1];
    uint64_t size; /* as AWS counts */
    uint64_t replaced, entries;
    struct elf_need need; /* what its programs and libraries ask of the C library */
    bool hit; /* nothing was unpacked or hashed */
};

/* path: created with mode 0700 if missing. Refused if it is not ours alone to write. program: see struct cache. */
int cache_open(const char *path, int program, struct cache *ret, struct err *err);
void cache_done(struct cache *c);

/* Finds or unpacks n archives, all that must be unpacked at the same time. ret: n entries, all or none. */
int cache_get(struct cache *c, const struct archive *archives, size_t n, struct cache_entry *ret, struct err *err);
void cache_entry_done(struct cache_entry *e);

/* cache_memo.c. what: "digest", "version". value: one line, without a newline. */
bool cache_recall(const struct cache *c, const char *what, const struct stat *st, char *value, size_t size);
void cache_remember(const struct cache *c, const char *what, const struct stat *st, const char *value);

/* The commands. They say what they do on to. */
int cache_list(struct cache *c, FILE *to, struct err *err);
int cache_prune(struct cache *c, FILE *to, struct err *err);  /* all that is not in use */
int cache_verify(struct cache *c, FILE *to, struct err *err); /* damaged entries are removed; -1 if there were any */

#endif
