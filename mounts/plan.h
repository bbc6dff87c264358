/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h: the function's file system as data.
 *
 * plan_make() is pure: from what was asked it makes rows, each with its reason; apply.c is the only file that acts on
 * them. A plan is carried out in three parts, in the order of its rows:
 *   skeleton  directories, links and generated files on a tmpfs of our own
 *   mounts    onto the skeleton, or onto a read-only overlay of the skeleton over the user's root file system
 * and then everything of the root itself is made read-only. */
#ifndef LRUN_PLAN_H
#define LRUN_PLAN_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/types.h>

struct source { /* a file or directory of the host to be shown */
    const char *path;
    dev_t dev; /* the child opens path again in its own mount namespace: it must still be the same file */
    ino_t ino;
    int tree; /* >= 0: a tree cloned before root was given up; path is only its name then */
    const char *below; /* of an overlay's: the directory in it that is meant, never by way of a link; NULL: itself */
};

enum row_kind {
    ROW_DIR,     /* skeleton: directory of this mode                        */
    ROW_FILE,    /* skeleton: file with this text                           */
    ROW_LINK,    /* skeleton: symbolic link to text                         */
    ROW_BIND,    /* mount: source, with its submounts                       */
    ROW_TMPFS,   /* mount: empty, of size bytes and inodes, with mode       */
    ROW_PROC,    /* mount: the pid namespace's own                          */
    ROW_WRITE,   /* mount: text into a file that is there, such as a sysctl     */
    ROW_OVERLAY, /* mount: sources, the last on top                         */
    ROW_MASK,    /* mount: hide a directory, or a file (FLAG_FILE) behind text or nothing */
    ROW_FREEZE,  /* the mount that is there: read-only from now on             */
    ROW_SCRATCH, /* mount: a writable layer over what is there              */
};

enum { FLAG_RW = 1, FLAG_DEV = 2, FLAG_OPTIONAL = 4, FLAG_FILE = 8, FLAG_EXEC_NOT = 16, FLAG_USER = 32, FLAG_TRY = 64, FLAG_ELSE = 128 };

struct row {
    enum row_kind kind;
    unsigned flags;        /* FLAG_RW: writable; _DEV: device files work; _OPTIONAL: absent is fine; _FILE: a file; _USER: the user chose the target;
                            * _TRY: where the kernel refuses it, the rows with _ELSE stand for it, which are left out otherwise */
    const char *target;    /* without the leading slash */
    char *owned;           /* what target points to, if it was made for this row */
    const char *text;      /* link target, file content, the tmpfs's name in messages, or a directory that an overlay has besides */
    struct source source;  /* ROW_BIND */
    const struct source *sources; /* ROW_OVERLAY */
    size_t n;
    uint64_t size, inodes; /* ROW_TMPFS */
    mode_t mode;
    const char *why;
};

struct plan {
    struct row *rows;
    size_t n, skeleton; /* rows[0..skeleton) belong to the skeleton */
    struct strv texts;  /* generated contents */
    struct source *lowers; /* function, layers and a runtime's trees: what the rows of overlays point into */
    size_t lower_count;
    struct source rootfs;
    bool has_rootfs; /* a root file system of the user's beneath the skeleton */
};

struct volume {
    struct source source;
    const char *target;
    bool rw, is_file;
};

enum shm { SHM_ABSENT, SHM_DENIED, SHM_SIZED };
struct plan_file { /* a file of the skeleton, or a directory */
    const char *target, *text; /* text: NULL for a directory */
    mode_t mode;
};

#define SDK_PYTHON "python" /* in the SDK */
#define SDK_NODE "nodejs/node_modules"
enum { PLAN_JAVAS = 6, PLAN_RUNTIME_LOWERS = 3 };
struct plan_runtime { /* a managed runtime's part; all zero for provided.* */
    char name[24];           /* of the interpreter in /var/lang/bin: "python3.11", "node" */
    const char *interpreter; /* absolute; NULL: none */
    const char *prefix;      /* shown whole as /var/lang; NULL: it is in /usr or /usr/local */
    const struct plan_file *files;
    size_t file_count;
    char java[PLAN_JAVAS][32]; /* directories of /etc that Debian's JVMs have their configuration in; "" at the end */
    const struct source *sdk; /* laid out as a layer; NULL: none */
    bool node_parts; /* the host's node is Debian's, which keeps parts of itself among its modules */
};

struct plan_input {
    struct plan_runtime runtime;
    struct source function;
    bool function_is_dir; /* bound at the user's wish, which shows its path; a tree of the cache goes below an overlay, which hides it */
    const struct source *layers; /* the last wins */
    size_t layer_count;
    const struct volume *volumes;
    size_t volume_count;
    struct source rootfs; /* path NULL: the host's */
    struct source usr; /* what lies over the host's /usr and hides parts of it: see tools.h; path NULL: only what plan.c lists is hidden */
    const struct tools_release *release; /* the system it is, where the root is the host's */
    uint64_t tmp_bytes, shm_bytes;
    enum shm shm;
    bool scratch, host_net, make_out;
    bool no_user;  /* /etc/passwd does not know the function's user */
    bool resolver; /* names are asked for at AWS's resolver's address; or by the host's configuration with host_net */
    const char *meminfo, *cpuinfo, *stat; /* what these files of /proc show; NULL: the host's */
    const char *boot_id; /* shown as the kernel's: not the host's */
};

int plan_make(const struct plan_input *in, struct plan *ret, struct err *err);
void plan_done(struct plan *p);
const char *plan_kind(enum row_kind kind); /* in a word, for people */

/* For plan.c and plan_runtime.c only. The host's part comes after the binds of the host's own tree. */
struct row *plan_add(struct plan *p, struct row row);
void plan_runtime_skeleton(struct plan *p, const struct plan_runtime *rt, bool on_host);
void plan_runtime_lowers(struct plan *p, const struct plan_runtime *rt, struct source lowers[PLAN_RUNTIME_LOWERS]);
void plan_runtime_sdk(struct plan *p, const struct plan_runtime *rt, bool on_host, const struct source lowers[PLAN_RUNTIME_LOWERS]);
void plan_runtime_host(struct plan *p, const struct plan_runtime *rt, const struct source lowers[PLAN_RUNTIME_LOWERS]);

#endif
