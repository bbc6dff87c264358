/* SPDX-License-Identifier: Apache-2.0 */
/* json.h: writing JSON, and handing on values from outside. These are never converted: what json_scan() has passed goes on byte by byte,
 * or without the white space between its tokens. */
#ifndef LRUN_JSON_H
#define LRUN_JSON_H

#include "base/err.h"
#include "base/json_scan.h"
#include "base/str.h"

/* Adds text as a JSON string with its quotes. It may hold NUL; bytes that are not UTF-8 become U+FFFD. */
void json_quote(struct text *out, const char *text, size_t n);

/* Each adds to out, and a comma before it where one is due. bracket: of an object { }, of an array [ ]. */
void json_open(struct text *out, char bracket);   /* { or [          */
void json_close(struct text *out, char bracket);  /* } or ]          */
void json_key(struct text *out, const char *key); /* "key":          */
void json_key_n(struct text *out, const char *key, size_t n);
void json_put(struct text *out, const char *key, const char *s); /* NULL: null      */
void json_put_n(struct text *out, const char *key, const char *s, size_t n);
void json_num(struct text *out, const char *key, double n); /* up to 3 decimals */
void json_flag(struct text *out, const char *key, bool b);
void json_item(struct text *out, const char *s);

void json_open_key(struct text *out, const char *key, char bracket);           /* "key":{ or "key":[ */
void json_strings(struct text *out, const char *key, const char *const *list); /* "key":["a","b"]; list: NULL at its end, or NULL */

/* "key":[{...},...] of n objects; put adds the members of the ith, which it takes from of. */
typedef void json_put_fn(struct text *out, size_t i, const void *of);
void json_objects(struct text *out, const char *key, size_t n, json_put_fn *put, const void *of);

/* True if the bytes are one JSON value, with nothing but white space around it: ret is that value then. */
bool json_read(const char *bytes, size_t n, struct slice *ret);

/* Adds the JSON value without white space between its tokens; bytes that are no JSON become a JSON string. */
void json_compact(const char *bytes, size_t n, struct text *out);

/* Adds an object of those members of top that are named, in the order of names (NULL at its end), each value as it is spelled.
 * False, and nothing added, if top is no object. */
bool json_pick(struct slice top, const char *const *names, struct text *out);

/* Calls fn for every member of the object at the top, or of the object it holds under section (NULL: the top); numbers and
 * booleans are handed on as they are spelled. ret_found: whether section was there. name: for messages. Strict: json_document(). */
typedef int (*json_each_fn)(const char *key, const char *value, void *to, struct err *err);
int json_each_member(const char *bytes, size_t n, const char *section, const char *name, json_each_fn fn, void *to, bool *ret_found,
                     struct err *err);

#endif
