/* SPDX-License-Identifier: Apache-2.0 */
/* config_members.c: members of a configuration file's objects, each by its row of a table. What no table has is refused by its name.
 * Texts go into headers, events and lrun's own messages, so none may hold a control character. Which members there are, config_apis.c
 * says. */
#include "launcher/command/config_members.h"

#include "base/own.h"

int member_wrong(struct reader *x, const char *name, const char *expected)
{
    fail(x->err, 0, x->object, "use \"%.60s\" of the API", name);
    return fail_hint(x->err, "expected %s", expected);
}

char *member_plain(struct slice v)
{
    char *text = json_shape(v) == SHAPE_STRING ? json_plain(v) : NULL;
    for (const char *c = text ? text : ""; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            free(text);
            return NULL;
        }
    return text;
}

int member_text(struct reader *x, struct slice v, char **ret, const char *name)
{
    char *text = member_plain(v);
    if (!text)
        return member_wrong(x, name, "a string of one line");
    free(*ret);
    *ret = text;
    return 0;
}

static int set_flag(struct reader *x, struct slice v, bool *ret, const char *name)
{
    enum json_shape shape = json_shape(v);
    *ret = shape == SHAPE_TRUE;
    return shape == SHAPE_TRUE || shape == SHAPE_FALSE ? 0 : member_wrong(x, name, "true or false");
}

/* A string, or an array of them. */
int member_texts(struct reader *x, struct slice v, struct strv *ret, const char *name)
{
    struct slice none, one;
    if (json_shape(v) == SHAPE_STRING) {
        char *text = member_plain(v);
        if (text)
            strv_add(ret, text);
        return text ? 0 : member_wrong(x, name, "a string of one line");
    }
    if (json_shape(v) != SHAPE_ARRAY)
        return member_wrong(x, name, "an array of strings");
    for (struct json_walk w = json_walk(v); json_next(&w, &none, &one);) {
        char *text = member_plain(one);
        if (!text)
            return member_wrong(x, name, "an array of strings of one line each");
        strv_add(ret, text);
    }
    return 0;
}

static int set_joined(struct reader *x, struct slice v, char **ret, const char *name)
{
    struct strv all = {0};
    struct text joined = {0};
    int status = member_texts(x, v, &all, name);
    for (size_t i = 0; i < all.n; i++)
        text_printf(&joined, "%s%s", i ? "," : "", all.at[i]);
    strv_done(&all);
    free(*ret);
    *ret = joined.at;
    return status;
}

static int set_format(struct reader *x, struct slice v, bool *ret)
{
    bool one = json_is(v, "1.0"), two = json_is(v, "2.0");
    *ret = two;
    if (!one && !two)
        return member_wrong(x, "payload", "\"1.0\" or \"2.0\"");
    return two && x->api->type == API_REST ? member_wrong(x, "payload", "\"1.0\": REST APIs have no other") : 0;
}

int member_number(struct reader *x, struct slice v, uint64_t min, uint64_t max, uint64_t *ret, const char *name)
{
    OWN_PTR char *range = xasprintf("a whole number of %ju to %ju", (uintmax_t)min, (uintmax_t)max);
    return json_unsigned(v, min, max, ret) == JSON_WHOLE && json_shape(v) == SHAPE_NUMBER ? 0 : member_wrong(x, name, range);
}

static int read_member(struct reader *x, const struct member *row, struct slice v, void *to)
{
    void *field = (char *)to + row->field;
    if (row->read)
        return row->read(x, v, to);
    switch (row->kind) {
    case TEXT: return member_text(x, v, field, row->name);
    case FLAG: return set_flag(x, v, field, row->name);
    case TEXTS: return member_texts(x, v, field, row->name);
    case JOINED: return set_joined(x, v, field, row->name);
    case FORMAT: return set_format(x, v, field);
    default: return 0;
    }
}

/* Each member by its row. Absent ones leave what is there. */
int members_read(struct reader *x, struct slice object, const struct member *rows, size_t n, void *to, const char *what)
{
    struct slice key, value;
    if (json_shape(object) != SHAPE_OBJECT)
        return member_wrong(x, what, "an object");
    for (struct json_walk w = json_walk(object); json_next(&w, &key, &value);) {
        size_t i = 0;
        while (i < n && !json_is(key, rows[i].name))
            i++;
        if (i == n) {
            OWN_PTR char *name = json_plain(key);
            return member_wrong(x, name ? name : "?", "members that docs/config.schema.json lists");
        }
        if (read_member(x, &rows[i], value, to) < 0)
            return -1;
    }
    return 0;
}
