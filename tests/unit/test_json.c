/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/own.h"

#include <criterion/criterion.h>
#include <string.h>

Test(json, quotes_what_needs_it_and_mends_what_is_no_utf8)
{
    struct text t = {0};
    json_quote(&t, "a\"\\\n\t\001\xff\xc3\xa9\xed\xa0\x80", 12);
    cr_expect_str_eq(t.at, "\"a\\\"\\\\\\n\\t\\u0001\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    text_done(&t);
}

Test(json, writes_commas_by_itself)
{
    struct text t = {0};
    json_open(&t, '{');
    json_put(&t, "a", "b");
    json_key(&t, "l");
    json_open(&t, '[');
    json_item(&t, "x");
    json_item(&t, "y");
    json_close(&t, ']');
    json_num(&t, "n", 1.5);
    json_put(&t, "none", NULL);
    json_close(&t, '}');
    cr_expect_str_eq(t.at, "{\"a\":\"b\",\"l\":[\"x\",\"y\"],\"n\":1.500,\"none\":null}");
    text_done(&t);
}

Test(json, is_strict)
{
    static const char *const good[] = {"{}", " [1, 2]\n", "\"x\"", "null", "-1.5e3", "\"\\u00e9\"", "true"};
    static const char *const bad[] = {"", " ", "{", "[1,]", "{a:1}", "01", "'x'", "1 2", "nul", "\"\001\"", "{\"a\":1}x", "NaN", "// c\n1"};
    struct slice top;
    for (size_t i = 0; i < COUNT(good); i++)
        cr_expect(json_read(good[i], strlen(good[i]), &top), "%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_expect(!json_read(bad[i], strlen(bad[i]), &top), "%s", bad[i]);
}

Test(json, compacts_without_touching_strings_or_numbers)
{
    struct text t = {0};
    static const char in[] = "{ \"a b\" : [ 1.50 , \"x \\\" y\" ],\n\"n\":\t1E+2 }";
    json_compact(in, sizeof in - 1, &t);
    cr_expect_str_eq(t.at, "{\"a b\":[1.50,\"x \\\" y\"],\"n\":1E+2}");
    t.n = 0;
    json_compact("no json", 7, &t);
    cr_expect_str_eq(t.at, "\"no json\"");
    text_done(&t);
}

Test(json, a_string_keeps_its_length_and_its_characters)
{
    static const char in[] = "a\0b\"\\\n\t\x01\x7f\xc3\xa9\xf0\x9f\x98\x80\xff\xed\xa0\x80\xe2\x82";
    struct text t = {0};
    json_quote(&t, in, sizeof in - 1);
    cr_expect_str_eq(t.at, "\"a\\u0000b\\\"\\\\\\n\\t\\u0001\\u007f\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                           "\xef\xbf\xbd\xef\xbf\xbd\"");
    t.n = 0;
    json_open(&t, '{');
    json_put_n(&t, "k", "x\0y", 3);
    json_key_n(&t, "l\0m", 3);
    json_open(&t, '[');
    json_item(&t, "z");
    json_close(&t, ']');
    json_close(&t, '}');
    cr_expect_str_eq(t.at, "{\"k\":\"x\\u0000y\",\"l\\u0000m\":[\"z\"]}");
    text_done(&t);
}

Test(json, what_is_picked_is_as_it_was_spelled)
{
    static const char *const NAMES[] = {"b", "none", "a", NULL};
    static const char in[] =
        "{\"a\": 1, \"c\": 2, \"b\": {\"x\": 1e400, \"y\": \"\\ud83d\\u0000\"}, \"\\u0061\": 100000000000000000000.10}";
    struct text t = {0};
    struct slice top;
    cr_assert(json_read(in, sizeof in - 1, &top) && json_pick(top, NAMES, &t));
    cr_expect_str_eq(t.at, "{\"b\":{\"x\": 1e400, \"y\": \"\\ud83d\\u0000\"},\"a\":100000000000000000000.10}");
    t.n = 0;
    cr_expect(json_read("[1]", 3, &top) && !json_pick(top, NAMES, &t) && t.n == 0);
    text_done(&t);
}

struct members {
    struct text all;
    int left; /* how many are taken before one is refused; -1: all */
};

static int take_member(const char *key, const char *value, void *to, struct err *err)
{
    struct members *m = to;
    if (m->left-- == 0)
        return fail(err, 0, key, "take");
    text_printf(&m->all, "%s=%s|", key, value);
    return 0;
}

Test(json, members_of_a_section_are_handed_on_as_texts)
{
    static const struct {
        const char *text, *section, *got;
        int status;
        bool found;
    } ROWS[] = {{"{\"a\":\"x\",\"b\":1.50,\"c\":true,\"\\u0064\":\"\"}", NULL, "a=x|b=1.50|c=true|d=|", 0, true},
                {"{\"Fn\":{\"K\":\"V\"},\"Other\":{\"L\":[]}}", "Fn", "K=V|", 0, true},
                {"{}", NULL, "", 0, true},
                {"{\"Fn\":1}", "Fn", "", 0, false},
                {"{\"a\":{}}", "Fn", "", 0, false},
                {"[]", NULL, "", -1, false},
                {"1", NULL, "", -1, false},
                {"{\"a\":1", NULL, "", -1, false},
                {"{\"a\":1,\"a\":2}", NULL, "", -1, false},
                {"{\"a\":\"x\",\"b\":null}", NULL, "a=x|", -1, true},
                {"{\"a\":[]}", NULL, "", -1, true},
                {"{\"a\":{}}", NULL, "", -1, true},
                {"{\"a\":\"\\u0000\"}", NULL, "", -1, true},
                {"{\"\\u0000\":\"x\"}", NULL, "", -1, true}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct members m = {.left = -1};
        struct err err = {0};
        bool found = false;
        text_puts(&m.all, "");
        cr_expect_eq(json_each_member(ROWS[i].text, strlen(ROWS[i].text), ROWS[i].section, "name", take_member, &m, &found, &err),
                     ROWS[i].status, "%s", ROWS[i].text);
        cr_expect(found == ROWS[i].found && strcmp(m.all.at, ROWS[i].got) == 0, "%s: %s", ROWS[i].text, m.all.at);
        cr_expect(ROWS[i].status == 0 || err.what[0], "%s", ROWS[i].text);
        text_done(&m.all);
    }
}

Test(json, what_refuses_a_member_ends_the_walk)
{
    static const char TEXT[] = "{\"a\":1,\"b\":2,\"c\":3}";
    struct members m = {.left = 1};
    struct err err = {0};
    bool found;
    cr_expect_eq(json_each_member(TEXT, sizeof TEXT - 1, NULL, "name", take_member, &m, &found, &err), -1);
    cr_expect_str_eq(m.all.at, "a=1|");
    cr_expect_str_eq(err.path, "b");
    text_done(&m.all);
}

Test(json, flags_are_words)
{
    struct text t = {0};
    json_open(&t, '{');
    json_flag(&t, "yes", true);
    json_flag(&t, "no", false);
    json_close(&t, '}');
    cr_expect_str_eq(t.at, "{\"yes\":true,\"no\":false}");
    text_done(&t);
}

static void put_square(struct text *out, size_t i, const void *of)
{
    json_num(out, "n", (double)i);
    json_num(out, "square", ((const int *)of)[i]);
}

Test(json, lists_have_commas_between_what_they_hold)
{
    static const int SQUARES[] = {0, 1, 4};
    static const char *const WORDS[] = {"a", "\"", NULL}, *const NONE[] = {NULL};
    struct text t = {0};
    json_open(&t, '{');
    json_objects(&t, "none", 0, put_square, SQUARES);
    json_objects(&t, "one", 1, put_square, SQUARES);
    json_objects(&t, "three", 3, put_square, SQUARES);
    json_strings(&t, "words", WORDS);
    json_strings(&t, "empty", NONE);
    json_strings(&t, "absent", NULL);
    json_open_key(&t, "object", '{');
    json_close(&t, '}');
    json_close(&t, '}');
    cr_expect_str_eq(t.at, "{\"none\":[],\"one\":[{\"n\":0,\"square\":0}],\"three\":[{\"n\":0,\"square\":0},{\"n\":1,\"square\":1},"
                           "{\"n\":2,\"square\":4}],\"words\":[\"a\",\"\\\"\"],\"empty\":[],\"absent\":[],\"object\":{}}");
    struct slice top;
    cr_expect(json_read(t.at, t.n, &top));
    text_done(&t);
}
