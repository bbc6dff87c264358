/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c: from a command line to a struct request: words, options, and what must be there for each command. The options themselves are
 * the table in cli_options.c, their values cli_values.c, unknown words cli_words.c, help cli_help.c.
 *   presets of all rows  ->  argv from left to right, a later value over an earlier one  ->  checks by command
 * A row's field is an offset into struct request, so that no option has code of its own here. A number that a preset gave is not
 * `set`: that flag says that the user named it. Nothing is opened or looked up but for one access(2), which tells a misspelt command
 * from a file. */
#include "launcher/command/cli_row.h"

#include "base/own.h"
#include "lambda/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum command cli_command(int argc, char **argv)
{
    int at = cli_command_word(argc, argv);
    for (unsigned i = 0; at && i < CMD_COUNT; i++)
        if (strcmp(argv[at], COMMANDS[i].name) == 0)
            return (enum command)i;
    return CMD_DEFAULT;
}

int cli_command_named(const char *name, enum command *ret, struct err *err)
{
    for (unsigned i = 0; i < CMD_COUNT; i++)
        if (strcmp(name, COMMANDS[i].name) == 0)
            return *ret = (enum command)i, 0;
    return name_unknown_command(name, err);
}

static const struct option_row *find_row(enum command command, const char *name, size_t n, char letter)
{
    return cli_find_row(1u << command, name, n, letter);
}

static int need_value(const struct option_row *row, struct err *err)
{
    return fail_usage(err, "--%s needs a value: --%s %s", row->name, row->name, row->arg);
}

void cli_mark(const struct option_row *row, struct request *r)
{
    size_t at = (size_t)(row - ROWS);
    r->given[at / 64] |= UINT64_C(1) << at % 64;
}

static void note_row(const struct option_row *row, struct request *r)
{
    cli_mark(row, r);
    if (!(row->flags & WITH_IN) && !r->not_with_in)
        r->not_with_in = row->name;
}

/* -q, or several as -qv; of the last, row->arg tells whether a value must follow. */
static int parse_letters(const char *word, char **next, struct request *r, const struct option_row **ret, struct err *err)
{
    const struct option_row *row = find_row(r->command, NULL, 0, word[1]);
    if (cli_check_volume(r->command, word, next, err) < 0)
        return -1;
    for (const char *more = word + 2; row && !row->arg && *more; more++) {
        const struct option_row *joined = find_row(r->command, NULL, 0, *more);
        if (!joined)
            return cli_unknown_option(r->command, (const char[]){'-', *more, 0}, err);
        if (joined->arg)
            return fail_usage(err, "-%c takes a value (%s), and so stands by itself: not in '%.40s'", *more, joined->arg, word);
        note_row(joined, r);
        joined->set(joined, NULL, r, err);
    }
    *ret = row;
    return 0;
}

/* One option at argv[*at]; moves *at over a value of its own. */
static int parse_option(int argc, char **argv, int *at, struct request *r, struct err *err)
{
    const char *word = argv[*at], *next = *at + 1 < argc ? argv[*at + 1] : NULL, *value = NULL;
    const struct option_row *row = NULL;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        row = find_row(r->command, word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2), 0);
        value = equals ? equals + 1 : NULL;
        if (row && !row->arg && value)
            return fail_usage(err, "--%s takes no value", row->name);
    } else {
        if (parse_letters(word, argv + *at + 1, r, &row, err) < 0)
            return -1;
        value = row && row->arg && word[2] ? word + 2 : NULL;
    }
    if (!row)
        return cli_unknown_option(r->command, word, err);
    if (row->arg && !value) {
        if (!next)
            return need_value(row, err);
        value = next;
        ++*at;
    }
    note_row(row, r);
    return row->set(row, value, r, err);
}

static int too_many_layers(struct err *err)
{
    return fail_usage(err, "--layers: " LAYERS_TEXT); /* CreateFunction's InvalidParameterValueException */
}

