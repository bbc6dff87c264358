/* SPDX-License-Identifier: Apache-2.0 */
/* plan_runtime.h: a managed runtime's part of the plan: its own files, the interpreter in /var/lang, AWS's SDK, what of the host is hidden.
 */
#ifndef LRUN_PLAN_RUNTIME_H
#define LRUN_PLAN_RUNTIME_H

#include "mounts/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct plan;

struct plan_file {             /* a file of the skeleton, or a directory */
    const char *target, *text; /* text: NULL for a directory */
    mode_t mode;
    size_t size; /* of text; 0: up to a NUL */
};

#define SDK_PYTHON "python" /* in the SDK */
#define SDK_NODE "nodejs/node_modules"
enum { PLAN_JAVAS = 6, PLAN_RUNTIME_LOWERS = 5 };
struct plan_runtime {                   /* a managed runtime's part; all zero for provided.* */
    char name[24];                      /* of the interpreter in /var/lang/bin: "python3.11", "node" */
    const char *interpreter;            /* absolute; NULL: none */
    const char *prefix;                 /* shown whole as /var/lang; NULL: it is in /usr or /usr/local */
    const struct source *prefix_source; /* the same, opened before; NULL: by its path */
    const struct source *library;       /* the bytecode that lies over the prefix; NULL: none */
    const struct plan_file *files;
    size_t file_count;
    const struct plan_file *compiled; /* what is laid beside them */
    size_t compiled_count;
    char java[PLAN_JAVAS][32];   /* directories of /etc that Debian's JVMs have their configuration in; "" at the end */
    const struct source *sdk;    /* laid out as a layer; NULL: none */
    const struct source *client; /* jars of AWS's client for Java; NULL: none, or the function's own */
    bool dev;                    /* headers, and pytest in /usr/lib/python3, are seen (--tools dev) */
    bool node_parts;             /* the host's node is Debian's, which keeps parts of itself among its modules */
};

/* For plan.c only. The host's part comes after the binds of the host's own tree. */
void plan_runtime_skeleton(struct plan *p, const struct plan_runtime *rt, bool on_host);
void plan_runtime_lowers(struct plan *p, const struct plan_runtime *rt, struct source lowers[PLAN_RUNTIME_LOWERS]);
void plan_runtime_sdk(struct plan *p, const struct plan_runtime *rt, bool on_host, const struct source lowers[PLAN_RUNTIME_LOWERS]);
void plan_runtime_host(struct plan *p, const struct plan_runtime *rt, const struct source lowers[PLAN_RUNTIME_LOWERS]);

#endif
