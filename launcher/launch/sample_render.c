/* SPDX-License-Identifier: Apache-2.0 */
/* sample_render.c: the event of a template and of what --set changes. One walk through the template writes the event, and keeps the path of
 * where it is; a value with a path that was set is written in place of the template's. Encodings are transparent: a path leads through
 * them, so that a text within base64 is set like any other. What was set and met nothing is refused, with the nearest name that is there.
 * The template is lrun's own and its nesting is small, so the walk recurses. */
#include "launcher/launch/sample.h"

#include "base/json.h"
#include "base/own.h"
#include "launcher/launch/names.h"

#include <string.h>

struct set {
    char *name, *value;
    bool json, used; /* json: NAME:=JSON */
};

struct render {
    const struct sample *sample;
    struct slice fields, open;
    struct set *sets;
    size_t n;
    struct text path; /* of the value that is written: Records.0.eventName */
    struct err *err;
    int status;
};

enum { COMPACT = -1 };
static void put_value(struct render *r, struct slice v, int depth, struct text *out);

static int not_of_type(const struct render *r, const char *name, const char *type)
{
    fail_usage(r->err, "--set %.80s: must be %s", name, type);
    return fail_hint(r->err, "%.80s:=JSON sets any JSON", name);
}

/* Adds the value that was set, as JSON, of the shape of what it replaces. */
static int put_set(const struct render *r, const struct set *s, enum json_shape was, struct text *out)
{
    struct slice v;
    bool json = json_read(s->value, strlen(s->value), &v), of_shape = json && json_shape(v) == was;
    if (s->json && !json) {
        fail_usage(r->err, "--set %.80s: the text after := is not valid JSON", s->name);
        return fail_hint(r->err, "%.80s=TEXT sets a text", s->name);
    }
    if (json && (s->json || was == SHAPE_NULL || (of_shape && was != SHAPE_STRING))) {
        json_squeeze(v, out);
        return 0;
    }
    switch (was) {
    case SHAPE_NUMBER: return not_of_type(r, s->name, "a number");
    case SHAPE_TRUE:
    case SHAPE_FALSE:
        if (json && (json_shape(v) == SHAPE_TRUE || json_shape(v) == SHAPE_FALSE)) {
            json_squeeze(v, out);
            return 0;
        }
        return not_of_type(r, s->name, "true or false");
    case SHAPE_OBJECT: return not_of_type(r, s->name, "a JSON object");
    case SHAPE_ARRAY: return not_of_type(r, s->name, "a JSON array");
    default: json_quote(out, s->value, strlen(s->value)); return 0;
    }
}

/* The last that was set of this name; all of them count as used. NULL: none. */
static struct set *find_set(const struct render *r, const char *name)
{
    struct set *found = NULL;
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->sets[i].name, name) == 0) {
            r->sets[i].used = true;
            found = &r->sets[i];
        }
    return found;
}

static sample_encoding *encoding_of(struct slice v, struct slice *inner)
{
    struct slice key, ignored;
    struct json_walk w = json_walk_as(v, SHAPE_OBJECT);
    if (!json_next(&w, &key, inner) || json_next(&w, &ignored, &ignored))
        return NULL;
    return sample_encoding_of(key);
}

/* ---- fields ---- */

/* The shape of what stands where v does: an encoding's and a text's is a string; a field's value may be any. */
static enum json_shape shape_of(struct slice field)
{
    struct slice value = json_find(field, "default"), inner, type = json_find(field, "type");
    return encoding_of(value, &inner) || json_is(type, "string") ? SHAPE_STRING : json_shape(value);
}

static void put_field(struct render *r, const char *name, struct slice field, int depth, struct text *out)
{
    const struct set *s = find_set(r, name);
    if (!s) { /* a default has no path: what is set by a path is the event's */
        struct text outside = r->path;
        r->path = (struct text){0};
        text_puts(&r->path, "\n");
        put_value(r, json_find(field, "default"), depth, out);
        text_done(&r->path);
        r->path = outside;
    } else if (put_set(r, s, shape_of(field), out) < 0) {
        r->status = -1;
        text_puts(out, "null");
    }
}

/* The field that a text begins with as ${name}; rest: what follows. None, if it begins with none. */
static struct slice field_at(const struct render *r, const char *text, char name[64], const char **rest)
{
    size_t n = strncmp(text, "${", 2) == 0 ? strcspn(text + 2, "}") : 0;
    if (!n || n >= 64 || text[2 + n] != '}')
        return (struct slice){0};
    memcpy(name, text + 2, n);
    name[n] = 0;
    *rest = text + n + 3;
    return json_find(r->fields, name);
}

