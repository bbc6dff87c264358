/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.c: THE TABLE of ends, and every failure in AWS's words: error payload and type. When which of them happens is
 * environment_outcome.c's, the sentence under why: launcher/diagnose's. Two things may happen at once. What lrun sees first decides,
 * and what comes later changes nothing, but for an answer that is read after the end was decided: it counts where it must have been
 * sent before, since who ended was the sender. (A posted init/error is an answer to the init.)
 *   cause                                 and the answer
 *   the runtime ended, or was killed      counts: a process that is gone sends nothing, so it came first
 *   its deadline, or the init's           no more: what had come by then counts. A runtime with extensions has 300 to 500 ms after SIGTERM
 *   an extension ended or gave up         no more: the invocation has failed with it, and the runtime hears SIGTERM
 *   lrun was interrupted                  no more: the user was told that nothing more comes
 *   it could not be started, init/error   there is none to come */
#include "launcher/environment/outcome.h"

#include "base/json.h"
#include "base/own.h"
#include "lambda/limits.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

// clang-format off
/* Whether an answer that is read after the end was decided still counts: the table above. */
static const struct {
    enum report_reason cause;
    bool takes_answers;
} ENDINGS[] = {
    {BECAUSE_EXIT, true}, {BECAUSE_SIGNAL, true}, {BECAUSE_OUT_OF_MEMORY, true},
    {BECAUSE_TIMEOUT, false}, {BECAUSE_INIT_TIMEOUT, false}, {BECAUSE_EXTENSION, false}, {BECAUSE_INTERRUPTED, false},
    {BECAUSE_NOT_STARTED, false}, {BECAUSE_INIT_ERROR, false},
};
// clang-format on

bool outcome_takes_answers(const struct outcome *o)
{
    for (size_t i = 0; i < COUNT(ENDINGS); i++)
        if (ENDINGS[i].cause == o->reason)
            return ENDINGS[i].takes_answers;
    return false;
}

static struct outcome make(enum event_status status, enum report_reason reason, const char *type, const char *message)
{
    struct outcome o = {.status = status, .reason = reason};
    snprintf(o.type, sizeof o.type, "%s", type);
    json_open(&o.payload, '{');
    json_put(&o.payload, "errorType", type);
    json_put(&o.payload, "errorMessage", message);
    json_close(&o.payload, '}');
    return o;
}

/* The platform is written in Go: its names of errors and signals are those Lambda shows. */
static const struct {
    int number;
    const char *text;
} SIGNALS[] = {
    {1, "hangup"},
    {2, "interrupt"},
    {3, "quit"},
    {4, "illegal instruction"},
    {5, "trace/breakpoint trap"},
    {6, "aborted"},
    {7, "bus error"},
    {8, "floating point exception"},
    {9, "killed"},
    {10, "user defined signal 1"},
    {11, "segmentation fault"},
    {12, "user defined signal 2"},
    {13, "broken pipe"},
    {14, "alarm clock"},
    {15, "terminated"},
    {31, "bad system call"},
};

const char *outcome_status_text(int wait_status, char *text, size_t size)
{
    if (WIFEXITED(wait_status)) {
        snprintf(text, size, "exit status %d", WEXITSTATUS(wait_status));
        return WEXITSTATUS(wait_status) ? text : NULL;
    }
    int number = WTERMSIG(wait_status);
    snprintf(text, size, "signal: signal %d", number);
    for (size_t i = 0; i < COUNT(SIGNALS); i++)
        if (SIGNALS[i].number == number)
            snprintf(text, size, "signal: %s%s", SIGNALS[i].text, WCOREDUMP(wait_status) ? " (core dumped)" : "");
    return text;
}

void outcome_start_text(const char *path, int no, char *text, size_t size)
{
    char reason[64];
    snprintf(reason, sizeof reason, "%s", strerror(no));
    reason[0] = (char)tolower((unsigned char)reason[0]); /* Go: "permission denied", "exec format error" */
    snprintf(text, size, "fork/exec %s: %s", path, reason);
}

