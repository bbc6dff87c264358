/* SPDX-License-Identifier: Apache-2.0 */
/* launch.h: what run and exec have in common: from the request to a sandbox that could be started.
 *
 *   identity chosen -> inputs opened -> identity taken -> archives unpacked -> mounts planned -> spec filled */
#ifndef LRUN_LAUNCH_H
#define LRUN_LAUNCH_H

#include "base/clock.h"
#include "launcher/inputs.h"
#include "launcher/report.h"
#include "launcher/sandbox.h"

struct launch {
    const struct request *request;
    struct identity identity;
    struct inputs inputs;
    struct plan plan;
    struct sandbox_spec spec;
    struct strv envp, argv; /* owned copies: init scrubs the caller's */
    struct report report;
    char *workdir;
    char log_stream[64];
    char boot_id[UUID_SIZE];
};

/* On failure the report's phase tells how far it came. api: host:port for the function, or NULL. launch_done() either way. */
int launch_prepare(const struct request *r, const char *api, struct launch *ret, struct err *err);

/* Writes the report if one was asked for; status and err are the command's. Returns the exit status, or -1 with err. */
int launch_finish(struct launch *l, const char *command, int status, struct err *err);

/* A note for the user on stderr, one line, unless quiet. */
void launch_note(const struct launch *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
