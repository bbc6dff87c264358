/* SPDX-License-Identifier: Apache-2.0 */
/* names.h: the commands' names, and suggestions for a word that is none of them. */
#ifndef LRUN_NAMES_H
#define LRUN_NAMES_H

#include "base/err.h"
#include "launcher/launch/request.h"

enum { NAME_UNLIKE = 24 /* as far as two words can be apart; longer ones than so many letters resemble none of ours */ };

struct command_row {
    const char *name, *synopsis, *help;
    const char *words;  /* all that may follow it, for completions; NULL: there are too many, or none */
    bool takes_command; /* after --, where others have file names that begin with '-' */
};

extern const struct command_row COMMANDS[CMD_COUNT];

/* Returns 0 for equal words, more the less alike they are; NAME_UNLIKE: too different to be a misspelling. */
unsigned name_unlikeness(const char *word, const char *name);

const char *name_near_command(const char *word); /* NULL: none is near */

/* -1: there is no command of this name; the err, of usage, names the nearest. */
int name_unknown_command(const char *name, struct err *err);

#endif