struct outcome outcome_not_started(const char *request_id, const char *path, int no)
{
    char reason[640];
    if (no == ENOENT && path[0] && !strchr(path, '/')) /* only an image's program is looked up in PATH */
        snprintf(reason, sizeof reason, "exec: \"%s\": executable file not found in $PATH", path);
    else
        outcome_start_text(path, no, reason, sizeof reason);
    OWN_PTR char *text =
        path[0] ? xasprintf("RequestId: %s Error: %s", request_id, reason)
                : xasprintf("RequestId: %s Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]", request_id);
    return make(STATUS_ERROR, BECAUSE_NOT_STARTED, "Runtime.InvalidEntrypoint", text);
}

/* Our choice of message, by rapid's source, where the list is the image's first word alone. The types are AWS's. */
struct outcome outcome_no_entrypoint(const char *request_id)
{
    OWN_PTR char *text = xasprintf("RequestId: %s Error: Couldn't find valid bootstrap(s): []", request_id);
    return make(STATUS_ERROR, BECAUSE_NOT_STARTED, "Runtime.InvalidEntrypoint", text);
}

struct outcome outcome_no_workdir(const char *request_id, const char *path, int no)
{
    char reason[640];
    outcome_start_text(path, no, reason, sizeof reason);
    OWN_PTR char *text = xasprintf("RequestId: %s Error: chdir%s", request_id, reason + strlen("fork/exec"));
    return make(STATUS_ERROR, BECAUSE_NOT_STARTED, "Runtime.InvalidWorkingDir", text);
}

struct outcome outcome_exited(const char *request_id, int wait_status, bool oom)
{
    char status[64];
    const char *how = outcome_status_text(wait_status, status, sizeof status);
    OWN_PTR char *text = how ? xasprintf("RequestId: %s Error: Runtime exited with error: %s", request_id, how)
                             : xasprintf("RequestId: %s Error: Runtime exited without providing a reason", request_id);
    return make(STATUS_ERROR,
                oom                        ? BECAUSE_OUT_OF_MEMORY
                : WIFSIGNALED(wait_status) ? BECAUSE_SIGNAL
                                           : BECAUSE_EXIT,
                "Runtime.ExitError", text);
}

struct outcome outcome_extension(const char *request_id, const char *type, const char *name, const char *text)
{
    OWN_PTR char *message =
        text ? xasprintf("RequestId: %s Error: %s", request_id, text) /* our choice: what AWS says of the other is not known */
             : xasprintf("RequestId: %s Error: extension %s reported an error", request_id, name);
    return make(STATUS_ERROR, BECAUSE_EXTENSION, type, message);
}

struct outcome outcome_timeout(const char *request_id, double seconds)
{
    OWN_PTR char *text = xasprintf("RequestId: %s Error: Task timed out after %.2f seconds", request_id, seconds);
    return make(STATUS_TIMEOUT, BECAUSE_TIMEOUT, "Sandbox.Timedout", text);
}

struct outcome outcome_too_large(uint64_t size)
{
    struct outcome o = make(STATUS_ERROR, BECAUSE_RESPONSE_TOO_LARGE, "Function.ResponseSizeTooLarge", RESPONSE_TEXT);
    o.size = size;
    return o;
}

/* Our choice of message: AWS's is not known. The type is rapid's. */
struct outcome outcome_truncated(const char *request_id)
{
    OWN_PTR char *text = xasprintf("RequestId: %s Error: the runtime's response ended before it was complete", request_id);
    return make(STATUS_ERROR, BECAUSE_RESPONSE_TRUNCATED, "Runtime.TruncatedResponse", text);
}

/* Our choice: nobody can interrupt a function on Lambda. */
struct outcome outcome_interrupted(const char *request_id)
{
    OWN_PTR char *text = xasprintf("RequestId: %s Error: lrun was interrupted", request_id);
    struct outcome o = make(STATUS_ERROR, BECAUSE_INTERRUPTED, "Sandbox.Failure", text);
    o.interrupted = true;
    return o;
}

void outcome_done(struct outcome *o)
{
    text_done(&o->payload);
}
