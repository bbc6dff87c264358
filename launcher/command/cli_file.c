/* SPDX-License-Identifier: Apache-2.0 */
/* cli_file.c: options by their names, for files of JSON (a configuration, a profile): setting one as the command line would, and what a
 * reader has to know of its row first: whether its value is a path, which type it has, whether it repeats. Parsing a command line is
 * cli.c's, checking a value cli_values.c's. */
#include "launcher/command/cli_row.h"

#include "base/own.h"

#include <string.h>

static const struct option_row *row_of(const struct request *r, const char *option)
{
    return cli_find_row(1u << r->command, option, strlen(option), 0);
}

int cli_set(struct request *r, const char *option, const char *value, struct err *err)
{
    const struct option_row *row = row_of(r, option);
    if (row && row->flags & LINE_ONLY)
        return fail_usage(err, "option '%s' belongs on the command line, not in a file", row->name);
    if (!row)
        return cli_unknown_option(r->command, option, err);
    if (!row->arg && strcmp(value, "true") != 0)
        return fail_usage(err, "%s: expected true, or no such member: it is a switch", option);
    char *kept = xstrdup(value);
    strv_add(&r->owned, kept);
    return row->set(row, kept, r, err);
}

enum cli_taken cli_takes(const struct request *r, const char *option)
{
    const struct option_row *row = row_of(r, option);
    size_t at = row ? (size_t)(row - ROWS) : 0;
    if (!row)
        return cli_find_row(~0u, option, strlen(option), 0) ? TAKEN_ELSEWHERE : TAKEN_NOWHERE;
    return r->given[at / 64] >> at % 64 & 1 ? TAKEN_GIVEN : TAKEN;
}

void cli_give(struct request *r, const char *option)
{
    const struct option_row *row = row_of(r, option);
    if (row)
        cli_mark(row, r);
}

void cli_clear(struct request *r, const char *option)
{
    const struct option_row *row = row_of(r, option);
    if (row && row->flags & REPEATED)
        strv_done(field_of(row, r));
}

bool cli_is_path(const struct request *r, const char *option, const char *value)
{
    const struct option_row *row = row_of(r, option);
    return row && (row->flags & PATH || (row->flags & PATH_OR_WORD && strpbrk(value, "./"))) &&
           !(row->preset && strcmp(value, row->preset) == 0);
}

enum cli_kind cli_kind(const struct request *r, const char *option, bool *ret_repeats)
{
    const struct option_row *row = row_of(r, option);
    *ret_repeats = row && row->flags & (REPEATED | WORDS);
    return !row ? CLI_NONE : !row->arg ? CLI_SWITCH : row->max ? CLI_NUMBER : CLI_TEXT;
}

bool cli_takes_array(const struct request *r, const char *option)
{
    const struct option_row *row = row_of(r, option);
    return row && row->flags & WORDS;
}
