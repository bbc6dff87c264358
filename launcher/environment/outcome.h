/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.h: how an init or an invocation ended, in AWS's words: the error payload and the type for the REPORT line.
 * Source: lambda-environment, section 3.4; lambda-apis, section 4.4. */
#ifndef LRUN_OUTCOME_H
#define LRUN_OUTCOME_H

#include "launcher/launch/report.h"

struct outcome {
    enum event_status status;
    enum report_reason reason;
    char type[128];      /* Runtime.ExitError, ... */
    struct text payload; /* owned */
    uint64_t size;       /* of a response that was too large to keep */
    bool of_init, of_invocation, interrupted;
};

/* After this has ended the invocation or init: is the runtime's next post the result (true), or is it refused and logged?
 * ENDINGS in outcome.c has the rules and their reasons. */
bool outcome_takes_answers(const struct outcome *o);

struct outcome outcome_not_started(const char *request_id, const char *path, int no); /* path "": no bootstrap */
struct outcome outcome_no_entrypoint(const char *request_id);                         /* of an image that starts nothing */
struct outcome outcome_no_workdir(const char *request_id, const char *path, int no);
struct outcome outcome_exited(const char *request_id, int wait_status, bool oom);
struct outcome outcome_timeout(const char *request_id, double seconds);
struct outcome outcome_too_large(uint64_t size);
/* text: what happened; or NULL, for what the extension named reported itself. */
struct outcome outcome_extension(const char *request_id, const char *type, const char *name, const char *text);
struct outcome outcome_truncated(const char *request_id);
struct outcome outcome_interrupted(const char *request_id);
void outcome_done(struct outcome *o);

/* Go's words for a program that could not be started: "fork/exec /opt/extensions/x: permission denied". */
void outcome_start_text(const char *path, int no, char *text, size_t size);

/* Go's words for a wait status: "exit status 1", "signal: killed"; NULL for exit status 0. */
const char *outcome_status_text(int wait_status, char *text, size_t size);

#endif
