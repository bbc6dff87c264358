/* SPDX-License-Identifier: Apache-2.0 */
/* match.c: patterns against values, both as slices of the bytes that were read: nothing is converted, so a case says exactly what the
 * function sent. Recursion follows the pattern, whose depth match_check() bounds, never the value: a function may answer with a million
 * brackets. The matchers are the table MATCHERS. */
#include "launcher/test/match.h"

#include "base/json.h"
#include "base/own.h"
#include "base/utf8.h"
#include "launcher/test/expression.h"
#include "launcher/test/number.h"

#include <stdio.h>
#include <string.h>

/* ---- what is said of a difference ---- */

void differences_add(struct differences *d, char *where, char *expected, char *got)
{
    if (d->n >= DIFFERENCES_MAX) {
        d->more++;
        free(where), free(expected), free(got);
        return;
    }
    d->at = xrealloc(d->at, d->n + 1, sizeof *d->at);
    d->at[d->n++] = (struct difference){.where = where, .expected = expected, .got = got};
}

void differences_done(struct differences *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->at[i].where), free(d->at[i].expected), free(d->at[i].got);
    free(d->at);
    *d = (struct differences){0};
}

char *match_shown_bytes(const char *bytes, size_t n)
{
    enum { SHOWN_MAX = 200 };
    size_t shown = n < SHOWN_MAX ? n : SHOWN_MAX;
    while (shown < n && shown && ((unsigned char)bytes[shown] & 0xc0) == 0x80) /* not within a character */
        shown--;
    char *line = n > shown ? xasprintf("%.*s... (%zu bytes)", (int)shown, bytes, n) : xasprintf("%.*s", (int)shown, bytes ? bytes : "");
    return str_line(line);
}

char *match_shown(struct slice v)
{
    struct text squeezed = {0};
    if (!v.at)
        return xstrdup("nothing");
    json_squeeze(v, &squeezed);
    char *shown = match_shown_bytes(squeezed.at, squeezed.n);
    text_done(&squeezed);
    return shown;
}

/* ---- matching ---- */

struct match {
    struct differences *found; /* NULL: nobody asks */
    struct text where;
    bool exact, literal;
};

static bool match(struct match *m, struct slice pattern, struct slice value);

static bool differs(struct match *m, char *expected, struct slice value)
{
    if (m->found)
        differences_add(m->found, xstrdup(m->where.at), expected, match_shown(value));
    else
        free(expected);
    return false;
}

static bool differs_from(struct match *m, struct slice pattern, struct slice value)
{
    return m->found ? differs(m, match_shown(pattern), value) : false;
}

static bool match_at(struct match *m, const char *place, struct slice pattern, struct slice value)
{
    size_t n = m->where.n;
    text_puts(&m->where, place);
    bool same = match(m, pattern, value);
    m->where.n = n;
    m->where.at[n] = 0;
    return same;
}

/* Names that need no quotes stand behind a point, others as a string in brackets. */
static char *place_of(struct slice key)
{
    enum { KEY_MAX = 80 };
    size_t n = key.n - 2;
    bool plain = n > 0;
    for (size_t i = 1; i <= n; i++)
        plain = plain && (key.at[i] == '_' || key.at[i] == '-' || (key.at[i] >= '0' && key.at[i] <= '9') ||
                          (key.at[i] >= 'A' && key.at[i] <= 'Z') || (key.at[i] >= 'a' && key.at[i] <= 'z'));
    if (plain && n <= KEY_MAX)
        return xasprintf(".%.*s", (int)n, key.at + 1);
    OWN_PTR char *shown = match_shown(key);
    return xasprintf("[%s]", shown);
}

static struct slice find_key(struct slice object, struct slice key)
{
    struct text name = {0};
    json_decode_add(key, &name);
    struct slice v = json_find_n(object, name.at ? name.at : "", name.n);
    text_done(&name);
    return v;
}

static bool match_objects(struct match *m, struct slice pattern, struct slice value)
{
    struct slice key, want;
    bool same = true;
    if (json_shape(value) != SHAPE_OBJECT)
        return differs_from(m, pattern, value);
    for (struct json_walk w = json_walk(pattern); json_next(&w, &key, &want);) {
        OWN_PTR char *place = place_of(key);
        same = match_at(m, place, want, find_key(value, key)) && same;
        if (!same && !m->found)
            return false;
    }
    for (struct json_walk w = json_walk(value); m->exact && json_next(&w, &key, &want);)
        if (!find_key(pattern, key).at) {
            OWN_PTR char *place = place_of(key);
            size_t n = m->where.n;
            text_puts(&m->where, place);
            same = differs(m, xstrdup("no such member"), want);
            m->where.n = n;
            m->where.at[n] = 0;
        }
    return same;
}

static size_t count(struct slice array)
{
    struct slice none, v;
    size_t n = 0;
    for (struct json_walk w = json_walk(array); json_next(&w, &none, &v);)
        n++;
    return n;
}

