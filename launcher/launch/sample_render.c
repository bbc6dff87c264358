/* SPDX-License-Identifier: Apache-2.0 */
/* sample_render.c: the event of a template and of what --set changes. One walk through the template writes the event, and keeps the path of
 * where it is; a value with a path that was set is written in place of the template's. Encodings are transparent: a path leads through
 * them, so that a text within base64 is set like any other. What was set and met nothing is refused, with the nearest name that is there.
 * The template is lrun's own and its nesting is small, so the walk recurses. */
#include "launcher/launch/sample.h"

#include "base/json.h"
#include "base/own.h"

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

static const struct sample_encoding *encoding_of(struct slice v, struct slice *inner)
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

/* Whether more may be added here. What is said of an array's first element holds for all of them. */
static bool is_open(const struct render *r)
{
    struct slice key, path;
    struct text first = {0};
    bool found = false;
    text_puts(&first, "");
    for (const char *c = r->path.n ? r->path.at : ""; *c;) {
        size_t n = strcspn(c, "."), digits = strspn(c, "0123456789");
        text_add(&first, digits == n ? "0" : c, digits == n ? 1 : n);
        c += n;
        if (*c)
            text_add(&first, c++, 1);
    }
    for (struct json_walk w = json_walk(r->open); !found && json_next(&w, &key, &path);)
        found = json_is_n(path, first.at, first.n);
    text_done(&first);
    return found;
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

static void put_member(struct render *r, const char *name, bool object, bool first, struct slice value, int depth, struct text *out)
{
    size_t start = out->n;
    put_before(first, object ? name : NULL, depth, out);
    size_t before = out->n, was = step_in(r, name);
    put_value(r, value, depth < 0 ? depth : depth + 1, out);
    step_out(r, was);
    if (out->n == before) /* it is left out */
        out->n = start;
}

/* Whether this path, or any below it, is set. */
static bool is_wanted(const struct render *r, const char *path)
{
    size_t n = strlen(path);
    for (size_t i = 0; i < r->n; i++)
        if (strncmp(r->sets[i].name, path, n) == 0 && (!r->sets[i].name[n] || r->sets[i].name[n] == '.'))
            return true;
    return false;
}

/* Whether anything is set of the element behind the last: Records.1.body. */
static bool wants_element(const struct render *r, size_t index)
{
    OWN_PTR char *path = xasprintf("%s%s%zu", r->path.n ? r->path.at : "", r->path.n ? "." : "", index);
    return is_wanted(r, path);
}

static void put_container(struct render *r, struct slice v, bool object, int depth, struct text *out)
{
    struct slice key, value, last = {0};
    size_t members = 0, start = out->n;
    text_puts(out, object ? "{" : "[");
    size_t inside = out->n;
    for (struct json_walk w = json_walk(v); json_next(&w, &key, &value); members++) {
        struct text name = {0};
        OWN_PTR char *plain = object ? json_plain(key) : xasprintf("%zu", members);
        expand(r, plain, &name);
        put_member(r, name.at, object, members == 0, value, depth, out);
        text_done(&name);
        last = value;
    }
    for (; !object && last.at && is_open(r) && wants_element(r, members); members++) { /* a batch: each further one is as the last */
        OWN_PTR char *index = xasprintf("%zu", members);
        put_member(r, index, false, false, last, depth, out);
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

static void put_encoded(struct render *r, const struct sample_encoding *encoding, struct slice inner, int depth, struct text *out)
{
    static const struct slice EMPTY = {"null", 4};
    struct text value = {0}, encoded = {0};
    struct slice v;
    put_value(r, inner, COMPACT, &value);
    if (json_read(value.at, value.n, &v)) {
        struct text plain = json_plain_text(v);
        encoding->encode(plain.at ? plain.at : "", plain.n, &encoded);
        text_done(&plain);
    }
    if (!encoding->object)
        json_quote(out, encoded.at ? encoded.at : "", encoded.n);
    else if (json_read(encoded.at ? encoded.at : "", encoded.n, &v) || !encoding->omitted || is_wanted(r, r->path.at ? r->path.at : ""))
        put_container(r, encoded.n ? v : EMPTY, true, depth, out);
    text_done(&value);
    text_done(&encoded);
}

/* What v is when written: for what is set in its place. */
static enum json_shape written_shape(struct render *r, struct slice v)
{
    struct slice inner, field = {0};
    const char *rest = "";
    char name[64];
    const struct sample_encoding *encoding = encoding_of(v, &inner);
    if (encoding)
        return encoding->object ? SHAPE_OBJECT : SHAPE_STRING;
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
    const struct sample_encoding *encoding = encoding_of(v, &inner);
    if (s) {
        if (put_set(r, s, written_shape(r, v), out) < 0) {
            r->status = -1;
            text_puts(out, "null");
        }
    } else if (encoding) {
        put_encoded(r, encoding, inner, depth, out);
    } else if (json_shape(v) == SHAPE_OBJECT || json_shape(v) == SHAPE_ARRAY || (json_shape(v) == SHAPE_NULL && r->path.n && is_open(r))) {
        put_container(r, v, json_shape(v) != SHAPE_ARRAY, depth, out);
    } else if (json_shape(v) == SHAPE_STRING) {
        put_string(r, v, depth, out);
    } else {
        text_add(out, v.at, v.n);
    }
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
            r.status = sample_unknown(s, r.sets[i].name, top, err);
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
