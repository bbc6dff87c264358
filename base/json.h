/* SPDX-License-Identifier: Apache-2.0 */
/* json.h: writing JSON, and the only includer of jansson for reading it (static, unlike cJSON: it costs a launch nothing). */
#ifndef LRUN_JSON_H
#define LRUN_JSON_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* Adds text as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void json_quote(struct text *out, const char *text, size_t n);

/* A writer of objects and arrays: commas are its business. */
void json_open(struct text *out, char bracket);                  /* { or [          */
void json_close(struct text *out, char bracket);                 /* } or ]          */
void json_key(struct text *out, const char *key);                /* "key":          */
void json_put(struct text *out, const char *key, const char *s); /* NULL: null      */
void json_num(struct text *out, const char *key, double n);      /* up to 3 decimals */
void json_flag(struct text *out, const char *key, bool b);
void json_item(struct text *out, const char *s);

/* True if the bytes are one JSON value, with nothing but white space around it. */
bool json_valid(const char *bytes, size_t n);

/* Adds the JSON value without white space between its tokens; bytes that are no JSON become a JSON string. */
void json_compact(const char *bytes, size_t n, struct text *out);

/* Adds an object of those members of the top object that are named, in the order of names (NULL at its end).
 * False, and nothing added, if the bytes are no JSON object. */
bool json_pick(const char *bytes, size_t n, const char *const *names, struct text *out);

/* Calls fn for every member of the object at the top, or of the object it holds under section (NULL: the top); numbers and
 * booleans are handed on as they are spelled. ret_found: whether section was there. name: for messages. Strict: json_document(). */
typedef int (*json_each_fn)(const char *key, const char *value, void *to, struct err *err);
int json_each_member(const char *bytes, size_t n, const char *section, const char *name, json_each_fn fn, void *to, bool *ret_found, struct err *err);

/* A tree that was read; values belong to the top one. All take NULL, and answer it as absent. */
typedef struct json_t json_t;
enum json_kind { JSON_IS_ABSENT, JSON_IS_NULL, JSON_IS_OBJECT, JSON_IS_ARRAY, JSON_IS_TEXT, JSON_IS_NUMBER, JSON_IS_BOOL };
json_t *json_read(const char *bytes, size_t n, struct text *why); /* any value at the top; NULL, and why (unless NULL) is filled */
void json_release(json_t *top);
enum json_kind json_kind(const json_t *v);
const json_t *json_get(const json_t *object, const char *key); /* NULL: not there, or no object */
const json_t *json_nth(const json_t *array, size_t i);         /* NULL: beyond the end, or no array */
const char *json_str(const json_t *v);                         /* NULL: no text */
bool json_int(const json_t *v, int64_t *ret);                  /* false: no whole number */
bool json_true_at(const json_t *object, const char *key);      /* there, and true */
void json_print(const json_t *v, struct text *out);            /* compact; numbers as jansson spells them */
typedef void (*json_visit_fn)(const char *key, const json_t *value, void *to);
void json_visit(const json_t *object, json_visit_fn fn, void *to); /* in the order they were written */

#endif
