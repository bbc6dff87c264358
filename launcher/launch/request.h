/* SPDX-License-Identifier: Apache-2.0 */
/* request.h: what the user asked for. Filled by cli.c, const from then on. */
#ifndef LRUN_REQUEST_H
#define LRUN_REQUEST_H

#include "base/err.h"
#include "base/str.h"
#include "cache/tools.h"
#include "launcher/launch/choices.h"
#include "launcher/launch/command.h"
#include "launcher/launch/request_check.h"
#include "launcher/launch/request_part.h"
#include "launcher/sandbox/network.h"
#include "mounts/plan.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct request {
    enum command command;
    const struct command_kind *kind; /* the command's, by main.c; cli.c, which knows words alone, leaves it NULL */
    bool named;                      /* the command line names the command; false: run, by default */
    char **args;                     /* main's argv, which strings here borrow from */
    const char *function;            /* zip or directory */
    char **argv;                     /* the command to start in place of a bootstrap, NULL at its end; NULL: a bootstrap */
    struct strv words;               /* cache: list, prune or verify; explain: ids; event: SERVICE EVENT; help: a command */

    struct strv layers;     /* in order; the later one wins */
    struct strv layer_maps; /* files: which path has the layer of an ARN */
    struct strv env;        /* K=V, or K for the caller's value */
    struct strv env_files;  /* KEY=VALUE lines or SAM's JSON */
    struct strv events;     /* a file, JSON text, @SERVICE/EVENT, or "-" */
    struct strv sets;       /* event: NAME=VALUE or NAME:=JSON */
    struct strv volumes;    /* SRC:DST[:ro|rw] */

    struct strv parameters, imports, allow_env; /* of a project: K=V, NAME=VALUE, NAME */
    const char *project;                        /* a file or a directory; NULL: found in the current directory */
    const char *project_root, *config_env, *stage;
    struct request_part part; /* what a project says of the function */

    struct strv runtimes, filters; /* test: its matrix; which cases */

    struct strv urls, apis, debug_ports;    /* serve: PORT or NAME=PORT */
    struct strv allow_hosts, allow_origins; /* serve: beside its own */
    struct strv owned;                      /* texts that fields point to, if the command line does not hold them */

    const char *runtime;     /* NULL: the package tells */
    const char *interpreter; /* NULL: one is looked for */
    const char *client;      /* runtime add: a directory; NULL: none */
    const char *sdk;         /* NULL: none */
    const char *rootfs;      /* NULL: the host's */
    const char *handler;     /* NULL: the runtime's default */
    const char *entrypoint;  /* of an image, a list as launch_image.c reads it; NULL: its own */
    const char *image_command;
    const char *name, *region;
    const char *seccomp;                                 /* a built-in policy, or a file with a dot or a slash in its name */
    const char *profile;                                 /* of CREDENTIALS_PROFILE */
    const char *options, *options_path, *options_sha256; /* --profile, as it is named; its file and digest, NULL: none in force */
    const char *cgroup;                                  /* NULL: one is looked for */
    const char *report, *cache_dir, *cache_base, *out, *graph, *results, *shard, *files_root, *joblist /* batch; NULL: standard input */;
    const char *streams[3];    /* exec: files in place of standard input, output and error; NULL: lrun's own */
    const char *runtime_api;   /* run: whose events it takes; NULL: the command line's */
    const char *junit, *tests; /* test: a file; a directory that is mounted beside the code; or NULL */
    const char *workdir;       /* NULL: /var/task, or the image's */
    enum credentials credentials;
    enum net net;
    const char *doors; /* of NET_ALLOW: HOST:PORT,... */
    enum shm shm;
    uint64_t shm_mb; /* of SHM_SIZED */
    enum passwd passwd;
    enum tools tools;
    enum cpu cpu;
    enum log_format log_format;
    enum log_level log_level;

    struct number memory, tmp_size, scratch_size, out_size; /* MiB; the last two, of exec, not set: as tmp_size */
    struct number timeout;                                  /* milliseconds */
    struct number init_limit;                               /* seconds */
    struct number pause;                                    /* milliseconds */
    struct number debug_port; /* set: --debug too; of a served function, the one of debug_ports that is its own */
    struct number cpu_time;   /* milliseconds, of all processes; these and the next are exec's */
    struct number processes, open_files, file_size /* MiB */, stack /* MiB */;
    struct number output_limit; /* bytes of standard output, and of standard error */
    cpu_set_t processors;       /* empty: the caller's */
    struct number jobs, seed;   /* batch and test: at a time, not set: processors; test */
    struct number in;           /* exec --in: pid of an lrun */

    const char *host, *config, *static_dir; /* serve */
    enum url_mode url_mode;
    enum tenancy tenancy;
    struct number port, ready_fd, concurrency, queue, max_concurrency, idle_timeout /* seconds; 0: never */;
    const char *tenant;      /* run: its invocations' id, or NULL */
    const char *not_with_in; /* the first option given that exec --in does not take; NULL: none */
    bool cors, watch, stream_shape;
    uint64_t given[2]; /* the rows of the option table that the command line has used, a bit each */

    bool scratch, out_replace, strict, debug, hold, tty, json, list, tree, variables, mounts, show_policy, quiet, verbose, help, version;
    bool insecure_registry, warm, tap, shuffle, fail_fast;
};

/* Its lists are ret's own; texts are borrowed from r, which must live as long. */
void request_copy(const struct request *r, struct request *ret);
void request_done(struct request *r);

#endif
