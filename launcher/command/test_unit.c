/* SPDX-License-Identifier: Apache-2.0 */
/* test_unit.c: the function's own unit tests. They are a command in the function's environment, as of exec; what differs is what follows
 * from whose tests they are: the function's memory size limits them, as it would on Lambda, while the timeout of an invocation says
 * nothing of a suite. The tests lie beside the code, as in the directory that the package was made of: what they import and read by a
 * path relative to their own is found, no place that the function sees on Lambda is another's, and /tmp is empty when they start. */
#include "launcher/command/test_unit.h"

#include "base/own.h"
#include "base/place.h"
#include "launcher/command/cli.h"
#include "launcher/command/commands.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PLACE "/var/task/tests"

static const struct command_kind KIND_UNIT = {
    .usage_exit = EXIT_USAGE, /* as that of a command line that is refused before the command is found in it */
    .limited_by_preset = true,
};

int test_unit_check(const struct request *r, struct err *err)
{
    static const struct {
        const char *option;
        bool command;
    } ONLY[] = {
        {"tests", true},  {"volume", true}, {"scratch", true},    {"out", true},     {"out-replace", true},
        {"report", true}, {"jobs", false},  {"warm", false},      {"filter", false}, {"shuffle", false},
        {"seed", false},  {"junit", false}, {"fail-fast", false}, {"tap", false},    {"list", false},
    };
    for (size_t i = 0; i < COUNT(ONLY); i++)
        if (ONLY[i].command != (r->argv != NULL) && cli_takes(r, ONLY[i].option) == TAKEN_GIVEN)
            return fail_usage(
                err, ONLY[i].command ? "--%s is for unit tests, a command after --" : "--%s is for cases, not for a command after --",
                ONLY[i].option);
    return 0;
}

/* Before all other volumes: the first has its place made in the code (plan_volumes.h). */
static int add_tests(const char *tests, struct strv *volumes, struct err *err)
{
    OWN_FD int fd = place_open(tests, O_PATH | O_DIRECTORY, 0, "open the tests", err);
    if (fd < 0)
        return err->hint[0] ? -1 : fail_hint(err, "--tests takes a directory, which is mounted at " PLACE);
    if (strchr(tests, ':'))
        return fail_usage(err, "--tests '%.160s': a path with ':' cannot be mounted", tests);
    strv_add(volumes, xasprintf("%s:" PLACE, tests));
    for (size_t i = volumes->n - 1; i > 0; i--) {
        char *before = volumes->at[i - 1];
        volumes->at[i - 1] = volumes->at[i];
        volumes->at[i] = before;
    }
    return 0;
}

int test_unit(const struct request *r, struct err *err)
{
    static struct request own; /* the launch borrows from it until the process ends */
    request_copy(r, &own);
    own.kind = &KIND_UNIT;
    own.runtime = r->runtimes.n ? r->runtimes.at[0] : NULL;
    own.memory.set = true;
    if (cli_takes(&own, "tools") != TAKEN_GIVEN)
        own.tools = TOOLS_DEV;
    own.timeout.set = cli_takes(&own, "timeout") == TAKEN_GIVEN;
    int status = r->tests && add_tests(r->tests, &own.volumes, err) < 0 ? -1 : cmd_exec(&own, err);
    if (status < 0)
        err->exit = request_exit(&own, err);
    return status;
}
