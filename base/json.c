/* SPDX-License-Identifier: Apache-2.0 */
/* json.c: writing JSON, and handing values on as they were spelled. Checking is json_scan.c, reading json_slice.c, whole documents
 * (duplicate names, white space) json_document.c. There is no tree and no conversion: a number of 30 digits or an escape that somebody
 * chose comes out as it went in, as on Lambda, where the payload is passed through. The writer has no state but the text: a comma is
 * due unless the last byte opens something or ends a key. */
#include "base/json.h"

#include "base/own.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

/* How many bytes at c go into a string as they are. */
static size_t plain(const char *c, size_t n)
{
    size_t at = 0;
    while (at < n) {
        unsigned char b = (unsigned char)c[at];
        int length = b < 0x80 ? 1 : utf8_length((const unsigned char *)c + at, n - at);
        if (b < 0x20 || b == '"' || b == '\\' || b == 0x7f || length <= 0)
            break;
        at += (size_t)length;
    }
    return at;
}

void json_quote(struct text *out, const char *text, size_t n)
{
    text_puts(out, "\"");
    for (size_t i = 0; i < n;) {
        size_t run = plain(text + i, n - i);
        text_add(out, text + i, run);
        i += run;
        if (i == n)
            break;
        unsigned char c = (unsigned char)text[i++];
        if (c == '"' || c == '\\')
            text_printf(out, "\\%c", c);
        else if (c == '\n')
            text_puts(out, "\\n");
        else if (c == '\t')
            text_puts(out, "\\t");
        else if (c < 0x80)
            text_printf(out, "\\u%04x", c);
        else
            text_puts(out, "\xef\xbf\xbd");
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
    json_key_n(out, key, strlen(key));
}

void json_key_n(struct text *out, const char *key, size_t n)
{
    comma(out);
    json_quote(out, key, n);
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

void json_put_n(struct text *out, const char *key, const char *s, size_t n)
{
    json_key(out, key);
    json_quote(out, s, n);
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

void json_open_key(struct text *out, const char *key, char bracket)
{
    json_key(out, key);
    json_open(out, bracket);
}

void json_strings(struct text *out, const char *key, const char *const *list)
{
    json_open_key(out, key, '[');
    for (; list && *list; list++)
        json_item(out, *list);
    json_close(out, ']');
}

void json_objects(struct text *out, const char *key, size_t n, json_put_fn *put, const void *of)
{
    json_open_key(out, key, '[');
    for (size_t i = 0; i < n; i++) {
        json_open(out, '{');
        put(out, i, of);
        json_close(out, '}');
    }
    json_close(out, ']');
}

bool json_read(const char *bytes, size_t n, struct slice *ret)
{
    struct json_fault ignored;
    return json_scan(bytes, n, ret, &ignored);
}

void json_compact(const char *bytes, size_t n, struct text *out)
{
    struct slice top;
    if (json_read(bytes, n, &top))
        json_squeeze(top, out);
    else
        json_quote(out, bytes, n);
}

bool json_pick(struct slice top, const char *const *names, struct text *out)
{
    if (json_shape(top) != SHAPE_OBJECT)
        return false;
    json_open(out, '{');
    for (; *names; names++) {
        struct slice member = json_find(top, *names);
        if (!member.n)
            continue;
        json_key(out, *names);
        text_add(out, member.at, member.n);
    }
    json_close(out, '}');
    return true;
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

int json_each_member(const char *bytes, size_t n, const char *section, const char *name, json_each_fn fn, void *to, bool *ret_found,
                     struct err *err)
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
