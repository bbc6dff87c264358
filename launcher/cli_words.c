/* SPDX-License-Identifier: Apache-2.0 */
/* cli_words.c: which command a command line means, and the nearest name for a command or option that does not exist. */
#include "launcher/cli_row.h"

#include "base/own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORD_MAX = 24 /* longer ones resemble none of ours */, PREFIX_MIN = 3 };

/* Names that other tools have for what is here. Without pointers, which would be relocated at every start. */
static const struct {
    char word[16], name[10];
} SYNONYMS[] = {
    {"invoke", "run"}, {"start", "run"}, {"shell", "exec"}, {"lint", "inspect"}, {"validate", "inspect"}, {"check", "doctor"}, {"why", "explain"},
    {"payload", "event"}, {"function-name", "name"}, {"network", "net"}, {"cwd", "workdir"}, {"mount", "volume"}, {"image", "rootfs"},
};

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters to insert, remove, replace or swap with their neighbour lie between two words. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1] = {{0}}, *two = rows[0], *one = rows[1], *now = rows[2];
    size_t n = strlen(a), m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    for (unsigned k = 0; k <= m; k++)
        one[k] = k;
    for (unsigned i = 1; i <= n; i++) {
        now[0] = i;
        for (unsigned k = 1; k <= m; k++) {
            now[k] = least(least(one[k], now[k - 1]) + 1, one[k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                now[k] = least(now[k], two[k - 2] + 1);
        }
        unsigned *free_row = two;
        two = one;
        one = now;
        now = free_row;
    }
    return one[m];
}

/* 0: the same thing; the greater, the less alike; WORD_MAX: nothing that was meant. */
static unsigned unlikeness(const char *word, const char *name)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < COUNT(SYNONYMS); i++)
        if (strcmp(SYNONYMS[i].word, word) == 0 && strcmp(SYNONYMS[i].name, name) == 0)
            return 0;
    unsigned d = distance(word, name), most = n < PREFIX_MIN ? 0 : n < 6 ? 1 : 2;
    if (d <= most)
        return d;
    return n >= PREFIX_MIN && strncmp(word, name, n) == 0 ? most + 1 : WORD_MAX;
}

static const char *near_command(const char *word)
{
    const char *found = NULL;
    unsigned best = WORD_MAX;
    for (size_t i = 0; i < CMD_COUNT; i++) {
        unsigned d = unlikeness(word, COMMANDS[i].name);
        if (d < best) {
            best = d;
            found = COMMANDS[i].name;
        }
    }
    return found;
}

/* Of the command's own options; NULL: none is near. */
static const struct option_row *near_row(enum command command, const char *name)
{
    const struct option_row *found = NULL;
    unsigned best = WORD_MAX;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        unsigned d = ROWS[i].commands & 1u << command ? unlikeness(name, ROWS[i].name) : WORD_MAX;
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

/* The command that the first word was meant to be, if it is no file. */
static const char *meant_command(int argc, char **argv)
{
    int at = cli_command_word(argc, argv);
    if (!at || strpbrk(argv[at], "./=") || access(argv[at], F_OK) == 0)
        return NULL;
    for (size_t i = 0; i < CMD_COUNT; i++)
        if (strcmp(argv[at], COMMANDS[i].name) == 0)
            return NULL;
    return near_command(argv[at]);
}

int cli_unknown_command(const char *name, struct err *err)
{
    const char *near = near_command(name);
    if (near)
        return fail_usage(err, "unknown command '%.40s' (did you mean '%s'?)", name, near);
    fail_usage(err, "unknown command '%.40s'", name);
    return fail_hint(err, "see lrun help");
}

int cli_check_command(int argc, char **argv, struct err *err)
{
    return meant_command(argc, argv) ? cli_unknown_command(argv[cli_command_word(argc, argv)], err) : 0;
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
    return fail_usage(err, "--%s: '%.40s' is not a whole number (%s, %ju to %ju)", row->name, value, row->arg, (uintmax_t)row->min, (uintmax_t)row->max);
}

/* Docker's -v SRC:DST, which was exec's too. */
int cli_check_volume(const char *word, const char *next, struct err *err)
{
    const char *value = word[2] ? word + 2 : next, *colon = value ? strchr(value, ':') : NULL;
    if (word[1] != 'v' || !colon || colon[1] != '/')
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
    const char *after = command == CMD_EXEC ? "; the command, and a file name that begins with '-', go after --" : "; a file name that begins with '-' goes after --";
    return fail_hint(err, "see lrun help %s%s", COMMANDS[command].name, *dashes ? after : "");
}
