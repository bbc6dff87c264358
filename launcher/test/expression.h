/* SPDX-License-Identifier: Apache-2.0 */
/* expression.h: regular expressions of cases: POSIX's extended ones, of bytes. What would take the C library time or memory without bounds
 * is refused: long expressions, back-references, large repetitions. */
#ifndef LRUN_EXPRESSION_H
#define LRUN_EXPRESSION_H

#include "base/err.h"
#include "base/json_scan.h"

enum { EXPRESSION_MAX = 1000, REPETITIONS_MAX = 1000 /* the product of all {n,m} */ };

/* text: a JSON string. -1: an err of usage, which is a part of a sentence: "'[a': Unmatched [". */
int expression_check(struct slice text, struct err *err);

/* Whether it matches anywhere in the n bytes; by_line: ^ and $ are a line's, and . is no newline. It was checked before. */
bool expression_finds(struct slice text, const char *bytes, size_t n, bool by_line);

#endif