int cli_no_function(const struct request *r, struct err *err)
{
    fail_usage(err, "%s needs a FUNCTION", COMMANDS[r->command].name);
    return fail_hint(err, "no project is here; usage: %s", COMMANDS[r->command].synopsis);
}

static int no_function(const struct request *r, struct err *err)
{
    fail_usage(err, "%s needs a FUNCTION", COMMANDS[r->command].name);
    return fail_hint(err, "usage: %s", COMMANDS[r->command].synopsis);
}

/* Rejects a word where no argument is allowed. */
static int unexpected(const struct request *r, const char *word, const char *hint, struct err *err)
{
    OWN_PTR char *name = cli_name_of(word);
    if (*name)
        fail_usage(err, "%s: unexpected argument '%.120s'", COMMANDS[r->command].name, name);
    else /* JSON is the user's own affair */
        fail_usage(err, "%s: unexpected argument after FUNCTION", COMMANDS[r->command].name);
    if (!*name || str_ends(name, ".json"))
        return fail_hint(err, "an event is given by --event");
    return fail_hint(err, hint ? "%s" : "usage: %s", hint ? hint : COMMANDS[r->command].synopsis);
}

/* Without a word, a project is looked for (project.c), unless the command's own words could be meant for one by mistake. */
static bool may_be_project(const struct request *r)
{
    return r->project || !COMMANDS[r->command].takes_command;
}

/* run, exec and inspect: one function. */
static int check_function(struct request *r, struct err *err)
{
    if (r->in.set && r->not_with_in) {
        fail_usage(err, "--in and --%s exclude each other", r->not_with_in);
        return fail_hint(err, "options that shape or report on an environment belong to the lrun that made it; --in takes -t, -w, --debug "
                              "and a built-in --seccomp");
    }
    size_t functions = r->in.set || (r->show_policy && !r->words.n) ? 0 : 1;
    if (r->words.n > functions && r->in.set)
        return unexpected(r, r->words.at[0], "--in enters an environment, which has its function", err);
    if (r->words.n < functions && !may_be_project(r))
        return no_function(r, err);
    if (r->words.n > functions)
        return unexpected(r, r->words.at[1], COMMANDS[r->command].takes_command && !r->argv ? "the command goes after --" : NULL, err);
    if (COMMANDS[r->command].takes_command && (!r->argv || !r->argv[0])) {
        fail_usage(err, "%s needs a command after --", COMMANDS[r->command].name);
        return fail_hint(err, "usage: %s", COMMANDS[r->command].synopsis);
    }
    r->function = !functions ? "" : r->words.n ? r->words.at[0] : NULL;
    if (r->tty && r->output_limit.set)
        return fail_usage(err, "--tty and --output-limit exclude each other: a terminal has one stream for both outputs");
    if (r->runtime_api && (r->events.n || r->pause.set))
        return fail_usage(err, "--runtime-api and --%s exclude each other", r->events.n ? "event" : "pause");
    return 0;
}

/* FUNCTION, if a word is there, and paths of cases. */
/* Of a function: its cases, or a command that runs its unit tests. */
static int check_test(struct request *r, struct err *err)
{
    if (r->argv && !r->argv[0])
        return fail_usage(err, "test needs a command after --");
    if (r->argv && r->words.n > 1)
        return unexpected(r, r->words.at[1], "cases and a command are run apart", err);
    if (r->argv && r->runtimes.n > 1)
        return fail_usage(err, "--runtime: a command runs on one runtime, not on %zu", r->runtimes.n);
    for (size_t i = 0; i < r->runtimes.n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(r->runtimes.at[i], r->runtimes.at[k]) == 0)
                return fail_usage(err, "--runtime: '%.40s' is named twice", r->runtimes.at[i]);
    r->function = r->words.n ? r->words.at[0] : NULL;
    return 0;
}

