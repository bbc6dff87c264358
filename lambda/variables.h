/* SPDX-License-Identifier: Apache-2.0 */
/* variables.h: the environment variables of a function, and which of them its owner may set.
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
    unsigned memory;                                               /* MB */
    const char *runtime;                                           /* as AWS names it */
    unsigned version;                                              /* of the language */
    bool al2;                                                      /* provided.al2, still on the old sandbox */
    bool python, nodejs, java, managed;                            /* managed: AWS's, these and others */
    bool json_logs;
    const char *log_group;    /* NULL: the one that Lambda makes for the function */
    const char *log_level;    /* of the function's own lines, with json_logs; NULL: INFO */
    unsigned max_concurrency; /* invocations an environment takes at once */
    unsigned minor;           /* of node; 0: not known. Our own, for the pack's bootstrap, which unsets it */
    unsigned debug_port;      /* 0: none; our own, for the packs' bootstraps, which unset it */
    bool debug_waits;         /* the runtime starts once a debugger is there */
    const char *term;         /* of the terminal that the function is given, or NULL */
    const struct strv *user;  /* K=V, checked */
    const struct strv *image; /* an image's, as it has them: not checked; NULL: there is none */
};

/* Checks one K=V as CreateFunction does. where: its name in the message, which shows nothing of the entry itself: text that is
 * no variable may be a piece of a secret. */
int variables_check(const char *entry, const char *where, struct err *err);

/* Sets K=V in list, replacing an earlier value of K. Takes entry. */
void variables_set(struct strv *list, char *entry);

/* The 4 KB limit, which counts the JSON of the whole map. */
int variables_check_size(const struct strv *list, struct err *err);

/* All variables, as envp wants them. */
void variables_make(const struct variables_input *in, struct strv *ret);

/* Those of them that extensions see. */
void variables_for_extensions(const struct strv *all, struct strv *ret);

/* All, and _LAMBDA_TELEMETRY_LOG_FD: a runtime that knows it writes framed messages there. */
void variables_for_frames(const struct strv *all, int fd, struct strv *ret);

#endif
