/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_help.c: the commands, or one command's options. */
#include "launcher/command/cli.h"
#include "launcher/command/commands.h"

#include <stdio.h>

const struct command_kind KIND_HELP = {
    .usage_exit = EXIT_USAGE,
};

int cmd_help(const struct request *r, struct err *err)
{
    enum command command;
    if (r->words.n == 0) {
        cli_help(CMD_HELP, stdout);
        return 0;
    }
    if (cli_command_named(r->words.at[0], &command, err) < 0)
        return -1;
    cli_help(command, stdout);
    return 0;
}
