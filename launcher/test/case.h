/* SPDX-License-Identifier: Apache-2.0 */
/* case.h: cases of lrun test, read from files: what the function is sent, and what is expected of it. A file holds a case, or an array of
 * them; docs/case.schema.json is its contract:
 *
 *   {"name": "adds up", "event": {"a": 1}, "env": {"K": "V"}, "expect": {"result": {"sum": 1}, "max-ms": 100}}
 *
 * All is checked when it is read: a case that cannot be judged is an error before anything runs. */
#ifndef LRUN_CASE_H
#define LRUN_CASE_H

#include "base/err.h"
#include "base/json_scan.h"
#include "base/str.h"
#include "lambda/events.h"
#include "launcher/launch/identity.h"

struct expectation {               /* slices are patterns (match.h), at NULL: nothing is said */
    struct slice result;           /* of the response */
    struct slice type, message;    /* of the error */
    struct slice log, no_log;      /* a string, {"$match": ERE}, or an array of these */
    bool exact, error, any_status; /* any_status: the case need not succeed */
    int status;                    /* enum event_status; -1: nothing is said */
    uint64_t max_ms;               /* 0: any duration */
    char *why;                     /* "LR-001"; NULL: nothing is said */
};

struct test_case {
    char *name, *file;
    unsigned line; /* where it begins */
    struct text event;
    struct strv env; /* K=V, checked */
    char *skip;      /* why it is not run; NULL: it is */
    struct expectation expect;
};

struct cases {
    struct test_case *at;
    size_t n;
    struct strv files; /* their bytes, which slices are borrowed from */
};

enum { CASES_MAX = 100000, CASE_FILE_MAX = 16 << 20, CASE_MS_MAX = 900000 };

/* Reads files, and all *.json that lie in directories (not below them). Names differ. id: with whose rights a root opens the files that a
 * case names. -1: an err of usage, which names file, line and member. cases_done() either way. */
int cases_read(const struct strv *paths, const struct identity *id, struct cases *ret, struct err *err);
/* Adds the cases of a text, as of a file of this name; dir: what event-file is beneath, -1: there is none. For tests and fuzzing. */
int cases_add(const char *file, const char *bytes, size_t n, int dir, const struct identity *id, struct cases *ret, struct err *err);
void cases_done(struct cases *c);

/* Keeps those whose name has one of the words in it, or matches it, where it has * ? or [. */
void cases_filter(struct cases *c, const struct strv *words);

#endif
