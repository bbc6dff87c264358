/* SPDX-License-Identifier: Apache-2.0 */
/* project.h: the project that a command line means: the one that --project names, or the one in the current directory where FUNCTION is
 * left out or is no path. What it says is launcher/launch/project_read.h's answer; its functions become requests. */
#ifndef LRUN_PROJECT_H
#define LRUN_PROJECT_H

#include "base/json_scan.h"
#include "launcher/command/config.h"
#include "launcher/launch/project_read.h"

struct project {
    struct project_place place;
    struct request_part part;
    char *dir; /* that paths in top are relative to, with its slash: the root, or where a lrun.json of the user's is */
    struct text answer;
    struct request rest; /* what a function's request borrows of the command line; serve: without the words that are functions' names */
    struct slice functions, names, facts, refused, notes; /* of top: looked up once, since it is long */
    struct slice top;                                     /* lrun.json; its strings are answer's */
};

enum { PROJECT_NONE, PROJECT_FOUND };

/* project_find.c: PROJECT_NONE: there is none here, and none was named. ret's parts are the caller's. -1 with err. */
int project_find(const struct request *r, struct project_place *ret, struct err *err);

/* Whether a word of the command line is to be looked for in a project: it is a name, and no file's or image's. */
bool project_may_have(const struct request *r, const char *word);

/* Finds and reads it. ret: empty, with place.root -1. PROJECT_NONE: there is none here, and none was named. -1 with err. project_done()
 * either way. */
int project_open(const struct request *r, struct project *ret, struct err *err);
void project_done(struct project *p);

/* Adds the function that answers to this name (NULL: the only one), or all that can run (refused ones are noted on stderr). -1 with err,
 * which names those that there are, or why it cannot run. */
int project_add(const struct project *p, const struct request *r, const char *name, struct config *ret, struct err *err);
int project_add_all(const struct project *p, const struct request *r, struct config *ret, struct err *err);

/* project_facts.c: what a project says of a function beside its options: name, architecture, file systems, log. line: what the command line
 * says. Differences are noted on stderr. -1 with err. */
int project_facts(const struct project *p, const char *name, const struct request *line, struct request *r, struct err *err);

/* For serve: the functions of the command line's words, of --config, and of a project: those that words name, or all of it if neither a
 * word nor --config names one. -1 with err; config_done() and project_done() either way. */
int project_read_all(const struct request *r, struct project *p, struct config *ret, struct err *err);

/* Where something stands that a refusal or a note is about: "template.yaml:8: ", or "" where no line is. The caller's. */
char *project_place_text(struct slice object);

/* For run, exec, test and inspect, after cli_parse(): if the command line means a project, r becomes the request of its function. */
int project_use(struct request *r, struct err *err);

#endif
