/* SPDX-License-Identifier: Apache-2.0 */
// clang-format off
/* cache.h: unpacked archives by content.
 *
 *   DIR/tree/SHA256-VERSION/   one entry: tree/ (the files), manifest, facts (boot id and totals); mode 0700. The name's last letter says
 *                              what it is used as, and so where below tree/ the files are: a function's (f) at tree/var/task, a layer's
 *                              (l) at tree/opt, for the overlay that is / takes tree/ as it is; no letter: a zip at tree/; t: a tarball,
 *                              since a file may be both a zip and a tarball; i: the tree of a container image, by its ChainID
 *   DIR/memo/WHAT-DEV-INO      what was found out about a file, for as long as no other content can have its place, size and times:
 *                              its digest, so that a warm run reads no archive; an interpreter's version, and its bytecode's name
 *   DIR/policy/                users' policies, compiled; see launcher/launch/policy_file.c
 *   DIR/project/               what projects say; see launcher/launch/project_read.c
 *   DIR/bytecode/              Python's client, compiled; see launcher/launch/bytecode.h (its library: library.h)
 *   DIR/tools/                 trees that lie over the host's /usr; see tools.h
 *   DIR/base/BOOT/KEY          that an entry of a base was verified; see cache_base.h
 *   DIR/skeleton/              roots without their mounts; see mounts/skeleton.h. How these two are kept: prepared.h
 *   DIR/tmp/                   entries that are being made or removed; each is locked by its maker. turn-*: who makes what; cache_turn.h
 *
 * An entry appears by one rename and never changes. A launch that uses it holds a shared lock on its directory, so that
 * prune never takes it away. An entry made in an earlier boot may have lost data in a crash (nothing is synced): it is
 * verified once before use. What a killed lrun leaves in tmp/ is unlocked, and the next run removes it. */
// clang-format on
#ifndef LRUN_CACHE_H
#define LRUN_CACHE_H

#include "cache/unpacker.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <time.h>

struct cache {
    int dir;
    dev_t dev; /* the file system it lies in */
    char *path;
    char boot[40];     /* the kernel's boot id */
    int program;       /* lrun-unpack, or -1: opened when needed */
    struct base *base; /* cache_base.h; NULL: none */
    int terminal;      /* where to show progress, or -1; borrowed; the owner sets it after cache_open() */
};

struct file_state { /* the properties of a file that a memo is bound to */
    dev_t dev;
    ino_t ino;
    uint64_t size;
    struct timespec mtime, ctime;
    uint64_t mount; /* its number, given once in a boot; 0: the kernel does not say */
};

enum archive_use { USE_PLAIN, USE_FUNCTION, USE_LAYER, USE_TARBALL, USE_IMAGE };

struct archive { /* a request to the cache */
    const char *name;
    int fd;
    enum archive_use use; /* USE_TARBALL: a root file system; the others are zips. USE_IMAGE: image.h's */
};

struct cache_entry {
    int lock;          /* the entry's directory, with a shared lock on it */
    char *tree_path;   /* where the files are */
    const char *place; /* the end of tree_path that is below tree/: "var/task", "opt" or "" */
    dev_t dev;         /* of tree_path */
    ino_t ino;
    char digest[DIGEST_HEX + 1];
    uint64_t size; /* as AWS counts */
    uint64_t replaced, entries;
    struct elf_need need; /* the C library version that its programs and libraries need */
    bool hit;             /* nothing was unpacked or hashed */
    bool of_base;         /* not this cache's: nothing may be written to it, and its lock is none */
};

/* path: created with mode 0700 if missing; place: it, open, or -1. Refused if others can write to it. program: see struct
 * cache. Both descriptors are ret's, or closed. */
int cache_open(const char *path, int place, int program, struct cache *ret, struct err *err);
void cache_done(struct cache *c);

/* Finds or unpacks n archives, all that must be unpacked at the same time. ret: n entries, all or none. */
int cache_get(struct cache *c, const struct archive *archives, size_t n, struct cache_entry *ret, struct err *err);
/* What was unpacked before, by its digest. 1; 0: it is not there; -1. */
int cache_find(struct cache *c, const char *digest, enum archive_use use, struct cache_entry *ret, struct err *err);
void cache_entry_done(struct cache_entry *e);

/* An empty directory of the caller's in tmp/, locked as long as it is open: what is left of it when lrun is killed is removed by the next
 * one. name: at least 64 bytes; the caller removes it (fs_remove_tree() beneath c->dir). */
int cache_begin_work(struct cache *c, char *name, size_t size, int *ret_dir, struct err *err);

/* cache_memo.c. what: "digest", "version". value: one line, without a newline, of at most CACHE_MEMO_MAX - 1 bytes: a longer one is not
 * remembered. s: the file's state before it was read. */
enum { CACHE_MEMO_MAX = 448 };
int cache_look(int fd, struct file_state *ret); /* -1 with errno */
bool cache_recall(const struct cache *c, const char *what, const struct file_state *s, char *value, size_t size);
bool cache_can_remember(const struct cache *c, int fd, const struct file_state *s);
void cache_remember(const struct cache *c, const char *what, int fd, const struct file_state *s, const char *value);
bool cache_may_change(int fd);                                               /* somebody has it open for writing; asked before it is read */
bool cache_is_still(const struct file_state *s, const struct timespec *now); /* a later change will show in ctime */

/* The commands. They report on to. */
int cache_list(struct cache *c, FILE *to, struct err *err);
int cache_prune(struct cache *c, FILE *to, struct err *err);  /* all that is not in use */
int cache_verify(struct cache *c, FILE *to, struct err *err); /* damaged entries are removed; -1 if there were any */

#endif
