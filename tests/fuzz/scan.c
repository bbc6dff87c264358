/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c: any bytes as JSON: passed where the grammar below passes them, which is RFC 8259 rule by rule; read as cJSON reads them, as far
 * as that can; every slice is JSON of its own. */
#include "base/json_scan.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

/* ---- the grammar: each takes what it describes, or is false ---- */

struct in {
    const uint8_t *at, *end;
};

static int now(const struct in *s)
{
    return s->at < s->end ? *s->at : -1;
}

static bool one(struct in *s, const char *of)
{
    bool there = now(s) > 0 && strchr(of, now(s));
    s->at += there;
    return there;
}

static bool word(struct in *s, const char *w)
{
    while (*w && now(s) == *w) {
        s->at++;
        w++;
    }
    return !*w;
}

static void ws(struct in *s)
{
    while (one(s, " \t\n\r"))
        ;
}

static bool digits(struct in *s)
{
    bool any = false;
    while (one(s, "0123456789"))
        any = true;
    return any;
}

static bool number(struct in *s)
{
    one(s, "-");
    if (!one(s, "0") && (now(s) == '0' || !digits(s)))
        return false;
    if (one(s, ".") && !digits(s))
        return false;
    if (!one(s, "eE"))
        return true;
    one(s, "+-");
    return digits(s);
}

