/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h: what lrun wants to know of a project, as it tells lrun-project on standard input: a JSON document, since values may be secrets
 * and arguments can be seen by everybody. */
#ifndef LRUN_ASK_H
#define LRUN_ASK_H

#include "project/files.h"

struct ask_pair {
    const char *name, *value;
};

struct ask_pairs {
    struct ask_pair *at;
    size_t n;
};

struct ask {
    const char *template;        /* beneath the root; NULL: looked for */
    const char *root_path;       /* the root's absolute path, for absolute paths in files; NULL: unknown */
    const char *region;          /* us-east-1 unless told */
    const char *account;         /* 123456789012 */
    const char *config_env;      /* of samconfig.toml: default */
    const char *stage;           /* Serverless: dev */
    struct ask_pairs parameters; /* --parameter */
    struct ask_pairs imports;    /* --import */
    struct ask_pairs variables;  /* --allow-env, with the caller's values */
};

const char *ask_value(const struct ask_pairs *p, const char *name); /* NULL: none */

#endif
