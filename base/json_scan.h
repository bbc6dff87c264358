/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.h: JSON that is looked at and not converted: checked once from end to end, then read as slices of its own bytes.
 *
 *   1. json_scan()    the bytes are one JSON value as RFC 8259 has it. Nothing below may be called on what did not pass.
 *   2. json_walk(), json_next(), json_find(): members and elements, as slices
 *   3. json_is(), json_decode_add(), json_unsigned(): a slice's meaning, where it is wanted
 *
 * Strict: UTF-8 without surrogates, overlong forms or numbers above U+10FFFF; control characters in strings escaped; nothing but
 * white space around the value; no byte order mark. What the grammar has is accepted: any value at the top, escapes of a lone
 * surrogate, \u0000, numbers of any length, members of one name (json_duplicate() finds them). Containers nest at most
 * JSON_DEPTH_MAX deep, which is deeper than a payload of Lambda's largest size can.
 *
 * Lengths are bytes; nothing ends with 0. Slices are borrowed from the bytes, and are valid as long as those. No call allocates
 * (json_duplicate() and the two that add to a text apart), recurses, or writes to the bytes; each takes time linear in what it passes
 * over. json_next() passes over the value it hands out: to visit all of a document of depth d costs d times its length at most. */
#ifndef LRUN_JSON_SCAN_H
#define LRUN_JSON_SCAN_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 4 << 20 };

struct slice { /* one value as it is spelled, without white space around it: a string has its quotes. at NULL: none */
    const char *at;
    size_t n;
};

struct json_fault {       /* why bytes are no JSON */
    size_t at;            /* offset of the first byte that cannot be */
    const char *expected; /* what was expected there: "a value", "',' or '}'" */
};

/* Checks all n bytes. True: ret is the value at the top. False: fault is filled, and ret untouched. */
bool json_scan(const char *bytes, size_t n, struct slice *ret, struct json_fault *fault);

/* Adds "line L, column C: expected E"; lines and columns count from 1, columns in bytes. */
void json_fault_text(const char *bytes, const struct json_fault *fault, struct text *out);

enum json_shape { SHAPE_NONE, SHAPE_OBJECT, SHAPE_ARRAY, SHAPE_STRING, SHAPE_NUMBER, SHAPE_TRUE, SHAPE_FALSE, SHAPE_NULL };
enum json_shape json_shape(struct slice v); /* by its first byte; SHAPE_NONE for no value */

struct json_walk { /* through one container */
    const char *at, *end;
    bool object;
};

/* Begins a walk through an object or an array; any other value has nothing to walk through. json_walk_as(): neither has a container of
 * another shape. */
struct json_walk json_walk(struct slice container);
struct json_walk json_walk_as(struct slice container, enum json_shape shape);

/* The next member or element. key: a string with its quotes, for members; none for elements. False at the end. */
bool json_next(struct json_walk *w, struct slice *key, struct slice *value);

/* The value of the member of this name, the last one if there are several, as most readers have it; none if it is absent, or if
 * object is none or no object. */
struct slice json_find(struct slice object, const char *name);
struct slice json_find_n(struct slice object, const char *name, size_t n); /* a name that may hold NUL */

/* The next string in v that is no name, at any depth. rest: v at first; what is after the string then. False: there is none. */
bool json_next_text(struct slice *rest, struct slice *text);

/* Whether the string means these bytes: "\u0061" is a. False for what is no string. */
bool json_is(struct slice string, const char *text);
bool json_is_n(struct slice string, const char *text, size_t n);

/* Orders two strings by the bytes they mean: below 0, 0, above 0. */
int json_compare(struct slice a, struct slice b);

/* Adds the bytes a string means: never more than it is long, and NUL may be among them. An escape of a lone surrogate has no bytes of its
 * own: it becomes U+FFFD. Nothing, of what is no string. */
void json_decode_add(struct slice string, struct text *out);

enum json_whole { JSON_WHOLE, JSON_NOT_WHOLE, JSON_OUT_OF_RANGE };

/* A whole number by its spelling, exactly: an optional minus and digits; 1.0 and 1e2 are not. ret is filled for JSON_WHOLE only. */
enum json_whole json_unsigned(struct slice v, uint64_t min, uint64_t max, uint64_t *ret);

/* Adds the value without the white space between its tokens, otherwise byte by byte as it is spelled. */
void json_squeeze(struct slice v, struct text *out);

/* What someone writes by hand: json_scan(), and no name twice in one object. name: the file's, for messages, which say the line. */
int json_document(const char *bytes, size_t n, const char *name, struct slice *ret, struct err *err);

/* What a string means, or how another value is spelled, with a 0 at its end; the caller's. json_plain(): NULL if it holds NUL itself. */
struct text json_plain_text(struct slice v);
char *json_plain(struct slice v);

struct json_member {
    struct slice key, value;
};

/* The members of an object, each name once and with its last value, in the order in which those stand. Returns how many; ret: the
 * caller's. n log n in their number. */
size_t json_members(struct slice object, struct json_member **ret);

/* The first name, in the order of the bytes, that an object anywhere in v has had before; none if all differ. n log n in the number of
 * members, whose places it keeps in memory meanwhile. */
struct slice json_duplicate(struct slice v);

#endif
