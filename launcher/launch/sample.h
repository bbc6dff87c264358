/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h: sample events, lambda/events/SERVICE/EVENT.json (docs/event.schema.json), which are part of the program. A sample is a
 * template:
 * "${bucket}" in it is the value of the field of that name, {"$base64": V} the text that AWS makes of V, and everything else is itself. */
#ifndef LRUN_SAMPLE_H
#define LRUN_SAMPLE_H

#include "base/err.h"
#include "base/json_scan.h"
#include "base/str.h"

#include <stdio.h>

struct sample {          /* slices of the program's own text */
    char name[64];       /* "s3/put" */
    struct slice header; /* the file: title, source, also, fields, open, event */
};

/* name: SERVICE/EVENT, or SERVICE/ and a name that sam local generate-event has for it. -1: an err of usage, which suggests the nearest. */
int sample_find(const char *name, struct sample *ret, struct err *err);

/* Adds the event as JSON, indented. sets: NAME=VALUE, or NAME:=JSON; NAME is a field's, or a path such as Records.0.s3.bucket.name. A value
 * has the type of what it replaces. -1: an err of usage: there is no such name, or the value is not of its type. */
int sample_render(const struct sample *s, const struct strv *sets, struct text *ret, struct err *err);

/* The same for a word: SERVICE/EVENT?NAME=VALUE&NAME=VALUE, percent-encoded where a value holds & or %. */
int sample_of_word(const char *word, struct text *ret, struct err *err);

/* Prints the events of a service, or of all (NULL): -1, an err of usage, if there is no such service. */
int sample_list(const char *service, FILE *to, struct err *err);

/* Prints the fields of a sample, and their defaults. */
void sample_list_fields(const struct sample *s, FILE *to);

/* For sample*.c: what AWS makes of a text before it stands in an event, by its name in a template, "$base64". NULL: no such name. */
struct sample_encoding {
    char name[12];
    bool object, omitted; /* it makes an object of it, not a text, or nothing ("") of nothing: null then, or the member is left out */
    void (*encode)(const char *bytes, size_t n, struct text *out);
};
const struct sample_encoding *sample_encoding_of(struct slice name);

/* For sample_render.c: the err of a --set whose name the event (at) does not have; -1. */
int sample_unknown(const struct sample *s, const char *name, struct slice at, struct err *err);

#endif