/* Adds a text, with the fields that it names. */
static void expand(struct render *r, const char *text, struct text *out)
{
    while (*text) {
        const char *rest;
        char name[64];
        struct slice field = field_at(r, text, name, &rest), v;
        if (!field.at) {
            text_add(out, text++, 1);
            continue;
        }
        struct text value = {0};
        put_field(r, name, field, COMPACT, &value);
        if (json_read(value.at, value.n, &v)) {
            struct text plain = json_plain_text(v);
            text_add(out, plain.at, plain.n);
            text_done(&plain);
        }
        text_done(&value);
        text = rest;
    }
}

/* ---- values ---- */

static void put_string(struct render *r, struct slice v, int depth, struct text *out)
{
    OWN_PTR char *text = json_plain(v);
    const char *rest;
    char name[64];
    struct slice field = field_at(r, text, name, &rest);
    if (field.at && !*rest) { /* the field's value as it is, of any type */
        put_field(r, name, field, depth, out);
        return;
    }
    struct text expanded = {0};
    expand(r, text, &expanded);
    json_quote(out, expanded.at ? expanded.at : "", expanded.n);
    text_done(&expanded);
}

static void put_encoded(struct render *r, sample_encoding *encode, struct slice inner, struct text *out)
{
    struct text value = {0}, encoded = {0};
    struct slice v;
    put_value(r, inner, COMPACT, &value);
    if (json_read(value.at, value.n, &v)) {
        struct text plain = json_plain_text(v);
        encode(plain.at ? plain.at : "", plain.n, &encoded);
        text_done(&plain);
    }
    json_quote(out, encoded.at ? encoded.at : "", encoded.n);
    text_done(&value);
    text_done(&encoded);
}

static void put_break(int depth, struct text *out)
{
    if (depth >= 0)
        text_printf(out, "\n%*s", 2 * depth, "");
}

static size_t step_in(struct render *r, const char *name)
{
    size_t was = r->path.n;
    text_printf(&r->path, "%s%s", was ? "." : "", name);
    return was;
}

static void step_out(struct render *r, size_t was)
{
    r->path.n = was;
    r->path.at[was] = 0;
}

static bool is_open(const struct render *r)
{
    struct slice key, path;
    for (struct json_walk w = json_walk(r->open); json_next(&w, &key, &path);)
        if (json_is_n(path, r->path.at ? r->path.at : "", r->path.n))
            return true;
    return false;
}

/* What a container begins with before its next member: a comma, a line of its own, the member's name. */
static void put_before(bool first, const char *name, int depth, struct text *out)
{
    if (!first)
        text_puts(out, ",");
    put_break(depth < 0 ? depth : depth + 1, out);
    if (!name)
        return;
    json_quote(out, name, strlen(name));
    text_puts(out, depth < 0 ? ":" : ": ");
}

/* Members that were set and that the template lacks, where it may have more. */
static void put_new(struct render *r, bool object, size_t members, int depth, struct text *out)
{
    for (size_t i = 0; is_open(r) && i < r->n; i++) {
        const struct set *s = &r->sets[i];
        const char *name = s->name + r->path.n + (r->path.n > 0);
        char index[24];
        snprintf(index, sizeof index, "%zu", members);
        if (s->used || strncmp(s->name, r->path.at ? r->path.at : "", r->path.n) != 0 || (r->path.n && s->name[r->path.n] != '.') ||
            !*name || strchr(name, '.') || (!object && strcmp(name, index) != 0))
            continue;
        put_before(members++ == 0, object ? name : NULL, depth, out);
        if (put_set(r, find_set(r, s->name), SHAPE_STRING, out) < 0) {
            r->status = -1;
            text_puts(out, "null");
        }
    }
}

static void put_container(struct render *r, struct slice v, bool object, int depth, struct text *out)
{
    struct slice key, value;
    size_t members = 0, start = out->n;
    text_puts(out, object ? "{" : "[");
    size_t inside = out->n;
    for (struct json_walk w = json_walk(v); json_next(&w, &key, &value); members++) {
        struct text name = {0};
        OWN_PTR char *plain = object ? json_plain(key) : xasprintf("%zu", members);
        expand(r, plain, &name);
        put_before(members == 0, object ? name.at : NULL, depth, out);
        size_t was = step_in(r, name.at);
        put_value(r, value, depth < 0 ? depth : depth + 1, out);
        step_out(r, was);
        text_done(&name);
    }
    put_new(r, object, members, depth, out);
    bool empty = out->n == inside;
    if (empty && json_shape(v) == SHAPE_NULL) { /* nothing was set below it */
        out->n = start;
        text_puts(out, "null");
        return;
    }
    if (!empty)
        put_break(depth, out);
    text_puts(out, object ? "}" : "]");
}

/* What v is when written: for what is set in its place. */
static enum json_shape written_shape(struct render *r, struct slice v)
{
    struct slice inner, field = {0};
    const char *rest = "";
    char name[64];
    if (encoding_of(v, &inner))
        return SHAPE_STRING;
    if (json_shape(v) != SHAPE_STRING)
        return json_shape(v);
    OWN_PTR char *text = json_plain(v);
    field = field_at(r, text, name, &rest);
    return field.at && !*rest ? shape_of(field) : SHAPE_STRING;
}