/* batch: one function, a list, and a command that its lines may do without. */
static int check_batch(struct request *r, struct err *err)
{
    static char *none[] = {NULL};
    if (r->words.n > 2)
        return unexpected(r, r->words.at[2], r->argv ? NULL : "the command goes after --", err);
    if (!r->words.n && !may_be_project(r))
        return no_function(r, err);
    r->function = r->words.n ? r->words.at[0] : NULL;
    r->joblist = r->words.n == 2 && strcmp(r->words.at[1], "-") != 0 ? r->words.at[1] : NULL;
    if (!r->argv) /* each line has its own */
        r->argv = none;
    return 0;
}

static int check_cache(struct request *r, struct err *err)
{
    if (r->words.n == 1)
        return 0;
    if (r->words.n)
        return unexpected(r, r->words.at[1], NULL, err);
    fail_usage(err, "cache needs one of list, prune, verify");
    return fail_hint(err, "usage: %s", COMMANDS[CMD_CACHE].synopsis);
}

struct verb {                 /* the first word of a command that has several */
    const char *name, *words; /* words: what must follow */
    size_t least, most;       /* words, with itself */
    bool json;                /* --json is for it */
};

static int json_is_for(const char *command, const struct verb *verbs, size_t n, struct err *err)
{
    char text[80] = "";
    for (size_t i = 0, at = 0; i < n; i++)
        if (verbs[i].json)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%s %s", at ? " and " : "", command, verbs[i].name);
    return fail_usage(err, "--json is for %s", text);
}

/* Returns the one that is meant. NULL, with an err: none, or not with these words. words: "list, show, remove". */
static const struct verb *check_verb(const struct request *r, const struct verb *verbs, size_t n, const char *words, struct err *err)
{
    const char *command = COMMANDS[r->command].name;
    for (size_t i = 0; r->words.n && i < n; i++) {
        if (strcmp(r->words.at[0], verbs[i].name) != 0)
            continue;
        if (r->words.n > verbs[i].most)
            return unexpected(r, r->words.at[verbs[i].most], NULL, err), NULL;
        if (r->json && !verbs[i].json)
            return json_is_for(command, verbs, n, err), NULL;
        if (r->words.n >= verbs[i].least)
            return &verbs[i];
        fail_usage(err, "%s %s needs %s", command, verbs[i].name, verbs[i].words);
        return fail_hint(err, "usage: %s", COMMANDS[r->command].synopsis), NULL;
    }
    if (r->words.n)
        return fail_usage(err, "%s: '%.40s' is not one of %s", command, r->words.at[0], words), NULL;
    fail_usage(err, "%s needs one of %s", command, words);
    return fail_hint(err, "usage: %s", COMMANDS[r->command].synopsis), NULL;
}

static int check_runtime(struct request *r, struct err *err)
{
    static const struct verb VERBS[] = {{"add", "an ID or a SOURCE", 2, 3, false},
                                        {"list", "", 1, 1, true},
                                        {"show", "an ID", 2, 2, true},
                                        {"remove", "an ID", 2, 2, false}};
    bool add = r->words.n && strcmp(r->words.at[0], VERBS[0].name) == 0;
    if (!check_verb(r, VERBS, COUNT(VERBS), "add, list, show, remove", err))
        return -1;
    if (r->client && !add)
        return fail_usage(err, "--client is for runtime add");
    return r->insecure_registry && !add ? fail_usage(err, "--insecure-registry is for runtime add") : 0;
}

static int check_layer(struct request *r, struct err *err)
{
    static const struct verb VERBS[] = {{"add", "an ARN and a FILE or DIR", 3, 3, false},
                                        {"fetch", "an ARN", 2, 2, false},
                                        {"list", "", 1, 1, true},
                                        {"show", "an ARN", 2, 2, true},
                                        {"remove", "an ARN", 2, 2, false}};
    return check_verb(r, VERBS, COUNT(VERBS), "add, fetch, list, show, remove", err) ? 0 : -1;
}

