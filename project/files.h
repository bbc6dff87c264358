/* SPDX-License-Identifier: Apache-2.0 */
/* files.h: what a project's readers see of the disk: what lies beneath its root, opened by openat2(2) beneath it. Each path that was
 * looked at is kept, found or not: the result holds as long as all of them are as they were. */
#ifndef LRUN_PROJECT_FILES_H
#define LRUN_PROJECT_FILES_H

#include "base/err.h"
#include "project/node.h"

#include <stdint.h>

enum { DOCUMENT_MAX = 32 << 20 /* bytes; CloudFormation's own limit is 1 MB, Terraform's plans have none */ };

enum seen_kind { SEEN_ABSENT, SEEN_FILE, SEEN_DIR, SEEN_OTHER };

struct seen {         /* a path that was looked at, as it was */
    const char *path; /* beneath the root, without . and .. */
    enum seen_kind kind;
    uint64_t ino, size;
    int64_t mtime_s, ctime_s;
    uint32_t mtime_ns, ctime_ns;
};

struct files {
    struct arena *arena;
    int root; /* borrowed */
    struct seen *seen;
    size_t n;
    struct index index;              /* of seen; for files.c only */
    struct node *doubled;            /* of the documents: names that stand again in their map, with their places; NULL: none read yet */
    struct document_kept *documents; /* read already */
};

/* Joins a directory and a path as it stands in a file of that directory: both beneath the root, "" for the root itself. NULL: the
 * result lies outside (or path is absolute and root_path, the root's own absolute path or NULL, does not lead to it). */
const char *files_join(struct arena *a, const char *dir, const char *path, const char *root_path);
const char *files_dir(struct arena *a, const char *path); /* the directory of a file: "" or "a/b" */

/* Where the file is that a link leads to, or links one after the other, as a path beneath the root: what stands in it is relative to that.
 * The path itself if it is no link, or leads out. */
const char *files_follow(struct files *f, const char *path, const char *root_path);

/* Looks at it, following links that stay beneath the root. Never an error: what cannot be looked at is absent. The pointer holds till
 * the next call. */
const struct seen *files_look(struct files *f, const char *path);
/* The names in a directory, sorted, without . and ..; none if it is none. */
size_t files_list(struct files *f, const char *dir, const char ***ret);
/* Its bytes, with a 0 behind them. -1 with err. */
int files_read(struct files *f, const char *path, const char **ret, size_t *ret_n, struct err *err);
/* A document, parsed once however often it is asked for: TOML if its name ends with .toml, JSON if it begins with { or [ (YAML if it
 * is no JSON and its name ends with .yaml or .yml, as SAM has it), else YAML.
 * NULL with err, which says file, line and column. An empty document is a NODE_NULL. */
const struct node *files_document(struct files *f, const char *path, struct err *err);

/* The parsers behind it. Bytes need not end with 0. NULL with err. Aliases are shared nodes, so bombs of them cost nothing here; who walks
 * a document counts (see values.h). Nesting is limited to 200. Of a name that stands twice in a map the last holds; TOML refuses it. Names
 * that YAML 1.1 takes for bools or numbers stay as they are spelled. */
const struct node *document_json(struct arena *a, const char *bytes, size_t n, const char *source, struct err *err);
const struct node *document_yaml(struct arena *a, const char *bytes, size_t n, const char *source, struct err *err);
const struct node *document_toml(struct arena *a, const char *bytes, size_t n, const char *source, struct err *err);

#endif
