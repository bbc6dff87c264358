/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h: the option table, and what it drives: parsing, --help, the man page's options, completions. */
#ifndef LRUN_CLI_H
#define LRUN_CLI_H

#include "base/err.h"
#include "launcher/launch/request.h"

#include <stdio.h>

/* Fills ret from the command line. Strings in it borrow from argv. An err is one of usage. */
int cli_parse(int argc, char **argv, struct request *ret, struct err *err);

/* The same in two steps, for a profile's options between them: presets, then the command line. -1 with err. */
int cli_begin(int argc, char **argv, struct request *ret, struct err *err);
int cli_parse_line(int argc, char **argv, struct request *r, struct err *err);

/* Sets one option by its name, as the command line would; value "true" for a switch. The value is copied. */
int cli_set(struct request *r, const char *option, const char *value, struct err *err);

/* Empties a list that an option has filled; nothing happens where it fills none. */
void cli_clear(struct request *r, const char *option);

/* Does this value of the option name a file or directory? */
bool cli_is_path(const struct request *r, const char *option, const char *value);

/* What an option's values are; CLI_NONE: the command has no such option. */
enum cli_kind { CLI_NONE, CLI_SWITCH, CLI_NUMBER, CLI_TEXT };
enum cli_kind cli_kind(const struct request *r, const char *option, bool *ret_repeats);

/* Is an array of a configuration file one value of the option, and not several? */
bool cli_takes_array(const struct request *r, const char *option);

/* From then on the option counts as one that the command line gave: what a project says of it is passed over. */
void cli_give(struct request *r, const char *option);

/* Whether the request's command has such an option: TAKEN_GIVEN: and the command line gave it. */
enum cli_taken { TAKEN_NOWHERE, TAKEN_ELSEWHERE, TAKEN, TAKEN_GIVEN };
enum cli_taken cli_takes(const struct request *r, const char *option);

/* -1: neither FUNCTION nor a project. */
int cli_no_function(const struct request *r, struct err *err);

/* The command argv asks for, known even where the rest does not parse. */
enum command cli_command(int argc, char **argv);

/* The command of this name, or an err of usage that names the nearest. */
int cli_command_named(const char *name, enum command *ret, struct err *err);

void cli_help(enum command command, FILE *to); /* of CMD_HELP: all commands */
void cli_man_options(FILE *to);                /* roff: .TP for each option */
/* Completions for three shells: options of each command, values of choices, files where an option takes one. */
void cli_bash_completion(FILE *to);
void cli_zsh_completion(FILE *to);
void cli_fish_completion(FILE *to);

#endif
