/* SPDX-License-Identifier: Apache-2.0 */
/* stored.h: runtimes that the user has added (lrun runtime add): what a tree is, and finding one for a launch. */
#ifndef LRUN_STORED_H
#define LRUN_STORED_H

#include "cache/store.h"
#include "launcher/launch/interpreter.h"
#include "launcher/launch/runtime.h"

#define STORED_WANTED \
    "a directory, or a tarball (.tar, .tar.gz, .tar.xz, .tar.zst), of a language distribution or a root file system, or an image " \
    "(docker save, OCI layout, docker://NAME:TAG)"

#define STORED_CLIENT "client" /* in place of a program: it is AWS's client for a runtime that another entry or the host has */

/* What the directory tree is, for this runtime: fills below, program, version and minor of ret, whose config says whether it is an image's.
 * source: its name in messages. Refuses what it could not run on, saying what is expected. Nothing of it is started. */
int stored_judge(int tree, const struct runtime *rt, const char *source, struct stored *ret, struct err *err);

/* store_pack()'s: modules that were installed into a distribution, which no function may see. */
bool stored_leaves(const char *path);

/* In words: "image", "root file system", "python 3.13", "node 22". */
void stored_kind(const struct stored *s, char *ret, size_t size);

/* What its source is known by: the SHA-256 of an image's manifest, or of its config if it has none; else of the tarball. */
const char *stored_digest(const struct stored *s);

/* stored_id.c. AWS's identifier for the tree, from its files' names and versions. Fills id, and evidence with the file that tells. Refuses
 * what tells none, or several. */
enum { STORED_EVIDENCE = 96 };
int stored_identify(int tree, bool is_image, const char *source, char id[STORE_ID], char evidence[STORED_EVIDENCE], struct err *err);

/* For stored*.c only. The directory that a tree is: itself, or the one that it consists of (below); the caller closes it. Then files in
 * it, whose links lead nowhere outside. */
int stored_enter(int tree, const char *source, char below[STORE_BELOW], struct err *err);
int stored_look(int tree, const char *path, int flags);
bool stored_has(int tree, const char *path, mode_t type);

/* stored_use.c. A launch's runtime, from the store: 1; 0: it has none of this ID. Fills what rt has of an interpreter, or the root file
 * system of in. */
int stored_use(struct inputs *in, struct runtime *rt, struct err *err);
/* AWS's client for Java, that of this ID if there is one, or else of another Java's: jars are for all versions. Fills in's added.client. */
int stored_use_client(struct inputs *in, const char *id, struct err *err);
int stored_use_newest(struct inputs *in, struct runtime *rt, struct err *err); /* of rt's language, whatever the version */

#endif