static int check_project(struct request *r, struct err *err)
{
    static const struct verb VERBS[] = {{"show", "", 1, 1, true}, {"fetch", "a function's name or ARN", 2, 2, false}};
    bool fetch = r->words.n && strcmp(r->words.at[0], VERBS[1].name) == 0;
    if (r->words.n && !check_verb(r, VERBS, COUNT(VERBS), "show, fetch", err))
        return -1;
    return r->out && !fetch ? fail_usage(err, "--out is for project fetch") : 0;
}

static int check_event(struct request *r, struct err *err)
{
    size_t most = r->words.n && strchr(r->words.at[0], '/') ? 1 : 2;
    return r->words.n > most ? unexpected(r, r->words.at[most], NULL, err) : 0;
}

static int check_no_words(struct request *r, struct err *err)
{
    return r->words.n ? unexpected(r, r->words.at[0], NULL, err) : 0;
}

static int check_help(struct request *r, struct err *err)
{
    return r->words.n > 1 ? unexpected(r, r->words.at[1], NULL, err) : 0;
}

/* By command; NULL: any words. */
// clang-format off
static int (*const CHECKS[CMD_COUNT])(struct request *, struct err *) = {
    [CMD_RUN] = check_function,
    [CMD_EXEC] = check_function,
    [CMD_INSPECT] = check_function,
    [CMD_TEST] = check_test,
    [CMD_BATCH] = check_batch,
    [CMD_PROJECT] = check_project,
    [CMD_RUNTIME] = check_runtime,
    [CMD_LAYER] = check_layer,
    [CMD_CACHE] = check_cache,
    [CMD_EVENT] = check_event,
    [CMD_DOCTOR] = check_no_words,
    [CMD_HELP] = check_help,
};
// clang-format on

static int check_words(struct request *r, struct err *err)
{
    if (r->help || r->version)
        return 0;
    if (CHECKS[r->command] && CHECKS[r->command](r, err) < 0)
        return -1;
    return r->layers.n > LAYERS_MAX ? too_many_layers(err) : 0;
}

/* A preset is not an option that the user gave. */
static void preset(const struct option_row *row, struct request *r, struct err *err)
{
    row->set(row, row->preset, r, err);
    if (row->max && row->set != set_shm)
        ((struct number *)field_of(row, r))->set = false;
}

/* If the command lacks an option, the first row of that name sets the field: code that commands share reads such fields too. */
static void set_presets(struct request *r, struct err *err)
{
    for (size_t i = ROW_COUNT; i > 0; i--)
        if (ROWS[i - 1].preset)
            preset(&ROWS[i - 1], r, err);
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (ROWS[i].preset && ROWS[i].commands & 1u << r->command)
            preset(&ROWS[i], r, err);
}

int cli_begin(int argc, char **argv, struct request *ret, struct err *err)
{
    *ret = (struct request){.command = cli_command(argc, argv), .args = argv};
    set_presets(ret, err);
    int at = cli_command_word(argc, argv);
    ret->named = at && strcmp(argv[at], COMMANDS[ret->command].name) == 0;
    return !ret->named ? cli_check_command(argc, argv, err) : 0;
}

int cli_parse_line(int argc, char **argv, struct request *ret, struct err *err)
{
    int at = cli_command_word(argc, argv);
    for (int i = 1; i < argc; i++) {
        if (ret->named && i == at)
            continue;
        if (strcmp(argv[i], "--") == 0) {
            if (COMMANDS[ret->command].takes_command) {
                ret->argv = argv + i + 1;
                break;
            }
            while (++i < argc)
                strv_add(&ret->words, xstrdup(argv[i]));
        } else if (argv[i][0] == '-' && argv[i][1]) {
            if (parse_option(argc, argv, &i, ret, err) < 0)
                return -1;
        } else {
            strv_add(&ret->words, xstrdup(argv[i]));
        }
    }
    if (ret->help && !ret->named)
        ret->command = CMD_HELP;
    return check_words(ret, err);
}

int cli_parse(int argc, char **argv, struct request *ret, struct err *err)
{
    return cli_begin(argc, argv, ret, err) < 0 ? -1 : cli_parse_line(argc, argv, ret, err);
}
