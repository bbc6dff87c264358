/* SPDX-License-Identifier: Apache-2.0 */
/* str.h: growing text and lists of strings. Running out of memory ends the process: nothing useful is left to do but to say so. */
#ifndef LRUN_STR_H
#define LRUN_STR_H

#include <stdbool.h>
#include <stddef.h>

struct strv { /* a list of owned strings, always followed by NULL once something is in it */
    char **at;
    size_t n;
};

/* Calls then, which must not return and must not allocate, instead of writing to standard error and exiting with 125. */
void str_when_out_of_memory(void (*then)(void));

void *xrealloc(void *p, size_t count, size_t size) __attribute__((returns_nonnull)); /* count * size is checked */
void *xcalloc(size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

void strv_add(struct strv *v, char *owned); /* from malloc(); v frees it */
void strv_done(struct strv *v);

struct text { /* bytes that grow; at[n] is always 0 once something was added */
    char *at;
    size_t n, cap;
};
/* Each adds at the end; t is all zero at first. */
void text_add(struct text *t, const void *bytes, size_t n);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Makes room for more bytes, for who puts them at at[n] himself and adds to n; returns for how many there is room, beside the final 0. */
size_t text_room(struct text *t, size_t more);
void text_done(struct text *t); /* frees the bytes; t is all zero then */

/* Makes one line of it: control characters of ASCII, newlines among them, become ?. Returns text. */
char *str_line(char *text);

/* The word as a shell reads it back: in quotes, if it needs them. */
char *str_quote(const char *word);

bool str_begins(const char *text, const char *start);
bool str_ends(const char *text, const char *end);

#endif
