/* SPDX-License-Identifier: Apache-2.0 */
/* output.h: what is written of results: for people, as TAP, as JUnit XML, for GitHub. Each form renders struct result and struct test_run,
 * and decides nothing. What the function made (its log, its response, its errors) is in all of them, and must stay text there. */
#ifndef LRUN_OUTPUT_H
#define LRUN_OUTPUT_H

#include "launcher/test/verdict.h"

#include <stdio.h>

/* "NAME", or "NAME [RUNTIME]" where there is a matrix. The caller's. */
char *output_name(const struct test_run *run, const struct result *r);
/* The differences, lrun's error and the why: lines, a line each behind indent. */
void output_reasons(const struct result *r, const char *indent, struct text *out);
/* Calls put for each line of the log, without its newline. */
void output_log(const struct result *r, void (*put)(void *to, const char *line, size_t n), void *to);

/* text.c: for people. */
void text_begin(const struct test_run *run, FILE *to);
void text_result(const struct test_run *run, const struct result *r, bool quiet, FILE *to);
void text_end(const struct test_run *run, FILE *to);

/* tap.c: version 14, which readers of version 13 understand. */
void tap_begin(const struct test_run *run, FILE *to);
void tap_result(const struct test_run *run, const struct result *r, FILE *to);
void tap_end(const struct test_run *run, FILE *to);

/* junit.c: all of it. */
void junit_write(const struct test_run *run, struct text *out);

/* github.c: annotations, as workflow commands, and the summary of the step, in Markdown. */
bool github_is_here(void); /* GITHUB_ACTIONS=true */
void github_annotate(const struct test_run *run, FILE *to);
void github_summary(const struct test_run *run, struct text *out);

/* Adds text as a line of a log that GitHub reads: nothing in it is a command. */
void github_line(const char *line, size_t n, struct text *out);

#endif
