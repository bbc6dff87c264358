/* SPDX-License-Identifier: Apache-2.0 */
/* cli_row.h: what a row of the option table is. For cli.c, which has the table, cli_values.c, cli_words.c and cli_help.c. */
#ifndef LRUN_CLI_ROW_H
#define LRUN_CLI_ROW_H

#include "launcher/cli.h"

struct command_row {
    const char *name, *synopsis, *help;
};

struct row;
typedef int (*set_fn)(const struct row *, const char *value, struct request *, struct err *);
struct row {
    char letter;
    unsigned commands;
    const char *name, *arg, *help; /* arg: NULL for a switch; "a|b|c" for a choice */
    set_fn set;
    size_t field;
    uint64_t min, max;
};

/* cli_values.c: what numbers and ids may be; each sets the row's field, or says what the option takes. */
void *field_of(const struct row *row, struct request *r);
int set_num(const struct row *row, const char *value, struct request *r, struct err *err);
int set_seconds(const struct row *row, const char *value, struct request *r, struct err *err);  /* whole; min and max are seconds, the field milliseconds */
int set_fraction(const struct row *row, const char *value, struct request *r, struct err *err); /* min, max and field are milliseconds */
int set_tenant(const struct row *row, const char *value, struct request *r, struct err *err);

extern const struct command_row COMMANDS[CMD_COUNT];
extern const struct row ROWS[];
extern const size_t ROW_COUNT;

/* cli_words.c */
const struct row *cli_find_row(unsigned commands, const char *name, size_t n, char letter); /* name NULL: by letter; NULL: none */
int cli_command_word(int argc, char **argv);                                                 /* index of the first word that is no option; 0: none */
int cli_check_command(int argc, char **argv, struct err *err);                               /* refuses a first word that is a misspelt command */
int cli_check_volume(const char *word, const char *next, struct err *err);                   /* refuses -v SRC:DST; next may be NULL */
int cli_unknown_option(enum command command, const char *word, struct err *err);             /* -1 */
int cli_bad_number(const struct row *row, const char *value, struct err *err);               /* after num_parse() failed; -1 */
char *cli_name_of(const char *word);

#endif
