/* SPDX-License-Identifier: Apache-2.0 */
/* request.h: what the user asked for. Filled by cli.c, const from then on. */
#ifndef LRUN_REQUEST_H
#define LRUN_REQUEST_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum command { CMD_RUN, CMD_EXEC, CMD_CACHE, CMD_COUNT };

struct number {
    uint64_t value; /* the default until set */
    bool set;
};

struct request {
    enum command command;
    char **args;          /* main's argv, which strings here borrow from */
    const char *function; /* zip or directory */
    char **argv;          /* exec: the command after "--", NULL at its end */
    struct strv words;    /* cache: list, prune or verify */

    struct strv layers;    /* in order; the later one wins */
    struct strv env;       /* K=V, or K for the caller's value */
    struct strv env_files; /* KEY=VALUE lines or SAM's JSON */
    struct strv events;    /* a file, JSON text, or "-" */
    struct strv volumes;   /* SRC:DST[:ro|rw] */

    const char *runtime, *rootfs, *handler, *name, *region, *credentials, *net, *seccomp, *shm;
    const char *report, *cache_dir, *log_format, *workdir, *out;

    struct number memory;     /* MiB */
    struct number timeout;    /* seconds */
    struct number tmp_size;   /* MiB */
    struct number init_limit; /* seconds */
    struct number pause;      /* milliseconds */

    bool scratch, quiet, verbose, help, version;
};

void request_done(struct request *r);

#endif
