/* SPDX-License-Identifier: Apache-2.0 */
/* cli_words.c: which command a command line means, and which option a word names or may have meant. Parsing is cli.c; the distance of
 * words is launcher/launch/names.c. The first word that is no option decides the command, so options before it must be passed over
 * with their values although the command is not known yet: an option has one shape in all commands. What an unknown word may be (JSON,
 * NAME=VALUE) decides how much of it a message repeats. */
#include "launcher/command/cli_row.h"

#include "base/own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Returns the nearest of the command's own options; NULL: none is near. */
static const struct option_row *near_row(enum command command, const char *name)
{
    const struct option_row *found = NULL;
    unsigned best = NAME_UNLIKE;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        unsigned d = ROWS[i].commands & 1u << command ? name_unlikeness(name, ROWS[i].name) : NAME_UNLIKE;
        if (d < best) {
            best = d;
            found = &ROWS[i];
        }
    }
    return found;
}

const struct option_row *cli_find_row(unsigned commands, const char *name, size_t n, char letter)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &ROWS[i];
        if (row->commands & commands && (name ? strlen(row->name) == n && strncmp(row->name, name, n) == 0 : row->letter == letter))
            return row;
    }
    return NULL;
}

/* Whether the option takes the next word as its value. An option has one shape, whichever command it is for. */
static bool takes_next(const char *word)
{
    if (word[1] == '-') {
        const struct option_row *row = cli_find_row(~0u, word + 2, strlen(word + 2), 0); /* with "=": no option's name */
        return row && row->arg;
    }
    for (const char *c = word + 1; *c; c++) { /* -qe EVENT is not taken, but -e is */
        const struct option_row *row = cli_find_row(~0u, NULL, 0, *c);
        if (!row || row->arg)
            return row && !c[1] && c == word + 1;
    }
    return false;
}

int cli_command_word(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (argv[i][0] != '-' || !argv[i][1])
            return i;
        i += takes_next(argv[i]);
    }
    return 0;
}

/* Returns the command that the first word probably misspells, if it names no file. */
static const char *meant_command(int argc, char **argv)
{
    int at = cli_command_word(argc, argv);
    if (!at || strpbrk(argv[at], "./=") || access(argv[at], F_OK) == 0)
        return NULL;
    for (size_t i = 0; i < CMD_COUNT; i++)
        if (strcmp(argv[at], COMMANDS[i].name) == 0)
            return NULL;
    return name_near_command(argv[at]);
}

int cli_check_command(int argc, char **argv, struct err *err)
{
    return meant_command(argc, argv) ? name_unknown_command(argv[cli_command_word(argc, argv)], err) : 0;
}

/* What a word of the command line may be called in a message: JSON is an event, and what follows a name is its value; neither is
 * repeated. "": nothing. The caller frees it. */
char *cli_name_of(const char *word)
{
    if (strchr("{[\"", word[0]))
        return xstrdup("");
    bool letter = word[0] == '-' && word[1] && word[1] != '-';
    return xasprintf("%.*s", letter ? 2 : (int)strcspn(word, "="), word);
}

/* "run, serve and exec": all commands that take an option of this name, in whichever row. */
static void owners_of(const struct option_row *named, char *ret, size_t size)
{
    unsigned commands = 0, left = 0;
    for (size_t i = 0; i < ROW_COUNT; i++)
        commands |= strcmp(ROWS[i].name, named->name) == 0 ? ROWS[i].commands : 0;
    for (unsigned i = 0; i < CMD_COUNT; i++)
        left += commands >> i & 1;
    *ret = 0;
    for (unsigned i = 0; i < CMD_COUNT; i++)
        if (commands >> i & 1) {
            size_t n = strlen(ret);
            left--;
            snprintf(ret + n, size - n, "%s%s", COMMANDS[i].name, left > 1 ? ", " : left ? " and " : "");
        }
}

/* After num_parse(), whose err says which of the two it is. */
int cli_bad_number(const struct option_row *row, const char *value, struct err *err)
{
    if (err->no == ERANGE)
        return fail_usage(err, "--%s %.40s: must be %ju to %ju (%s)", row->name, value, (uintmax_t)row->min, (uintmax_t)row->max, row->arg);
    return fail_usage(err, "--%s: '%.40s' is not a whole number (%s, %ju to %ju)", row->name, value, row->arg, (uintmax_t)row->min,
                      (uintmax_t)row->max);
}

/* Docker's -v SRC:DST, which was exec's too. A URL is none. DST without a slash may as well be an image's tag, and counts as one
 * unless another word is the FUNCTION. */
int cli_check_volume(enum command command, const char *word, char **next, struct err *err)
{
    const char *value = word[2] ? word + 2 : next[0], *colon = value ? strchr(value, ':') : NULL;
    const char *function = word[2] || !value ? next[0] : next[1];
    if (word[1] != 'v' || !colon || str_begins(colon, "://") || str_begins(value, "arn:"))
        return 0;
    if (colon[1] != '/' && (!COMMANDS[command].takes_command || !function || strcmp(function, "--") == 0))
        return 0;
    fail_usage(err, "-v is --verbose and takes no value");
    return fail_hint(err, "show a file or directory inside by --volume SRC:DST[:ro|rw], which exec takes");
}

int cli_unknown_option(enum command command, const char *word, struct err *err)
{
    OWN_PTR char *name = cli_name_of(word);
    const char *bare = name + strspn(name, "-"), *dashes = word[0] == '-' ? "--" : "";
    bool letter = word[0] == '-' && word[1] != '-';
    const struct option_row *other = letter ? cli_find_row(~0u, NULL, 0, word[1]) : cli_find_row(~0u, bare, strlen(bare), 0);
    const struct option_row *near = letter ? NULL : near_row(command, bare);
    char owners[80];
    if (other) {
        owners_of(other, owners, sizeof owners);
        return fail_usage(err, "option '%.80s' is not for %s (it is for %s)", name, COMMANDS[command].name, owners);
    }
    if (near)
        return fail_usage(err, "unknown option '%.80s' (did you mean '%s%s'?)", name, dashes, near->name);
    fail_usage(err, "unknown option '%.80s'", name);
    const char *after = COMMANDS[command].takes_command ? "; the command, and a file name that begins with '-', go after --"
                                                        : "; a file name that begins with '-' goes after --";
    return fail_hint(err, "see lrun help %s%s", COMMANDS[command].name, *dashes ? after : "");
}
