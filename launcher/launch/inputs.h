/* SPDX-License-Identifier: Apache-2.0 */
/* inputs.h: all files and texts that the user named, opened or read.
 *
 * Root may name what its later, unprivileged self cannot reach: so all is opened first, and trees of directories are
 * cloned (a clone needs no name any more). After identity_take() nothing of the user's is opened by name again but the
 * sources of mounts, which are compared with what was opened here. */
#ifndef LRUN_INPUTS_H
#define LRUN_INPUTS_H

#include "cache/cache.h"
#include "cache/store.h"
#include "lambda/limits.h"
#include "launcher/launch/identity.h"
#include "launcher/launch/launch_image.h"
#include "launcher/launch/request.h"
#include "mounts/plan.h"

struct input { /* the function, a layer, the root file system or the SDK */
    const char *path;
    bool is_dir;
    int fd;                      /* the archive, or the directory (O_PATH) */
    struct source source;        /* of a directory; of an archive once it is in the cache */
    struct elf_need need;        /* of an archive */
    bool by_arn;                 /* a layer that is found by its ARN, which path is: layers.h */
    char sha256[DIGEST_HEX + 1]; /* of one of the store, as it was added; "": any */
};

struct added {             /* runtimes of the user's own: lrun runtime add */
    char *dir;             /* of the store; NULL: there is no place for one */
    struct cache store;    /* its dir -1: not open */
    struct stored runtime; /* the one that this launch runs on; id "": none */
    struct cache_entry tree;
    char *path;                     /* of what it is, in its tree */
    struct cache_entry client_tree; /* AWS's client for Java */
    struct source client;           /* path NULL: none */
};
#define ADDED_NONE \
    { \
        .store = {.dir = -1, .program = -1}, .tree = {.lock = -1}, .client_tree = {.lock = -1}, .client = {.tree = -1 } \
    }
void added_done(struct added *a); /* stored_use.c; for inputs_done() */

enum { MAX_LAYERS = LAYERS_MAX, INPUTS_MAX = MAX_LAYERS + 4, INPUTS_INTERPRETER_MAX = 1000 };

struct inputs {
    struct input function, layers[MAX_LAYERS]; /* function: of an image its source is left empty */
    size_t layer_count;
    struct volume *volumes;
    size_t volume_count;
    struct input rootfs;                         /* path NULL: the host's */
    struct launch_image image;                   /* the function, or the runtime's; see there */
    struct input sdk;                            /* path NULL: none */
    struct input interpreter;                    /* --interpreter's prefix; path NULL: none, or it is in /usr or /usr/local */
    char *interpreter_path, *interpreter_prefix; /* the program's real path, and its prefix's; NULL: none was named */
    struct strv variables;                       /* the user's, checked */
    struct strv notes;                           /* things to say once, unless quiet */
    struct strv found;                           /* paths of layers with ARNs, which inputs borrow */
    struct identity identity;
    char *layer_store; /* its directory; NULL: there is no place for one, or no layer has an ARN */
    bool has_arns;     /* of layers that are looked for by layers_find() */
    struct text *events;
    size_t event_count;
    char *access_key_id, *secret_access_key, *session_token;
    char *name;                   /* of the function */
    int report;                   /* -1: none asked for */
    int graph;                    /* inspect --graph's file, or -1 */
    int debugger;                 /* --debug-port's socket here, or -1 */
    struct doorway *doors;        /* --net allow; NULL: none */
    int out;                      /* --out's directory, or -1 */
    int streams[3];               /* files of --stdin, --stdout and --stderr, or -1; the last two may be one open file */
    int program;                  /* lrun-unpack, or -1 while not needed */
    int policy, policy_program;   /* --seccomp FILE and lrun-policy, or -1 */
    struct text policy_code;      /* the filter made of it */
    char *cache_dir, *cache_base; /* base NULL: none */
    bool base_named;              /* on the command line */
    int cache_place;              /* it, opened by root for whom it becomes, or -1 */

    /* Filled by inputs_unpack(). */
    struct cache cache;
    struct cache_entry entries[INPUTS_MAX];
    uint64_t unpacked; /* bytes of all archives */
    unsigned hits, misses;
    struct added added;
};

/* Nothing is open: what inputs_done() can be given. */
void inputs_none(struct inputs *in);

/* in: as inputs_none() leaves it. */
int inputs_open(const struct request *r, const struct identity *id, struct inputs *in, struct err *err);

/* After the change of identity: archives into the cache. quiet: no progress bar. Then AWS's limit on the sum of their sizes. */
int inputs_unpack(struct inputs *in, bool quiet, struct err *err);
int inputs_check_size(const struct inputs *in, struct err *err);
/* The root file system, once it is unpacked: a descriptor of the caller's, or -1, where it is the host's. */
int inputs_root(const struct inputs *in);
/* inputs_cache.c. The cache, unless it is open already, and its base: its name is for inputs.c only; what is said of its entries is noted.
 */
int inputs_open_cache(struct inputs *in, struct err *err);
void inputs_name_base(const struct request *r, struct inputs *in);
void inputs_note_base(struct inputs *in);
/* stored_use.c. The store of runtimes, as the uid that will run: 1; 0: there is none. */
int inputs_open_store(struct inputs *in, struct err *err);
/* Cloned trees can be attached once, for one sandbox. Several need directories that the identity taken can reach by name. */
int inputs_release_trees(struct inputs *in, struct err *err);
void inputs_done(struct inputs *in);

/* inputs_output.c. Opens a file, made if it is not there, or a pipe, whose reader is waited for, to write to. -1 with err. */
int inputs_open_output(const char *path, int flags, const char *what, struct err *err);

#endif
