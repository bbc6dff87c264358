/* SPDX-License-Identifier: Apache-2.0 */
/* cli_complete.c: completions for bash, zsh and fish, made of the option table when lrun is built (tests/tools/docgen.c). What an option
 * takes is read from its row's arg, which is what --help shows: "host|user" are words, "profile:NAME" is a word that something follows,
 * FILE, DIR and their like are files. So a row needs nothing more for its completion, and cannot disagree with its help. Only the names of
 * profiles are looked for when Tab is pressed, where launcher/command/profile_find.c looks. */
#include "launcher/command/cli_row.h"

#include "base/own.h"

#include <ctype.h>
#include <string.h>

/* What follows an option. */
struct takes {
    char words[200]; /* each followed by a space; one that ends in : or = is a beginning */
    bool files, directories, profiles;
};

static bool has(const char *piece, size_t n, const char *word)
{
    return memmem(piece, n, word, strlen(word)) != NULL;
}

static void take_piece(struct takes *t, const char *piece, size_t n)
{
    static const char FILES[][8] = {"FILE", "PATH", "ZIP", ".zip", "SRC"};
    for (size_t i = 0; i < COUNT(FILES); i++)
        t->files |= has(piece, n, FILES[i]);
    t->directories |= has(piece, n, "DIR");
    t->profiles |= n == 4 && has(piece, n, "NAME"); /* NAME|FILE */
    size_t word = 0;
    while (word < n && !isupper((unsigned char)piece[word]))
        word++;
    size_t used = strlen(t->words);
    if (n && islower((unsigned char)*piece) && used + word + 2 < sizeof t->words)
        snprintf(t->words + used, sizeof t->words - used, "%.*s ", (int)word, piece);
}

/* Of "a|FILE[:ro|rw]", the pieces: a | within brackets divides none. */
static struct takes takes_of(const struct option_row *row)
{
    struct takes t = {0};
    const char *piece = row->arg, *c = row->arg;
    for (unsigned depth = 0; c && piece; c++) {
        depth = depth + (*c == '[') - (*c == ']');
        if (*c && (*c != '|' || depth))
            continue;
        take_piece(&t, piece, (size_t)(c - piece));
        piece = *c ? c + 1 : NULL;
    }
    return t;
}

/* Within single quotes; escaped: what gets a backslash besides. */
static void put_quoted(FILE *to, const char *text, const char *quote, const char *escaped)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs(quote, to);
        else
            fprintf(to, strchr(escaped, *text) ? "\\%c" : "%c", *text);
}

// clang-format off
static const char PROFILES[] = /* for bash and zsh */
    "_lrun_profiles() {\n"
    "    local file\n"
    "    find \"${XDG_CONFIG_HOME:-$HOME/.config}/lrun/profiles\" /etc/lrun/profiles -maxdepth 1 -name '*.json' 2>/dev/null |\n"
    "    while read -r file; do\n"
    "        file=${file##*/}\n"
    "        echo \"${file%.json}\"\n"
    "    done\n"
    "}\n";
static const char FISH_PROFILES[] =
    "function __lrun_profiles\n"
    "    set -l config $HOME/.config\n"
    "    set -q XDG_CONFIG_HOME; and set config $XDG_CONFIG_HOME\n"
    "    for file in $config/lrun/profiles/*.json /etc/lrun/profiles/*.json\n"
    "        string replace -r '.*/(.*)\\.json$' '$1' -- $file\n"
    "    end\n"
    "end\n";
// clang-format on

static void put_commands(FILE *to, const char *between)
{
    for (size_t i = 0; i < CMD_COUNT; i++)
        fprintf(to, "%s%s", i ? between : "", COMMANDS[i].name);
}

static bool of_command(const struct option_row *row, unsigned command)
{
    return row->commands & 1u << command;
}

// clang-format off
static const char BASH_START[] =
    "_lrun()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= options= words= value= files= i\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n"
    "        --)\n"
    "            mapfile -t COMPREPLY < <(compgen -c -- \"$cur\"; compgen -f -- \"$cur\")\n"
    "            return ;;\n";
static const char BASH_MIDDLE[] =
    "        esac\n"
    "    done\n"
    "    [ \"$cur\" != = ] || cur=\n"
    "    [ \"$prev\" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    case ${command:-run}:$prev in\n";
