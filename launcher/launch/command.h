/* SPDX-License-Identifier: Apache-2.0 */
/* command.h: the commands, and how they differ in what they need of a launch. Their names: names.h. */
#ifndef LRUN_COMMAND_H
#define LRUN_COMMAND_H

#include <stdbool.h>

enum command {
    CMD_RUN,
    CMD_EXEC,
    CMD_BATCH,
    CMD_SERVE,
    CMD_TEST,
    CMD_PROJECT,
    CMD_RUNTIME,
    CMD_LAYER,
    CMD_CACHE,
    CMD_EVENT,
    CMD_EXPLAIN,
    CMD_DOCTOR,
    CMD_INSPECT,
    CMD_HELP,
    CMD_COUNT,
    CMD_DEFAULT = CMD_RUN, /* which a command line need not name */
};

/* Each command's is a const struct in its own file (launcher/command/commands.h), so that no file of a launch asks which command it is
 * for. What is not named there is false. */
struct command_kind {
    int usage_exit;         /* status when the command line is refused; enum of exit_status.h */
    bool invokes;           /* a runtime gets invocations, as on Lambda: notes name the runtime and its differences from Lambda */
    bool reads_events;      /* they are the command line's, and read before anything starts */
    bool limited_by_preset; /* memory is limited without --memory too, to its default */
    bool lives_on;          /* environments are there after an invocation: what fills their /tmp is looked for */
    bool many_at_once;      /* many environments, of many functions: none gets a helper process only to start sooner, and a file of
                             * variables that names others only is no mistake */
};

#endif