static void put_value(struct render *r, struct slice v, int depth, struct text *out)
{
    struct slice inner;
    const struct set *s = r->path.n ? find_set(r, r->path.at) : NULL;
    sample_encoding *encode = encoding_of(v, &inner);
    if (s) {
        if (put_set(r, s, written_shape(r, v), out) < 0) {
            r->status = -1;
            text_puts(out, "null");
        }
    } else if (encode) {
        put_encoded(r, encode, inner, out);
    } else if (json_shape(v) == SHAPE_OBJECT || json_shape(v) == SHAPE_ARRAY || (json_shape(v) == SHAPE_NULL && r->path.n && is_open(r))) {
        put_container(r, v, json_shape(v) != SHAPE_ARRAY, depth, out);
    } else if (json_shape(v) == SHAPE_STRING) {
        put_string(r, v, depth, out);
    } else {
        text_add(out, v.at, v.n);
    }
}

/* ---- names that are not there ---- */

static void nearer(const char *word, const char *name, unsigned *best, char found[64])
{
    unsigned d = name_unlikeness(word, name);
    if (d < *best && strlen(name) < 64) {
        *best = d;
        strcpy(found, name);
    }
}

/* Goes down the event that was made, as far as the name leads; there the nearest member is suggested. */
static int unknown(const struct render *r, const struct set *s, struct slice at)
{
    const char *rest = s->name;
    unsigned best = NAME_UNLIKE;
    char found[64] = "", step[64] = "";
    struct slice key, value;
    for (;;) {
        size_t i = 0, n = strcspn(rest, ".");
        struct slice next = {0};
        snprintf(step, sizeof step, "%.*s", (int)n, rest);
        for (struct json_walk w = json_walk(at); json_next(&w, &key, &value); i++) {
            OWN_PTR char *name = key.at ? json_plain(key) : xasprintf("%zu", i);
            if (name && strcmp(name, step) == 0)
                next = value;
        }
        if (!next.at || !rest[n])
            break;
        at = next;
        rest += n + 1;
    }
    if (rest == s->name)
        for (struct json_walk w = json_walk(r->fields); json_next(&w, &key, &value);) {
            OWN_PTR char *name = json_plain(key);
            nearer(step, name, &best, found);
        }
    for (struct json_walk w = json_walk_as(at, SHAPE_OBJECT); json_next(&w, &key, &value);) {
        OWN_PTR char *name = json_plain(key);
        if (name)
            nearer(step, name, &best, found);
    }
    const char *slash = strchr(r->sample->name, '/');
    if (*found)
        fail_usage(r->err, "event %s has no '%.160s' (did you mean '%.*s%s'?)", r->sample->name, s->name, (int)(rest - s->name), s->name,
                   found);
    else
        fail_usage(r->err, "event %s has no '%.160s'", r->sample->name, s->name);
    return fail_hint(r->err, "lrun event %.*s %s --list lists its fields; a path such as requestContext.stage sets any other value",
                     (int)(slash - r->sample->name), r->sample->name, slash + 1);
}

static int read_sets(struct render *r, const struct strv *sets)
{
    r->sets = xcalloc(sets->n + 1, sizeof *r->sets);
    for (size_t i = 0; i < sets->n; i++) {
        const char *equals = strchr(sets->at[i], '=');
        if (!equals || equals == sets->at[i] || (equals[-1] == ':' && equals - 1 == sets->at[i])) {
            fail_usage(r->err, "--set takes NAME=VALUE, or NAME:=JSON");
            return -1;
        }
        bool json = equals[-1] == ':';
        r->sets[r->n++] = (struct set){
            .name = xasprintf("%.*s", (int)(equals - sets->at[i]) - json, sets->at[i]), .value = xstrdup(equals + 1), .json = json};
    }
    return 0;
}

int sample_render(const struct sample *s, const struct strv *sets, struct text *ret, struct err *err)
{
    struct render r = {.sample = s, .fields = json_find(s->header, "fields"), .open = json_find(s->header, "open"), .err = err};
    struct slice top;
    struct text out = {0};
    r.status = read_sets(&r, sets);
    if (r.status == 0)
        put_value(&r, json_find(s->header, "event"), 0, &out);
    for (size_t i = 0; r.status == 0 && i < r.n; i++)
        if (!r.sets[i].used && json_read(out.at, out.n, &top))
            r.status = unknown(&r, &r.sets[i], top);
    if (r.status == 0)
        text_add(ret, out.at, out.n);
    for (size_t i = 0; i < r.n; i++) {
        free(r.sets[i].name);
        free(r.sets[i].value);
    }
    free(r.sets);
    text_done(&r.path);
    text_done(&out);
    return r.status;
}
