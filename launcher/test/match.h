/* SPDX-License-Identifier: Apache-2.0 */
/* match.h: whether a JSON value is what a case expects, and where it is not.
 *
 * A pattern is JSON. An object matches one that has its members, and others perhaps; an array one of the same length; a string, true, false
 * and null themselves; a number the same number (number.h). An object whose only member begins with $ is a matcher: */
#define MATCHERS_TEXT "$match, $any, $has, $json, $absent, $literal"
/*   {"$match": "ERE"}    a string in which the regular expression is found
 *   {"$any": "TYPE"}     string, number, integer, boolean, null, array, object or value: any of these
 *   {"$has": [P, ...]}   an array in which each pattern has an element that matches it
 *   {"$json": P}         a string that is JSON, which matches P: the body of an API's response
 *   {"$absent": true}    of a member: it is not there
 *   {"$literal": V}      V itself: no further members, and no matchers in it */
#ifndef LRUN_MATCH_H
#define LRUN_MATCH_H

#include "base/err.h"
#include "base/json_scan.h"

enum { MATCH_DEPTH_MAX = 100, DIFFERENCES_MAX = 20 };

struct difference {
    char *where;          /* path in the JSON, "$.items[2].id"; or what is not JSON: "log", "duration" */
    char *expected, *got; /* a line each */
};

struct differences {
    struct difference *at;
    size_t n, more; /* more: how many are not kept */
};

/* Each text is given away. */
void differences_add(struct differences *d, char *where, char *expected, char *got);
void differences_done(struct differences *d);

/* Checks a pattern: matchers, expressions, depth. -1: an err of usage, a part of a sentence; ret_at: where. */
int match_check(struct slice pattern, struct slice *ret_at, struct err *err);

/* The pattern was checked. exact: objects have no further members. where: of the value, "$". d: or NULL. */
bool match_json(struct slice pattern, struct slice value, bool exact, const char *where, struct differences *d);

/* How a value is shown: a line, cut where it is long. The caller's. */
char *match_shown(struct slice v);
char *match_shown_bytes(const char *bytes, size_t n); /* what may be no JSON */

#endif
