/* SPDX-License-Identifier: Apache-2.0 */
/* variables.h: the environment variables a function sees, and which ones its owner may set.
 * Source: lambda-environment, sections 1.1 to 1.3 (recorded on AWS, January 2026). */
#ifndef LRUN_VARIABLES_H
#define LRUN_VARIABLES_H

#include "base/err.h"
#include "base/str.h"

struct variables_input {
    const char *handler, *name, *region;
    const char *api; /* host:port of the Runtime API; NULL: there is none (exec) */
    const char *log_stream;
    const char *access_key_id, *secret_access_key, *session_token; /* NULL: not set */
    unsigned memory;      /* MB */
    bool al2;             /* provided.al2, still on the old sandbox */
    bool json_logs;
    const struct strv *user; /* K=V, checked */
};

/* Checks one K=V as CreateFunction does. */
int variables_check(const char *entry, struct err *err);

/* Sets K=V in list, replacing an earlier value of K. Takes entry. */
void variables_set(struct strv *list, char *entry);

/* The 4 KB limit, which counts the JSON of the whole map. */
int variables_check_size(const struct strv *list, struct err *err);

/* All variables, as envp wants them. */
void variables_make(const struct variables_input *in, struct strv *ret);

#endif