/* Unicode 15, table 3-7, a row a line. */
static bool utf8(struct in *s)
{
    static const uint8_t ROWS[][9] = {
        {1, 0x20, 0x7f},
        {2, 0xc2, 0xdf, 0x80, 0xbf},
        {3, 0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf},
        {3, 0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf},
        {3, 0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf},
        {3, 0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf},
        {4, 0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
        {4, 0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
        {4, 0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf},
    };
    for (size_t r = 0; r < sizeof ROWS / sizeof *ROWS; r++) {
        bool fits = s->end - s->at >= ROWS[r][0];
        for (int i = 0; fits && i < ROWS[r][0]; i++)
            fits = s->at[i] >= ROWS[r][1 + 2 * i] && s->at[i] <= ROWS[r][2 + 2 * i];
        if (fits) {
            s->at += ROWS[r][0];
            return true;
        }
    }
    return false;
}

static bool string(struct in *s)
{
    if (!one(s, "\""))
        return false;
    while (!one(s, "\"")) {
        if (!one(s, "\\")) {
            if (!utf8(s))
                return false;
        } else if (one(s, "u")) {
            for (int i = 0; i < 4; i++)
                if (!one(s, "0123456789abcdefABCDEF"))
                    return false;
        } else if (!one(s, "\"\\/bfnrt")) {
            return false;
        }
    }
    return true;
}

static bool value(struct in *s);

static bool container(struct in *s, bool object)
{
    s->at++;
    ws(s);
    if (one(s, object ? "}" : "]"))
        return true;
    do {
        ws(s);
        if (object) {
            if (!string(s))
                return false;
            ws(s);
            if (!one(s, ":"))
                return false;
        }
        if (!value(s))
            return false;
    } while (one(s, ","));
    return one(s, object ? "}" : "]");
}

static bool value(struct in *s)
{
    ws(s);
    int c = now(s);
    bool good = c == '{' || c == '[' ? container(s, c == '{')
                : c == '"'           ? string(s)
                : c == 't'           ? word(s, "true")
                : c == 'f'           ? word(s, "false")
                : c == 'n'           ? word(s, "null")
                                     : number(s);
    ws(s);
    return good;
}

static bool is_json(const char *bytes, size_t n)
{
    struct in s = {(const uint8_t *)bytes, (const uint8_t *)bytes + n};
    return value(&s) && s.at == s.end;
}

/* ---- what is read ---- */

static struct text meaning(struct slice string)
{
    struct text t = {0};
    text_puts(&t, "");
    json_decode_add(string, &t);
    return t;
}

static void same_string(struct slice v, const cJSON *tree)
{
    struct text t = meaning(v);
    check(t.n <= v.n && json_is_n(v, t.at, t.n) && json_compare(v, v) == 0);
    check(!tree || (cJSON_IsString(tree) && strnlen(t.at, t.n) == strlen(tree->valuestring) &&
                    memcmp(tree->valuestring, t.at, strnlen(t.at, t.n)) == 0)); /* up to a NUL */
    text_done(&t);
}

static void same_number(struct slice v, const cJSON *tree)
{
    uint64_t u;
    enum json_whole is = json_unsigned(v, 0, UINT64_MAX, &u);
    check((is == JSON_NOT_WHOLE) == (memchr(v.at, '.', v.n) || memchr(v.at, 'e', v.n) || memchr(v.at, 'E', v.n)));
    check(!tree || v.n > 15 || (cJSON_IsNumber(tree) && (is != JSON_WHOLE || (double)u == tree->valuedouble)));
}

static void same(struct slice v, const cJSON *tree)
{
    struct slice key, element, again;
    struct json_fault f;
    size_t n = 0;
    check(json_scan(v.at, v.n, &again, &f) && again.at == v.at && again.n == v.n);
    if (json_shape(v) == SHAPE_STRING)
        same_string(v, tree);
    if (json_shape(v) == SHAPE_NUMBER)
        same_number(v, tree);
    const cJSON *below = tree ? tree->child : NULL;
    for (struct json_walk w = json_walk(v); json_next(&w, &key, &element); n++) {
        check(!tree || below);
        if (key.at) {
            struct text name = meaning(key);
            check(json_find_n(v, name.at, name.n).at >= element.at); /* the last of a name */
            text_done(&name);
            same_string(key, NULL);
        }
        same(element, below);
        below = below ? below->next : NULL;
    }
    check(!below);
}

static void same_members(struct slice top)
{
    struct json_member *all = NULL;
    size_t n = json_members(top, &all);
    check((n == 0) == (all == NULL));
    for (size_t i = 0; i < n; i++) {
        struct text name = meaning(all[i].key);
        struct slice found = json_find_n(top, name.at, name.n);
        check(found.at == all[i].value.at && found.n == all[i].value.n && (i == 0 || all[i].key.at > all[i - 1].key.at));
        text_done(&name);
    }
    free(all);
}

/* Strings of all depths that are no names. */
static size_t texts(struct slice v)
{
    struct slice key, element;
    size_t n = json_shape(v) == SHAPE_STRING;
    for (struct json_walk w = json_walk(v); json_next(&w, &key, &element);)
        n += texts(element);
    return n;
}

/* What cJSON has not: deep nesting, halves of surrogate pairs, long numbers; it takes much that is no JSON. */
static cJSON *tree_of(const char *bytes, size_t n)
{
    for (size_t i = 0, depth = 0, digit = 0; i < n; i++) {
        depth += bytes[i] == '[' || bytes[i] == '{';
        digit = strchr("+-.0123456789eE", bytes[i]) ? digit + 1 : 0;
        if (depth > 900 || digit > 60)
            return NULL;
    }
    return memmem(bytes, n, "\\ud", 3) || memmem(bytes, n, "\\uD", 3) ? NULL : cJSON_ParseWithLength(bytes, n);
}

static void passed(struct slice v, const char *copy, size_t size)
{
    struct slice again_v, rest = v, text;
    struct json_fault f;
    struct text squeezed = {0}, again = {0};
    size_t n = 0;
    cJSON *tree = tree_of(copy, size);
    same(v, tree);
    same_members(v);
    while (json_next_text(&rest, &text))
        n += json_shape(text) == SHAPE_STRING;
    check(n == texts(v));
    json_squeeze(v, &squeezed);
    check(json_scan(squeezed.at, squeezed.n, &again_v, &f));
    json_squeeze(again_v, &again);
    check(again.n == squeezed.n && memcmp(again.at, squeezed.at, again.n) == 0);
    json_duplicate(v);
    cJSON_Delete(tree);
    text_done(&squeezed);
    text_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice v;
    struct json_fault f = {size + 1, NULL};
    struct text why = {0};
    char *copy = malloc(size ? size : 1); /* exactly as long: a sanitizer sees a byte too many */
    memcpy(copy, data, size);
    bool good = json_scan(copy, size, &v, &f);
    check(good == is_json(copy, size));
    if (good) {
        passed(v, copy, size);
    } else {
        check(f.at <= size && f.expected && f.expected[0]);
        json_fault_text(copy, &f, &why);
    }
    text_done(&why);
    free(copy);
    return 0;
}
