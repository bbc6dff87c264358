/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/json_scan.h"
#include "base/own.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence at s (n bytes left), or 0 if it is not one (overlong, surrogate, too high). */
static size_t utf8_length(const unsigned char *s, size_t n)
{
    if (s[0] < 0x80)
        return 1;
    size_t want = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : s[0] >= 0xe0 && s[0] <= 0xef ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    if (want == 0 || want > n)
        return 0;
    for (size_t i = 1; i < want; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return want;
}

void json_quote(struct text *out, const char *text, size_t n)
{
    text_puts(out, "\"");
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)text[i];
        size_t length = utf8_length((const unsigned char *)text + i, n - i);
        if (c == '"' || c == '\\')
            text_printf(out, "\\%c", c);
        else if (c == '\n')
            text_puts(out, "\\n");
        else if (c == '\t')
            text_puts(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            text_printf(out, "\\u%04x", c);
        else if (length == 0)
            text_puts(out, "\xef\xbf\xbd");
        else
            text_add(out, text + i, length);
        i += length ? length : 1;
    }
    text_puts(out, "\"");
}

static void comma(struct text *out)
{
    char last = out->n ? out->at[out->n - 1] : '{';
    if (!strchr("{[:,", last))
        text_puts(out, ",");
}

void json_open(struct text *out, char bracket)
{
    comma(out);
    text_add(out, &bracket, 1);
}

void json_close(struct text *out, char bracket)
{
    text_add(out, &bracket, 1);
}

void json_key(struct text *out, const char *key)
{
    comma(out);
    json_quote(out, key, strlen(key));
    text_puts(out, ":");
}

void json_put(struct text *out, const char *key, const char *s)
{
    json_key(out, key);
    if (s)
        json_quote(out, s, strlen(s));
    else
        text_puts(out, "null");
}

void json_num(struct text *out, const char *key, double n)
{
    json_key(out, key);
    if (n == floor(n) && fabs(n) < 1e15)
        text_printf(out, "%.0f", n);
    else
        text_printf(out, "%.3f", n);
}

void json_flag(struct text *out, const char *key, bool b)
{
    json_key(out, key);
    text_puts(out, b ? "true" : "false");
}

void json_item(struct text *out, const char *s)
{
    comma(out);
    json_quote(out, s, strlen(s));
}

/* JSON may be any value at the top; numbers are read as text would be, duplicates as most readers do: the last wins. */
enum { DECODE = JSON_DECODE_ANY | JSON_ALLOW_NUL };

bool json_valid(const char *bytes, size_t n)
{
    struct slice top;
    struct json_fault ignored;
    return json_scan(bytes, n, &top, &ignored);
}

void json_compact(const char *bytes, size_t n, struct text *out)
{
    bool inside = false; /* a string */
    if (!json_valid(bytes, n)) {
        json_quote(out, bytes, n);
        return;
    }
    /* Not printed from the tree: that would spell numbers anew and could change them. */
    for (size_t i = 0; i < n; i++) {
        if (inside && bytes[i] == '\\') {
            text_add(out, bytes + i, 2);
            i++;
            continue;
        }
        if (bytes[i] == '"')
            inside = !inside;
        if (inside || !strchr(" \t\r\n", bytes[i]))
            text_add(out, bytes + i, 1);
    }
}

bool json_pick(const char *bytes, size_t n, const char *const *names, struct text *out)
{
    json_error_t ignored;
    json_t *root = json_loadb(bytes, n, DECODE, &ignored);
    bool is_object = json_is_object(root);
    if (is_object)
        json_open(out, '{');
    for (; is_object && *names; names++) {
        const json_t *member = json_object_get(root, *names);
        char *text = member ? json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        if (text) {
            json_key(out, *names);
            text_puts(out, text);
        }
        free(text);
    }
    if (is_object)
        json_close(out, '}');
    json_decref(root);
    return is_object;
}

static int each(struct slice object, const char *name, json_each_fn fn, void *to, struct err *err)
{
    struct slice key, value;
    int status = 0;
    for (struct json_walk w = json_walk(object); status == 0 && json_next(&w, &key, &value);) {
        enum json_shape shape = json_shape(value);
        bool plain = shape == SHAPE_STRING || shape == SHAPE_NUMBER || shape == SHAPE_TRUE || shape == SHAPE_FALSE;
        OWN_PTR char *name_of = json_plain(key), *text = plain ? json_plain(value) : NULL;
        if (name_of && text) {
            status = fn(name_of, text, to, err);
        } else {
            fail(err, 0, name_of, "use the value in %.60s", name);
            status = fail_hint(err, "it must be a string, a number or a boolean, without NUL");
        }
    }
    return status;
}

int json_each_member(const char *bytes, size_t n, const char *section, const char *name, json_each_fn fn, void *to, bool *ret_found, struct err *err)
{
    struct slice top;
    if (json_document(bytes, n, name, &top, err) < 0)
        return -1;
    if (json_shape(top) != SHAPE_OBJECT) {
        fail(err, 0, name, "read JSON from");
        return fail_hint(err, "it must hold one JSON object");
    }
    struct slice object = section ? json_find(top, section) : top;
    *ret_found = json_shape(object) == SHAPE_OBJECT;
    return *ret_found ? each(object, name, fn, to, err) : 0;
}

/* How much of the text is the reason alone: what it was found near may be a secret. */
static int without_quote(const json_error_t *why)
{
    const char *near = strstr(why->text, " near ");
    return near ? (int)(near - why->text) : (int)strlen(why->text);
}

json_t *json_read(const char *bytes, size_t n, struct text *why)
{
    json_error_t error;
    json_t *top = json_loadb(bytes, n, DECODE, &error);
    if (!top && why)
        text_printf(why, "line %d: %.*s", error.line, without_quote(&error), error.text);
    return top;
}

void json_release(json_t *top)
{
    json_decref(top);
}

enum json_kind json_kind(const json_t *v)
{
    static const enum json_kind KINDS[] = {
        [JSON_OBJECT] = JSON_IS_OBJECT, [JSON_ARRAY] = JSON_IS_ARRAY, [JSON_STRING] = JSON_IS_TEXT, [JSON_INTEGER] = JSON_IS_NUMBER,
        [JSON_REAL] = JSON_IS_NUMBER, [JSON_TRUE] = JSON_IS_BOOL, [JSON_FALSE] = JSON_IS_BOOL, [JSON_NULL] = JSON_IS_NULL,
    };
    return v ? KINDS[json_typeof(v)] : JSON_IS_ABSENT;
}

const json_t *json_get(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

const json_t *json_nth(const json_t *array, size_t i)
{
    return json_array_get(array, i);
}

const char *json_str(const json_t *v)
{
    return json_string_value(v);
}

bool json_int(const json_t *v, int64_t *ret)
{
    if (json_is_integer(v))
        *ret = json_integer_value(v);
    return json_is_integer(v);
}

bool json_true_at(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

void json_print(const json_t *v, struct text *out)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(16)); /* 17 digits would make 3.1 3.1000000000000001 */
    text_puts(out, text ? text : "null");
    free(text);
}

void json_visit(const json_t *object, json_visit_fn fn, void *to)
{
    for (void *at = json_object_iter((json_t *)(uintptr_t)object); at; at = json_object_iter_next((json_t *)(uintptr_t)object, at))
        fn(json_object_iter_key(at), json_object_iter_value(at), to);
}
