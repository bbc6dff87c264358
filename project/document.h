/* SPDX-License-Identifier: Apache-2.0 */
/* document.h: what the parsers of documents have in common. For document*.c and files.c only. */
#ifndef LRUN_DOCUMENT_H
#define LRUN_DOCUMENT_H

#include "project/files.h"

enum {
    DOCUMENT_DEPTH = 200,      /* lists and maps in one another */
    DOCUMENT_VALUES = 2000000, /* of one document: some 200 MB of nodes */
    DOCUMENT_MERGED = 200000,  /* members that merge keys copy */
    DOCUMENT_DOUBLED = 1000,  /* names that stand twice: more are not noted */
    DOCUMENT_NUMBER = 64,      /* bytes of a number: a longer one stays as it is spelled */
};

struct document { /* being parsed */
    struct arena *arena;
    const char *language; /* JSON, YAML, TOML */
    const char *source;   /* the arena's */
    size_t values;
    struct node *doubled; /* a list of names that stand twice in a map, where they stand again; NULL: nobody wants to know */
    struct err *err;
};

/* A language. Fills d->language; d->arena, source and err are set. NULL with d->err. */
typedef const struct node *document_parser(struct document *d, const char *bytes, size_t n);
document_parser parse_json, parse_yaml, parse_toml;

/* The file, line and column (0: not known) and what is wrong there. Returns -1. */
int document_fault(struct document *d, unsigned line, unsigned column, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Whether all bytes are UTF-8 without NUL; -1 with err. */
int document_check(struct document *d, const char *bytes, size_t n);

/* A value that begins on the line. NULL with err: the document has too many. */
struct node *document_value(struct document *d, enum node_kind kind, unsigned line);
struct node *document_text(struct document *d, enum node_kind kind, unsigned line, const char *bytes, size_t n); /* copied */

/* Adds a member; one that the map has already takes the new value, and is noted. name: the arena's. */
void document_member(struct document *d, struct node *map, const char *name, unsigned line, const struct node *value);

/* A number with a fraction or an exponent as Java and Python write it: 1.50 is 1.5, 1e3 is 1000.0. What is no finite number, or longer
 * than DOCUMENT_NUMBER, is NULL. */
const char *document_float(struct arena *a, const char *spelled, size_t n);

/* What a plain scalar of YAML 1.1 is. text: of a bool or a number, as CloudFormation writes it; untouched for others. */
enum node_kind yaml_scalar(struct arena *a, const char *bytes, size_t n, const char **text);

#endif
