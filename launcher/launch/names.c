/* SPDX-License-Identifier: Apache-2.0 */
/* names.c: the commands' names, and the nearest name to a word that is none. Options' nearest names are asked for in
 * launcher/command/cli_words.c; what people name in place of a package is not_package.c. A guess is made only where it is likely: no
 * letter may differ in words of one or two, one up to five letters, two beyond that; a swap of neighbours counts as one. A wrong guess
 * misleads more than none. */
#include "launcher/launch/names.h"

#include "base/own.h"

#include <string.h>

// clang-format off
const struct command_row COMMANDS[CMD_COUNT] = {
    [CMD_RUN] = {"run", "lrun [run] [OPTIONS] [FUNCTION]",
                 "invoke a function; the response goes to standard output, the log to standard error", NULL, false},
    [CMD_EXEC] = {"exec", "lrun exec [OPTIONS] FUNCTION -- CMD...", "run a command in a function's environment", NULL, true},
    [CMD_BATCH] = {"batch", "lrun batch [OPTIONS] FUNCTION [JOBS] [-- CMD...]",
                   "run many commands in sandboxes, from a list of JSON lines", NULL, true},
    [CMD_SERVE] = {"serve", "lrun serve [OPTIONS] [[NAME=]FUNCTION...]",
                   "serve Lambda's Invoke API and function URLs, with warm environments", NULL, false},
    [CMD_TEST] = {"test", "lrun test [OPTIONS] [FUNCTION] [CASES...] [-- CMD...]",
                  "run a function's test cases in parallel, each in an environment of its own, and judge the results; or its unit tests",
                  NULL, true},
    [CMD_EVENT] = {"event", "lrun event [SERVICE [EVENT]] [--set NAME=VALUE]... [--list]",
                   "print a sample event of an AWS service, or list them", NULL, false},
    [CMD_EXPLAIN] = {"explain", "lrun explain [ID...]", "explain the cause of a failure by the ID in a why: line", NULL, false},
    [CMD_INSPECT] = {"inspect", "lrun inspect [OPTIONS] [FUNCTION]", "check a function and its layers without running them", NULL, false},
    [CMD_DOCTOR] = {"doctor", "lrun doctor [OPTIONS]", "check whether lrun works on this host, and how to fix what does not", NULL, false},
    [CMD_PROJECT] = {"project", "lrun project [OPTIONS] [show]|fetch NAME",
                     "show what the project here says and what was not understood; fetch a deployed function", "show fetch", false},
    [CMD_RUNTIME] = {"runtime", "lrun runtime [OPTIONS] add [ID] [SOURCE] [--client DIR]|list|show ID|remove ID",
                     "keep runtimes: images, language distributions and root file systems", "add list show remove",
                     false},
    [CMD_LAYER] = {"layer", "lrun layer [OPTIONS] add ARN FILE|DIR|fetch ARN|list|show ARN|remove ARN",
                   "keep layers by their ARNs: zips, directories, and what your AWS CLI fetches", "add fetch list show remove", false},
    [CMD_CACHE] = {"cache", "lrun cache [OPTIONS] list|prune|verify", "list, empty or check the cache of unpacked archives",
                   "list prune verify", false},
    [CMD_HELP] = {"help", "lrun help [COMMAND]", "list the commands, or the options of one", "$commands", false},
};
// clang-format on

enum { PREFIX_MIN = 3 };

/* Other tools' names for our commands and options. Without pointers, which would be relocated at every start. */
static const struct {
    char word[20], name[10];
} SYNONYMS[] = {
    {"invoke", "run"},
    {"start", "run"},
    {"shell", "exec"},
    {"lint", "inspect"},
    {"validate", "inspect"},
    {"check", "doctor"},
    {"why", "explain"},
    {"payload", "event"},
    {"generate-event", "event"},
    {"function-name", "name"},
    {"network", "net"},
    {"cwd", "workdir"},
    {"bind", "volume"},
    {"template", "project"},
    {"template-file", "project"},
    {"parameter-overrides", "parameter"},
};

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters to insert, remove, replace or swap with their neighbour lie between two words. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][NAME_UNLIKE + 1] = {{0}}, *two = rows[0], *one = rows[1], *now = rows[2];
    size_t n = strlen(a), m = strlen(b);
    if (n > NAME_UNLIKE || m > NAME_UNLIKE)
        return NAME_UNLIKE;
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

unsigned name_unlikeness(const char *word, const char *name)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < COUNT(SYNONYMS); i++)
        if (strcmp(SYNONYMS[i].word, word) == 0 && strcmp(SYNONYMS[i].name, name) == 0)
            return 0;
    unsigned d = distance(word, name), most = n < PREFIX_MIN ? 0 : n < 6 ? 1 : 2;
    if (d <= most)
        return d;
    return n >= PREFIX_MIN && strncmp(word, name, n) == 0 ? most + 1 : NAME_UNLIKE;
}

const char *name_near_command(const char *word)
{
    const char *found = NULL;
    unsigned best = NAME_UNLIKE;
    for (size_t i = 0; i < CMD_COUNT; i++) {
        unsigned d = name_unlikeness(word, COMMANDS[i].name);
        if (d < best) {
            best = d;
            found = COMMANDS[i].name;
        }
    }
    return found;
}

int name_unknown_command(const char *name, struct err *err)
{
    const char *near = name_near_command(name);
    if (near)
        return fail_usage(err, "unknown command '%.40s' (did you mean '%s'?)", name, near);
    fail_usage(err, "unknown command '%.40s'", name);
    return fail_hint(err, "see lrun help");
}
