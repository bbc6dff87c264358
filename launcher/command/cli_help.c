/* SPDX-License-Identifier: Apache-2.0 */
/* cli_help.c: --help and the man page's options, made of the option table, so that neither can lack an option (completions:
 * cli_complete.c). The text of each option is its row's in cli_options.c; the rest of the manual is docs/lrun.1.in. A default is the
 * row's preset, unless the row's own text names it. */
#include "launcher/command/cli_row.h"

#include <string.h>

static void list_commands(FILE *to)
{
    fputs("usage: lrun [COMMAND] [OPTIONS] ...\n       run AWS Lambda deployment packages in a sandbox, as Lambda would\n\ncommands (run "
          "is the default):\n",
          to);
    for (size_t i = 0; i < CMD_COUNT; i++)
        fprintf(to, "  %-8s %s\n           %s\n", COMMANDS[i].name, COMMANDS[i].synopsis, COMMANDS[i].help);
    fputs("\nlrun help COMMAND lists the options of a command. The manual: man lrun.\n", to);
}

static const char *default_of(const struct option_row *row)
{
    return row->preset && !strstr(row->help, "default") ? row->preset : NULL;
}

static void put_help(const struct option_row *row, FILE *to)
{
    fputs(row->help, to);
    if (default_of(row))
        fprintf(to, " (default %s)", default_of(row));
}

void cli_help(enum command command, FILE *to)
{
    if (command == CMD_HELP) {
        list_commands(to);
        return;
    }
    fprintf(to, "usage: %s\n       %s\n\n", COMMANDS[command].synopsis, COMMANDS[command].help);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &ROWS[i];
        if (!(row->commands & 1u << command))
            continue;
        char left[80];
        snprintf(left, sizeof left, "--%s%s%s", row->name, row->arg ? " " : "", row->arg ? row->arg : "");
        char letter[4] = {'-', row->letter, ',', 0};
        if (strlen(left) > 26)
            fprintf(to, "  %s %s\n%36s", row->letter ? letter : "   ", left, "");
        else
            fprintf(to, "  %s %-28s  ", row->letter ? letter : "   ", left);
        put_help(row, to);
        fputs("\n", to);
    }
}

void cli_man_options(FILE *to)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &ROWS[i];
        fputs(".TP\n", to);
        if (row->letter)
            fprintf(to, "\\fB\\-%c\\fR, ", row->letter);
        fputs("\\fB\\-\\-", to);
        for (const char *c = row->name; *c; c++)
            fprintf(to, *c == '-' ? "\\-" : "%c", *c);
        fputs("\\fR", to);
        if (row->arg)
            fprintf(to, " \\fI%s\\fR", row->arg);
        fputs(" (", to);
        for (unsigned c = 0, n = 0; c < CMD_COUNT; c++)
            if (row->commands & 1u << c)
                fprintf(to, "%s%s", n++ ? ", " : "", COMMANDS[c].name);
        fputs(")\n", to);
        put_help(row, to);
        fputs(".\n", to);
    }
}