static bool match_arrays(struct match *m, struct slice pattern, struct slice value)
{
    struct slice none, want, got;
    bool same = true;
    if (json_shape(value) != SHAPE_ARRAY)
        return differs_from(m, pattern, value);
    size_t wanted = count(pattern), there = count(value), at = 0;
    if (wanted != there) {
        OWN_PTR char *shown = m->found ? match_shown(pattern) : NULL;
        return differs(m, xasprintf("%zu element%s: %s", wanted, wanted == 1 ? "" : "s", shown ? shown : ""), value);
    }
    for (struct json_walk p = json_walk(pattern), v = json_walk(value); json_next(&p, &none, &want) && json_next(&v, &none, &got); at++) {
        char place[32];
        snprintf(place, sizeof place, "[%zu]", at);
        same = match_at(m, place, want, got) && same;
        if (!same && !m->found)
            return false;
    }
    return same;
}

/* ---- matchers ---- */

static bool match_match(struct match *m, struct slice of, struct slice value)
{
    struct text text = {0};
    json_decode_add(value, &text);
    bool found = json_shape(value) == SHAPE_STRING && expression_finds(of, text.at, text.n, false);
    text_done(&text);
    OWN_PTR char *shown = found || !m->found ? NULL : match_shown(of);
    return found || differs(m, xasprintf("a string that matches %s", shown ? shown : ""), value);
}

static bool is_of_type(struct slice type, struct slice value)
{
    static const struct {
        char name[8];
        enum json_shape shape;
    } TYPES[] = {{"string", SHAPE_STRING}, {"number", SHAPE_NUMBER}, {"null", SHAPE_NULL},    {"array", SHAPE_ARRAY},
                 {"object", SHAPE_OBJECT}, {"boolean", SHAPE_TRUE},  {"boolean", SHAPE_FALSE}};
    enum json_shape shape = json_shape(value);
    for (size_t i = 0; i < COUNT(TYPES); i++)
        if (TYPES[i].shape == shape && json_is(type, TYPES[i].name))
            return true;
    return (shape != SHAPE_NONE && json_is(type, "value")) || (shape == SHAPE_NUMBER && json_is(type, "integer") && number_whole(value));
}

static bool match_any(struct match *m, struct slice of, struct slice value)
{
    return is_of_type(of, value) || differs(m, xasprintf("any %.*s", (int)of.n - 2, of.at + 1), value);
}

static bool has(const struct match *m, struct slice pattern, struct slice array)
{
    struct slice none, got;
    struct match quiet = {.exact = m->exact};
    bool found = false;
    text_puts(&quiet.where, "$");
    for (struct json_walk w = json_walk(array); !found && json_next(&w, &none, &got);)
        found = match(&quiet, pattern, got);
    text_done(&quiet.where);
    return found;
}

static bool match_has(struct match *m, struct slice of, struct slice value)
{
    struct slice none, want;
    bool all = true;
    if (json_shape(value) != SHAPE_ARRAY)
        return differs(m, xstrdup("an array"), value);
    for (struct json_walk w = json_walk(of); json_next(&w, &none, &want);)
        if (!has(m, want, value)) {
            OWN_PTR char *shown = match_shown(want);
            all = differs(m, xasprintf("an element that matches %s", shown), value);
        }
    return all;
}

static bool match_inner(struct match *m, struct slice of, struct slice value)
{
    struct text text = {0};
    struct slice inner;
    json_decode_add(value, &text);
    bool is = json_shape(value) == SHAPE_STRING && json_read(text.at ? text.at : "", text.n, &inner);
    bool same = is ? match_at(m, ".$json", of, inner) : differs(m, xstrdup("a string that is JSON"), value);
    text_done(&text);
    return same;
}

static bool match_absent(struct match *m, struct slice of, struct slice value)
{
    (void)of;
    return !value.at || differs(m, xstrdup("no such member"), value);
}

static bool match_literal(struct match *m, struct slice of, struct slice value)
{
    bool exact = m->exact, literal = m->literal;
    m->exact = m->literal = true;
    bool same = match(m, of, value);
    m->exact = exact;
    m->literal = literal;
    return same;
}

enum takes { TAKES_EXPRESSION, TAKES_TYPE, TAKES_PATTERNS, TAKES_PATTERN, TAKES_TRUE, TAKES_VALUE };
static const struct matcher {
    char name[12];
    enum takes takes;
    bool (*match)(struct match *m, struct slice of, struct slice value);
} MATCHERS[] = {
    {"$match", TAKES_EXPRESSION, match_match}, {"$any", TAKES_TYPE, match_any},       {"$has", TAKES_PATTERNS, match_has},
    {"$json", TAKES_PATTERN, match_inner},     {"$absent", TAKES_TRUE, match_absent}, {"$literal", TAKES_VALUE, match_literal},
};

