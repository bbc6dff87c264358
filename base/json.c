/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <dlfcn.h>
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

void json_string(struct text *out, const char *text, size_t n)
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
    json_string(out, key, strlen(key));
    text_puts(out, ":");
}

void json_put(struct text *out, const char *key, const char *s)
{
    json_key(out, key);
    if (s)
        json_string(out, s, strlen(s));
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

void json_item(struct text *out, const char *s)
{
    comma(out);
    json_string(out, s, strlen(s));
}

struct cjson { /* what we call of the library */
    cJSON *(*parse)(const char *, size_t, const char **, cJSON_bool);
    void (*remove)(cJSON *);
    void (*minify)(char *);
    cJSON *(*member)(const cJSON *, const char *);
    char *(*print)(const cJSON *);
    const char *(*error)(void);
};

static int cjson_load(struct cjson *ret, struct err *err)
{
    void *lib = dlopen("libcjson.so.1", RTLD_NOW | RTLD_LOCAL); /* stays loaded: a second dlopen finds it */
    if (!lib) {
        fail(err, 0, dlerror(), "load the JSON library");
        return fail_hint(err, "install libcjson1 (apt-get install libcjson1)");
    }
    const struct {
        const char *name;
        void **to;
    } symbols[] = {
        {"cJSON_ParseWithLengthOpts", (void **)&ret->parse}, {"cJSON_Delete", (void **)&ret->remove},
        {"cJSON_Minify", (void **)&ret->minify},             {"cJSON_GetObjectItemCaseSensitive", (void **)&ret->member},
        {"cJSON_PrintUnformatted", (void **)&ret->print},    {"cJSON_GetErrorPtr", (void **)&ret->error},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        if (!(*symbols[i].to = dlsym(lib, symbols[i].name)))
            return fail(err, 0, symbols[i].name, "find a function of the JSON library");
    return 0;
}

/* Parses a whole text; trailing bytes that are not white space are an error. NULL: no JSON. bytes[n] must be 0. */
static cJSON *parse_whole(const struct cjson *c, const char *bytes, size_t n)
{
    const char *end = NULL;
    cJSON *root = c->parse(bytes, n + 1, &end, 0);
    while (root && end && (*end == ' ' || *end == '\t' || *end == '\n' || *end == '\r'))
        end++;
    if (root && end != bytes + n) {
        c->remove(root);
        return NULL;
    }
    return root;
}

int json_valid(const char *bytes, size_t n, bool *ret_valid, struct err *err)
{
    struct cjson c;
    if (cjson_load(&c, err) < 0)
        return -1;
    cJSON *root = parse_whole(&c, bytes, n);
    *ret_valid = root != NULL;
    c.remove(root);
    return 0;
}

int json_compact(const char *bytes, size_t n, struct text *out, struct err *err)
{
    struct cjson c;
    bool valid;
    if (json_valid(bytes, n, &valid, err) < 0 || cjson_load(&c, err) < 0)
        return -1;
    if (!valid) {
        json_string(out, bytes, n);
        return 0;
    }
    size_t start = out->n;
    text_add(out, bytes, n);
    c.minify(out->at + start); /* in place; keeps the spelling of numbers, as printing a parsed tree would not */
    out->n = start + strlen(out->at + start);
    return 0;
}

int json_pick(const char *bytes, size_t n, const char *const *names, struct text *out, bool *ret_valid, struct err *err)
{
    struct cjson c;
    if (cjson_load(&c, err) < 0)
        return -1;
    cJSON *root = parse_whole(&c, bytes, n);
    *ret_valid = root && (root->type & 0xff) == cJSON_Object;
    if (*ret_valid) {
        json_open(out, '{');
        for (; *names; names++) {
            const cJSON *member = c.member(root, *names);
            char *text = member ? c.print(member) : NULL;
            if (text) {
                json_key(out, *names);
                text_puts(out, text);
            }
            free(text);
        }
        json_close(out, '}');
    }
    c.remove(root);
    return 0;
}

int json_each_member(const char *bytes, const char *section, const char *name, json_each_fn each, void *to,
                     bool *ret_found, struct err *err)
{
    struct cjson c;
    if (cjson_load(&c, err) < 0)
        return -1;
    cJSON *root = parse_whole(&c, bytes, strlen(bytes));
    if (!root || (root->type & 0xff) != cJSON_Object) {
        c.remove(root);
        fail(err, 0, name, "read JSON from");
        return fail_hint(err, "it must hold one JSON object");
    }
    const cJSON *object = section ? c.member(root, section) : root;
    int result = 0;
    *ret_found = object && (object->type & 0xff) == cJSON_Object;
    for (const cJSON *m = *ret_found ? object->child : NULL; m && result == 0; m = m->next) {
        int type = m->type & 0xff;
        if (type == cJSON_Object || type == cJSON_Array || type == cJSON_NULL) {
            fail(err, 0, m->string, "use the value in %s of", name);
            result = fail_hint(err, "it must be a string, a number or a boolean");
        } else if (type == cJSON_String) {
            result = each(m->string, m->valuestring, to, err);
        } else {
            char *text = c.print(m);
            result = each(m->string, text ? text : "", to, err);
            free(text);
        }
    }
    c.remove(root);
    return result;
}
