/* SPDX-License-Identifier: Apache-2.0 */
/* cli_row.h: what a row of the option table is. For cli*.c only. */
#ifndef LRUN_CLI_ROW_H
#define LRUN_CLI_ROW_H

#include "launcher/command/cli.h"
#include "launcher/launch/names.h"

enum row_flags {
    WITH_IN = 1,      /* exec --in takes it, or it changes nothing there */
    REPEATED = 2,     /* the field is a strv, which each use adds to */
    PATH = 4,         /* a configuration file's are relative to it; the preset is a word */
    PATH_OR_WORD = 8, /* a path if it has a dot or a slash */
    LINE_ONLY = 16,   /* of the command line, not of a function in a configuration file */
    WORDS = 32,       /* an array of a configuration file is one value */
};

struct option_row;
typedef int set_fn(const struct option_row *, const char *value, struct request *, struct err *);
struct option_row { /* small: what holds pointers is written to, and so copied, at every start */
    char letter;
    uint16_t commands;
    const char *name, *arg; /* arg: NULL for a switch; "a|b|c" for a choice */
    const char *preset;     /* the default, as the option would take it; NULL: none, or not one value */
    const char *help;       /* --help and the manual add the preset where it names no default */
    set_fn *set;
    uint16_t flags; /* enum row_flags */
    uint16_t field; /* its offset in struct request */
    uint32_t min, max;
};

/* cli_values.c: each sets the row's field, or says what the option takes. */
void *field_of(const struct option_row *row, struct request *r);
set_fn set_num, set_seconds /* whole; min and max are seconds, the field milliseconds */, set_fraction /* min, max, field: milliseconds */;
set_fn set_bytes /* K and M at its end; min and max are bytes */, set_cpus;
set_fn set_flag, set_text, set_tenant, set_shown_policy, set_policy, set_rootfs, set_credentials, set_shm, set_net, set_debug_port;
set_fn set_choice; /* the field is an enum, its values in the order of arg's words */
set_fn add_text, add_words /* A,B */, add_host, add_origin, add_pair /* NAME=VALUE */, add_mount;

extern const struct option_row ROWS[]; /* at most 128: request->given */
extern const size_t ROW_COUNT;

/* cli.c: the request was given this row's option. */
void cli_mark(const struct option_row *row, struct request *r);

/* cli_words.c */
const struct option_row *cli_find_row(unsigned commands, const char *name, size_t n, char letter); /* name NULL: by letter; NULL: none */
int cli_command_word(int argc, char **argv);                   /* index of the first word that is no option; 0: none */
int cli_check_command(int argc, char **argv, struct err *err); /* refuses a first word that is a misspelt command */
/* Refuses -v SRC:DST; next: the words after it, then NULL. */
int cli_check_volume(enum command command, const char *word, char **next, struct err *err);
int cli_unknown_option(enum command command, const char *word, struct err *err);      /* -1 */
int cli_bad_number(const struct option_row *row, const char *value, struct err *err); /* after num_parse() failed; -1 */
char *cli_name_of(const char *word);

#endif