/* Of an object that is one: ret_of is what its member says. */
static const struct matcher *matcher_of(struct slice pattern, struct slice *ret_of)
{
    struct slice key;
    struct json_walk w = json_walk(pattern);
    if (!w.object || !json_next(&w, &key, ret_of))
        return NULL;
    for (size_t i = 0; i < COUNT(MATCHERS); i++)
        if (json_is(key, MATCHERS[i].name))
            return &MATCHERS[i];
    return NULL;
}

static bool match(struct match *m, struct slice pattern, struct slice value)
{
    struct slice of;
    const struct matcher *matcher = m->literal ? NULL : matcher_of(pattern, &of);
    enum json_shape shape = json_shape(pattern);
    if (matcher)
        return matcher->match(m, of, value);
    if (shape == SHAPE_OBJECT)
        return match_objects(m, pattern, value);
    if (shape == SHAPE_ARRAY)
        return match_arrays(m, pattern, value);
    bool same = json_shape(value) == shape;
    if (same && shape == SHAPE_NUMBER)
        same = number_same(pattern, value);
    else if (same && shape == SHAPE_STRING)
        same = json_compare(pattern, value) == 0;
    return same || differs_from(m, pattern, value);
}

bool match_json(struct slice pattern, struct slice value, bool exact, const char *where, struct differences *d)
{
    struct match m = {.found = d, .exact = exact};
    text_puts(&m.where, where);
    bool same = match(&m, pattern, value);
    text_done(&m.where);
    return same;
}

/* ---- checking ---- */

static int check(struct slice pattern, unsigned depth, struct slice *at, struct err *err);

static int check_each(struct slice container, unsigned depth, struct slice *at, struct err *err)
{
    struct slice key, v;
    for (struct json_walk w = json_walk(container); json_next(&w, &key, &v);)
        if (check(v, depth + 1, at, err) < 0)
            return -1;
    return 0;
}

static int check_depth(struct slice v, struct err *err)
{
    unsigned depth = 0;
    bool text = false;
    for (size_t i = 0; i < v.n; i++) {
        if (text && v.at[i] == '\\')
            i++;
        else if (v.at[i] == '"')
            text = !text;
        else if (!text && strchr("{[", v.at[i]) && ++depth > MATCH_DEPTH_MAX)
            return fail_usage(err, "nested deeper than %d", MATCH_DEPTH_MAX);
        else if (!text && strchr("]}", v.at[i]))
            depth--;
    }
    return 0;
}

static bool is_type(struct slice of)
{
    static const char *const ALL[] = {"string", "number", "integer", "boolean", "null", "array", "object", "value"};
    for (size_t i = 0; i < COUNT(ALL); i++)
        if (json_is(of, ALL[i]))
            return true;
    return false;
}

static int check_matcher(const struct matcher *matcher, struct slice of, unsigned depth, struct slice *at, struct err *err)
{
    switch (matcher->takes) {
    case TAKES_EXPRESSION:
        return json_shape(of) != SHAPE_STRING ? fail_usage(err, "%s takes a string", matcher->name) : expression_check(of, err);
    case TAKES_TYPE:
        return is_type(of) ? 0
                           : fail_usage(err, "%s takes one of string, number, integer, boolean, null, array, object, value", matcher->name);
    case TAKES_PATTERNS:
        return json_shape(of) == SHAPE_ARRAY ? check_each(of, depth, at, err) : fail_usage(err, "%s takes an array", matcher->name);
    case TAKES_PATTERN: return check(of, depth + 1, at, err);
    case TAKES_TRUE: return json_shape(of) == SHAPE_TRUE ? 0 : fail_usage(err, "%s takes true", matcher->name);
    case TAKES_VALUE: return 0;
    }
    return 0;
}

static bool is_marked(struct slice key)
{
    struct text name = {0};
    json_decode_add(key, &name);
    bool marked = name.n && name.at[0] == '$';
    text_done(&name);
    return marked;
}

static int check(struct slice pattern, unsigned depth, struct slice *at, struct err *err)
{
    struct slice key, of, v;
    size_t marked = 0, members = 0;
    *at = pattern;
    for (struct json_walk w = json_walk_as(pattern, SHAPE_OBJECT); json_next(&w, &key, &v); members++)
        marked += is_marked(key);
    if (!marked)
        return check_each(pattern, depth, at, err);
    const struct matcher *matcher = matcher_of(pattern, &of);
    if (members > 1)
        return fail_usage(err, "a matcher is the only member of its object ({\"$literal\": V}: V as it is)");
    if (!matcher)
        return fail_usage(err, "unknown matcher (there are " MATCHERS_TEXT "; {\"$literal\": V}: V as it is)");
    return check_matcher(matcher, of, depth, at, err);
}

int match_check(struct slice pattern, struct slice *ret_at, struct err *err)
{
    *ret_at = pattern;
    return check_depth(pattern, err) < 0 ? -1 : check(pattern, 0, ret_at, err);
}