static const char BASH_END[] =
    "    if [ -n \"$value\" ]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"; [ -z \"$files\" ] || compgen \"$files\" -- \"$cur\")\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
    "    else\n"
    "        [ -n \"$command\" ] || words=\"$words $commands\"\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"; compgen -f -- \"$cur\")\n"
    "    fi\n"
    "    [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *[:=] ]] || compopt -o nospace\n"
    "}\n"
    "complete -o filenames -F _lrun lrun\n";
// clang-format on

static void bash_row(const struct option_row *row, FILE *to)
{
    struct takes t = takes_of(row);
    const char *between = "    ";
    for (unsigned c = 0; c < CMD_COUNT; c++) {
        if (!of_command(row, c))
            continue;
        if (row->letter)
            fprintf(to, "%s%s:-%c", between, COMMANDS[c].name, row->letter), between = " | ";
        fprintf(to, "%s%s:--%s", between, COMMANDS[c].name, row->name), between = " | ";
    }
    fputs(") value=yes", to);
    if (*t.words)
        fprintf(to, " words=\"%.*s\"", (int)strlen(t.words) - 1, t.words);
    if (t.profiles)
        fputs(" words=$(_lrun_profiles)", to);
    fprintf(to, "%s ;;\n", t.files ? " files=-f" : t.directories ? " files=-d" : "");
}

void cli_bash_completion(FILE *to)
{
    fprintf(to, "# bash completion for lrun, made from its option table\n%s%s        ", PROFILES, BASH_START);
    put_commands(to, " | ");
    fputs(")\n            command=${command:-${COMP_WORDS[i]}} ;;\n", to);
    fputs(BASH_MIDDLE, to);
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (ROWS[i].arg)
            bash_row(&ROWS[i], to);
    fputs("    esac\n    local commands=\"", to);
    put_commands(to, " ");
    fputs("\"\n    [ -n \"$value\" ] || case ${command:-run} in\n", to);
    for (unsigned c = 0; c < CMD_COUNT; c++) {
        fprintf(to, "    %s)\n        options=\"", COMMANDS[c].name);
        for (size_t i = 0; i < ROW_COUNT; i++)
            if (of_command(&ROWS[i], c))
                fprintf(to, "--%s ", ROWS[i].name);
        fprintf(to, "\" words=\"%s\" ;;\n", COMMANDS[c].words ? COMMANDS[c].words : "");
    }
    fprintf(to, "    esac\n%s", BASH_END);
}

// clang-format off
static const char ZSH_START[] =
    "# Files of a kind, or no; then the words.\n"
    "_lrun_value() {\n"
    "    local files=$1\n"
    "    shift\n"
    "    compadd -S '' -- ${(M)@:#*[:=]}\n"
    "    compadd -- ${@:#*[:=]}\n"
    "    case $files in\n"
    "    files) _files ;;\n"
    "    directories) _files -/ ;;\n"
    "    esac\n"
    "}\n"
    "_lrun() {\n"
    "    local curcontext=$curcontext command=\n"
    "    local -a names specs\n"
    "    integer i\n"
    "    for ((i = 2; i < CURRENT; i++)); do\n"
    "        [[ $words[i] == -- ]] || continue\n"
    "        shift $i words\n"
    "        ((CURRENT -= i))\n"
    "        _normal\n"
    "        return\n"
    "    done\n"
    "    names=(\n";
static const char ZSH_MIDDLE[] =
    "    )\n"
    "    for ((i = 2; i < CURRENT; i++)); do\n"
    "        (( ${names[(I)${(b)words[i]}:*]} )) || continue\n"
    "        command=$words[i] words[i]=()\n"
    "        ((CURRENT--))\n"
    "        break\n"
    "    done\n"
    "    ((CURRENT != 2)) || [[ -n $command || $words[2] == -* ]] || _describe -t commands 'lrun command' names\n"
    "    case ${command:-run} in\n";
// clang-format on

static void zsh_spec(const struct option_row *row, FILE *to, bool letter)
{
    struct takes t = takes_of(row);
    bool repeats = row->flags & REPEATED;
    fputs("            '", to);
    if (!repeats && row->letter)
        fprintf(to, "(-%c --%s)", row->letter, row->name);
    fputs(repeats ? "*" : "", to);
    if (letter)
        fprintf(to, "-%c%s[", row->letter, row->arg ? "+" : "");
    else
        fprintf(to, "--%s%s[", row->name, row->arg ? "=" : "");
    put_quoted(to, row->help, "'\\''", "[]\\");
    fputs("]", to);
    if (row->arg) {
        fputs(":", to);
        put_quoted(to, row->arg, "'\\''", ":\\");
        fprintf(to, ": _lrun_value %s ", t.files ? "files" : t.directories ? "directories" : "no");
        put_quoted(to, t.words, "'\\''", ":\\");
        fputs(t.profiles ? "$(_lrun_profiles)" : "", to);
    }
    fputs("'\n", to);
}

void cli_zsh_completion(FILE *to)
{
    fprintf(to, "#compdef lrun\n# zsh completion for lrun, made from its option table\n%s%s", PROFILES, ZSH_START);
    for (size_t i = 0; i < CMD_COUNT; i++) {
        fprintf(to, "        '%s:", COMMANDS[i].name);
        put_quoted(to, COMMANDS[i].help, "'\\''", ":\\");
        fputs("'\n", to);
    }
    fputs(ZSH_MIDDLE, to);
    for (unsigned c = 0; c < CMD_COUNT; c++) {
        const char *words = COMMANDS[c].words;
        fprintf(to, "    %s)\n        specs=(\n", COMMANDS[c].name);
        for (size_t i = 0; i < ROW_COUNT; i++) {
            if (of_command(&ROWS[i], c) && ROWS[i].letter)
                zsh_spec(&ROWS[i], to, true);
            if (of_command(&ROWS[i], c))
                zsh_spec(&ROWS[i], to, false);
        }
        if (words && *words == '$')
            fputs("            '1:command: _lrun_value no ${names%%:*}'\n", to);
        else if (words)
            fprintf(to, "            '1:what to do: _lrun_value no %s'\n", words);
        fputs("            '*:file:_files'\n        ) ;;\n", to);
    }
    fputs("    esac\n    _arguments -s -S : $specs\n}\n_lrun \"$@\"\n", to);
}

// clang-format off
static const char FISH_START[] =
    "# The command that was typed so far; -- after these words; run if there is none.\n"
    "function __lrun_command\n"
    "    set -l words (commandline -opc)\n"
    "    set -l command run\n"
    "    set -e words[1]\n"
    "    for word in $words\n"
    "        switch $word\n"
    "            case --\n"
    "                set command --\n"
    "                break\n";
static const char FISH_MIDDLE[] =
    "                test $command != run; or set command $word\n"
    "        end\n"
    "    end\n"
    "    echo -- $command\n"
    "end\n"
    "function __lrun_is\n"
    "    contains -- (__lrun_command) $argv\n"
    "end\n"
    "function __lrun_first\n"
    "    test (count (commandline -opc)) = 1\n"
    "end\n"
    "complete -c lrun -n '__lrun_is --' -a '(__fish_complete_command)'\n";
// clang-format on

static void fish_row(const struct option_row *row, FILE *to)
{
    struct takes t = takes_of(row);
    fputs("complete -c lrun -n '__lrun_is", to);
    for (unsigned c = 0; c < CMD_COUNT; c++)
        if (of_command(row, c))
            fprintf(to, " %s", COMMANDS[c].name);
    fprintf(to, "' -l %s", row->name);
    if (row->letter)
        fprintf(to, " -s %c", row->letter);
    if (row->arg) {
        bool directories = t.directories && !t.files;
        fputs(t.files ? " -r -F" : " -x", to);
        if (*t.words || directories || t.profiles)
            fprintf(to, " -a '%s%s%s'", t.words, directories ? "(__fish_complete_directories)" : "", t.profiles ? "(__lrun_profiles)" : "");
    }
    fputs(" -d '", to);
    put_quoted(to, row->help, "\\'", "\\");
    fputs("'\n", to);
}

void cli_fish_completion(FILE *to)
{
    fprintf(to, "# fish completion for lrun, made from its option table\n%s%s            case ", FISH_PROFILES, FISH_START);
    put_commands(to, " ");
    fprintf(to, "\n%s", FISH_MIDDLE);
    for (size_t i = 0; i < CMD_COUNT; i++) {
        fprintf(to, "complete -c lrun -n __lrun_first -a %s -d '", COMMANDS[i].name);
        put_quoted(to, COMMANDS[i].help, "\\'", "\\");
        fputs("'\n", to);
    }
    for (size_t i = 0; i < CMD_COUNT; i++) {
        if (!COMMANDS[i].words)
            continue;
        fprintf(to, "complete -c lrun -n '__lrun_is %s' -a '", COMMANDS[i].name);
        if (*COMMANDS[i].words == '$')
            put_commands(to, " ");
        else
            fputs(COMMANDS[i].words, to);
        fputs("'\n", to);
    }
    for (size_t i = 0; i < ROW_COUNT; i++)
        fish_row(&ROWS[i], to);
}
