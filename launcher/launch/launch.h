/* SPDX-License-Identifier: Apache-2.0 */
/* launch.h: what run and exec have in common: from the request to a sandbox that could be started.
 *
 *   identity chosen -> inputs opened -> identity taken -> archives unpacked -> runtime chosen -> mounts planned -> spec filled */
#ifndef LRUN_LAUNCH_H
#define LRUN_LAUNCH_H

#include "base/clock.h"
#include "cache/tools.h"
#include "launcher/launch/bytecode.h"
#include "launcher/launch/inputs.h"
#include "launcher/launch/library.h"
#include "launcher/launch/machine.h"
#include "launcher/launch/report.h"
#include "launcher/launch/runtime.h"
#include "launcher/launch/skeleton_cache.h"
#include "launcher/sandbox/sandbox.h"
#include "policy/cgroup.h"

struct launch {
    const struct request *request;
    struct identity identity;
    struct inputs inputs;
    struct runtime runtime;
    struct seccomp_program policy;
    struct cgroup cgroup;
    struct plan plan;
    struct tools_tree tools;
    struct skeleton skeleton;
    struct bytecode bytecode;
    struct library library;
    struct machine machine;
    struct sandbox_spec spec;
    struct strv envp, argv; /* of exec; owned copies: init scrubs the caller's */
    struct strv direct;     /* see direct_start.h */
    struct report_launch facts;
    char *workdir;
    char boot_id[UUID_SIZE];
    bool has_extensions; /* a layer brings /opt/extensions */
};

/* All of it, for run and exec. On failure the phase in its facts says how far it got. launch_finish() or launch_done() either way. */
int launch_prepare(const struct request *r, struct launch *ret, struct err *err);

/* Raises lrun's own limit of open files, which is never the function's. -1: it is too low to run at all. */
int launch_raise_files(struct err *err);

/* The parts, for serve, which opens the inputs of all its functions before it takes the identity. launch_done() either way. */
int launch_open(const struct request *r, const struct identity *id, struct launch *ret, struct err *err);
int launch_make(struct launch *l, struct err *err);
int launch_plan(struct launch *l, struct err *err);       /* its part that fills plan; inputs are unpacked and the runtime is chosen */
int launch_plan_whole(struct launch *l, struct err *err); /* with the prepared skeleton, and the compiled client */
void launch_done(struct launch *l);

/* Notes in the report how a started sandbox falls short of the plan; with --verbose says what takes longer. */
void launch_started(const struct launch *l, const struct sandbox *s, struct report *r);

/* A cgroup of its own for an environment: dir -1 if none is to be had and none was asked for. */
int launch_cgroup(const struct launch *l, struct cgroup *ret, struct err *err);

/* One for each of n environments (at least one). NULL: none is to be had and none was asked for. launch_cgroups_done() either way. */
int launch_cgroups(const struct launch *l, size_t n, struct cgroup **ret, struct err *err);
void launch_cgroups_done(struct cgroup *cgroups, size_t n);

/* The variables of one environment. user: those of its owner, as a rule inputs.variables; api: host:port, or NULL for exec. */
void launch_variables(const struct launch *l, const struct strv *user, const char *api, struct strv *ret);

const char *launch_handler(const struct launch *l); /* NULL: none */

/* Writes the run's report if one was asked for; status and err are the command's. Returns the exit status, or -1 with err; r is
 * empty then. For the end of the process: l, which must be static, keeps its memory and descriptors. */
int launch_finish(struct launch *l, struct report *r, const char *command, int status, struct err *err);

/* MB of memory whose CPU share process 1 keeps (--cpu enforce); 0: it does not. */
int launch_share(const struct launch *l, const struct cgroup *c);

/* A note for the user on stderr, one line, unless quiet. */
void launch_note(const struct launch *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --hold: says that the failed environment is kept, and how to enter it. */
void launch_say_held(void);

#endif
