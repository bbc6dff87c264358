/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"
#include "base/own.h"
#include "lambda/limits.h"
#include "launcher/environment/outcome.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

Test(outcome, statuses_are_told_in_gos_words)
{
    static const struct {
        int status;
        const char *text; /* NULL: none */
    } ROWS[] = {{0, NULL},
                {1 << 8, "exit status 1"},
                {255 << 8, "exit status 255"},
                {SIGHUP, "signal: hangup"},
                {SIGKILL, "signal: killed"},
                {SIGILL, "signal: illegal instruction"},
                {SIGSEGV | 0x80, "signal: segmentation fault (core dumped)"},
                {SIGSYS, "signal: bad system call"},
                {SIGTERM, "signal: terminated"},
                {40, "signal: signal 40"},
                {40 | 0x80, "signal: signal 40"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        char text[64];
        const char *got = outcome_status_text(ROWS[i].status, text, sizeof text);
        cr_expect(ROWS[i].text ? got && strcmp(got, ROWS[i].text) == 0 : !got, "%x: %s", (unsigned)ROWS[i].status, got);
    }
    char small[8];
    cr_expect_str_eq(outcome_status_text(SIGKILL, small, sizeof small), "signal:");
}

/* Only a sender that is gone cannot have been told by the end that it answers. */
Test(outcome, takes_an_answer_only_of_who_has_ended)
{
    struct outcome rows[] = {outcome_exited("ID", 0, false),
                             outcome_exited("ID", 3 << 8, false),
                             outcome_exited("ID", 9, false),
                             outcome_exited("ID", 9, true),
                             outcome_timeout("ID", 3),
                             outcome_timeout("ID", 10),
                             outcome_extension("ID", "Extension.Crash", "x", "exit status 1"),
                             outcome_interrupted("ID"),
                             outcome_not_started("ID", "", 0),
                             {.reason = BECAUSE_INIT_ERROR},
                             {.reason = BECAUSE_SUCCESS}};
    static const bool TAKES[] = {true, true, true, true, false, false, false, false, false, false, false};
    rows[5].reason = BECAUSE_INIT_TIMEOUT;
    for (size_t i = 0; i < sizeof TAKES / sizeof *TAKES; i++) {
        cr_expect(outcome_takes_answers(&rows[i]) == TAKES[i], "%zu", i);
        outcome_done(&rows[i]);
    }
}

/* What becomes of each in the REPORT line, the report and the payload. */
Test(outcome, is_in_aws_words)
{
    struct {
        struct outcome o;
        enum event_status status;
        enum report_reason reason;
        const char *type, *message;
    } rows[] = {
        {outcome_not_started("ID", "", 0), STATUS_ERROR, BECAUSE_NOT_STARTED, "Runtime.InvalidEntrypoint",
         "RequestId: ID Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"},
        {outcome_not_started("ID", "app", ENOENT), STATUS_ERROR, BECAUSE_NOT_STARTED, "Runtime.InvalidEntrypoint",
         "RequestId: ID Error: exec: \"app\": executable file not found in $PATH"},
        {outcome_no_entrypoint("ID"), STATUS_ERROR, BECAUSE_NOT_STARTED, "Runtime.InvalidEntrypoint",
         "RequestId: ID Error: Couldn't find valid bootstrap(s): []"},
        {outcome_no_workdir("ID", "/x", ENOENT), STATUS_ERROR, BECAUSE_NOT_STARTED, "Runtime.InvalidWorkingDir",
         "RequestId: ID Error: chdir /x: no such file or directory"},
        {outcome_not_started("ID", "/var/task/bootstrap", EACCES), STATUS_ERROR, BECAUSE_NOT_STARTED, "Runtime.InvalidEntrypoint",
         "RequestId: ID Error: fork/exec /var/task/bootstrap: permission denied"},
        {outcome_exited("ID", 0, false), STATUS_ERROR, BECAUSE_EXIT, "Runtime.ExitError",
         "RequestId: ID Error: Runtime exited without providing a reason"},
        {outcome_exited("ID", 3 << 8, false), STATUS_ERROR, BECAUSE_EXIT, "Runtime.ExitError",
         "RequestId: ID Error: Runtime exited with error: exit status 3"},
        {outcome_exited("ID", SIGKILL, false), STATUS_ERROR, BECAUSE_SIGNAL, "Runtime.ExitError",
         "RequestId: ID Error: Runtime exited with error: signal: killed"},
        {outcome_exited("ID", SIGKILL, true), STATUS_ERROR, BECAUSE_OUT_OF_MEMORY, "Runtime.ExitError",
         "RequestId: ID Error: Runtime exited with error: signal: killed"},
        {outcome_timeout("ID", 3), STATUS_TIMEOUT, BECAUSE_TIMEOUT, "Sandbox.Timedout",
         "RequestId: ID Error: Task timed out after 3.00 seconds"},
        {outcome_extension("ID", "Extension.Crash", "x", "exit status 1"), STATUS_ERROR, BECAUSE_EXTENSION, "Extension.Crash",
         "RequestId: ID Error: exit status 1"},
        {outcome_extension("ID", "Extension.InitError", "x", NULL), STATUS_ERROR, BECAUSE_EXTENSION, "Extension.InitError",
         "RequestId: ID Error: extension x reported an error"},
        {outcome_too_large(PAYLOAD_MAX + 1), STATUS_ERROR, BECAUSE_RESPONSE_TOO_LARGE, "Function.ResponseSizeTooLarge", RESPONSE_TEXT},
        {outcome_truncated("ID"), STATUS_ERROR, BECAUSE_RESPONSE_TRUNCATED, "Runtime.TruncatedResponse",
         "RequestId: ID Error: the runtime's response ended before it was complete"},
        {outcome_interrupted("ID"), STATUS_ERROR, BECAUSE_INTERRUPTED, "Sandbox.Failure", "RequestId: ID Error: lrun was interrupted"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct outcome *o = &rows[i].o;
        struct slice top;
        struct json_fault fault;
        cr_expect(o->status == rows[i].status && o->reason == rows[i].reason && strcmp(o->type, rows[i].type) == 0, "%zu: %s", i, o->type);
        cr_assert(json_scan(o->payload.at, o->payload.n, &top, &fault));
        cr_expect(json_is(json_find(top, "errorType"), rows[i].type) && json_is(json_find(top, "errorMessage"), rows[i].message), "%zu: %s",
                  i, o->payload.at);
        cr_expect_eq(o->interrupted, rows[i].reason == BECAUSE_INTERRUPTED);
        outcome_done(o);
    }
}

/* Sizes are 64 bits, names are the package's own. */
Test(outcome, of_any_size_and_name)
{
    static char name[4000];
    memset(name, '"', sizeof name - 1);
    struct outcome large = outcome_too_large(UINT64_MAX), odd = outcome_not_started("ID", name, ENOENT),
                   ext = outcome_extension("ID", name, name, NULL);
    struct slice top;
    struct json_fault fault;
    cr_expect_eq(large.size, UINT64_MAX);
    cr_expect(json_scan(odd.payload.at, odd.payload.n, &top, &fault) && json_scan(ext.payload.at, ext.payload.n, &top, &fault));
    cr_expect_eq(strlen(ext.type), sizeof ext.type - 1);
    outcome_done(&large), outcome_done(&odd), outcome_done(&ext);
}
