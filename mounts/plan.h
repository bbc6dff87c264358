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
#include "mounts/plan_runtime.h"

#include <stdint.h>
#include <sys/types.h>

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

enum {
    FLAG_RW = 1,       /* writable */
    FLAG_DEV = 2,      /* device files work */
    FLAG_OPTIONAL = 4, /* absent is fine */
    FLAG_FILE = 8,     /* a file */
    FLAG_EXEC_NOT = 16,
    FLAG_USER = 32,     /* the user chose the target */
    FLAG_TRY = 64,      /* where the kernel refuses it, the rows with FLAG_ELSE stand for it */
    FLAG_ELSE = 128,    /* left out otherwise */
    FLAG_PLACED = 256,  /* with a prepared skeleton: its place is there */
    FLAG_DONE = 512,    /* with a prepared skeleton: nothing is left to do */
    FLAG_JOINED = 1024, /* with a prepared skeleton: the overlay that is / shows it */
};

struct row {
    enum row_kind kind;
    unsigned flags;
    const char *target;           /* without the leading slash */
    char *owned;                  /* the allocated target, if it was made for this row */
    const char *text;             /* link target, file content, the tmpfs's name in messages, or a directory that an overlay has besides */
    struct source source;         /* ROW_BIND */
    const struct source *sources; /* ROW_OVERLAY */
    size_t n;
    uint64_t size, inodes; /* ROW_TMPFS; size of ROW_FILE: of text, 0: up to a NUL */
    mode_t mode;
    const char *why;
};

struct plan {
    struct row *rows;
    size_t n, skeleton;    /* rows[0..skeleton) belong to the skeleton */
    struct strv texts;     /* generated contents */
    struct source *lowers; /* function, layers and a runtime's trees: what the rows of overlays point into */
    size_t lower_count;
    struct source prepared; /* a tree in which the skeleton was made (skeleton.h); path NULL: it is made in each launch */
    struct source rootfs;
    bool has_rootfs; /* a root file system of the user's beneath the skeleton */
};

struct volume {
    struct source source;
    const char *target;
    bool rw, is_file;
};

enum shm { SHM_ABSENT, SHM_DENIED, SHM_SIZED };

/* What /etc/hosts has in any case. Our choice: on AWS sandbox.localdomain is an address of the sandbox's own, 169.254.100.x. */
#define PLAN_HOSTS "127.0.0.1 localhost localhost.localdomain\n127.0.0.1 sandbox.localdomain sandbox\n"

struct plan_input {
    struct plan_runtime runtime;
    struct source function;
    bool function_is_dir;        /* a directory is bound, which shows its path; a tree of the cache goes below an overlay, which hides it */
    bool own_code;               /* it is an image: the root file system holds its code, /opt and /home */
    const struct source *layers; /* the last wins */
    size_t layer_count;
    const struct volume *volumes;
    size_t volume_count;
    struct source rootfs; /* path NULL: the host's */
    struct source usr; /* what lies over the host's /usr and hides parts of it: see tools.h; path NULL: only what plan.c lists is hidden */
    const struct tools_release *release; /* the system to report, where the root is the host's */
    uint64_t tmp_bytes, shm_bytes, scratch_bytes /* 0: none */;
    enum shm shm;
    bool host_net, make_out;
    bool no_user;      /* /etc/passwd does not know the function's user */
    bool resolver;     /* names are resolved at the address of AWS's resolver; with host_net, by the host's configuration */
    const char *hosts; /* all of /etc/hosts; NULL: PLAN_HOSTS */
    const char *meminfo, *cpuinfo, *stat; /* contents of these files of /proc; NULL: the host's */
    const char *boot_id;                  /* shown as the kernel's: not the host's */
};

/* Makes the rows. -1 with err if a volume's target is impossible. The plan borrows everything that in points to. */
int plan_make(const struct plan_input *in, struct plan *ret, struct err *err);
void plan_done(struct plan *p);
const char *plan_kind(enum row_kind kind); /* in a word, for people */

/* For plan*.c only. */
struct row *plan_add(struct plan *p, struct row row);

#endif
