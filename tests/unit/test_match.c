/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of test cases against values: which match, what is said of those that do not, and which are refused. */
#include "base/json.h"
#include "base/own.h"
#include "launcher/test/match.h"
#include "launcher/test/number.h"

#include <criterion/criterion.h>
#include <string.h>

static struct slice parsed(const char *text)
{
    struct slice v = {0};
    cr_expect(json_read(text, strlen(text), &v), "%s", text);
    return v;
}

static bool matches(const char *pattern, const char *value, bool exact)
{
    struct slice at;
    struct err err;
    cr_expect_eq(match_check(parsed(pattern), &at, &err), 0, "%s", pattern);
    struct differences d = {0};
    bool same = match_json(parsed(pattern), parsed(value), exact, "$", &d);
    cr_expect_eq(same, d.n == 0, "%s %s: a difference is said exactly where there is one", pattern, value);
    cr_expect_eq(same, match_json(parsed(pattern), parsed(value), exact, "$", NULL), "%s %s", pattern, value);
    differences_done(&d);
    return same;
}

Test(match, what_matches)
{
    static const char *const PAIRS[][2] = {
        {"{}", "{\"a\":1}"},
        {"{\"a\":1}", "{\"b\":2, \"a\":1}"},
        {"{\"a\":{\"b\":[1,{}]}}", "{\"a\":{\"b\":[1,{\"c\":2}],\"d\":1}}"},
        {"\"\\u0061\"", "\"a\""},
        {"{\"\\u0061\":1}", "{\"a\":1}"},
        {"null", "null"},
        {"1", "1.0"},
        {"{\"$match\":\"^a.c$\"}", "\"abc\""},
        {"{\"$match\":\"b\"}", "\"a\\u0000b\""},
        {"{\"$any\":\"string\"}", "\"\""},
        {"{\"$any\":\"integer\"}", "12e1"},
        {"{\"$any\":\"boolean\"}", "false"},
        {"{\"$any\":\"value\"}", "null"},
        {"{\"$has\":[{\"id\":2},{\"id\":1}]}", "[{\"id\":1},{\"id\":2,\"x\":0},3]"},
        {"{\"$json\":{\"a\":1}}", "\"{\\\"a\\\": 1, \\\"b\\\": 2}\""},
        {"{\"a\":{\"$absent\":true}}", "{}"},
        {"{\"$literal\":{\"$match\":\"x\"}}", "{\"$match\":\"x\"}"},
        {"{\"a\":1}", "{\"a\":2,\"a\":1}"},
    };
    for (size_t i = 0; i < COUNT(PAIRS); i++)
        cr_expect(matches(PAIRS[i][0], PAIRS[i][1], false), "%s %s", PAIRS[i][0], PAIRS[i][1]);
}

Test(match, what_does_not)
{
    static const char *const PAIRS[][2] = {
        {"{\"a\":1}", "{\"a\":\"1\"}"},
        {"{\"a\":1}", "{}"},
        {"{\"a\":null}", "{}"},
        {"[1]", "[1,2]"},
        {"[1,2]", "[2,1]"},
        {"[]", "{}"},
        {"{}", "[]"},
        {"true", "false"},
        {"\"a\"", "\"A\""},
        {"{\"$match\":\"^b$\"}", "\"a\\nb\""},
        {"{\"$match\":\"1\"}", "1"},
        {"{\"$any\":\"integer\"}", "1.5"},
        {"{\"$any\":\"string\"}", "null"},
        {"{\"a\":{\"$any\":\"value\"}}", "{}"},
        {"{\"$has\":[1,4]}", "[1,2]"},
        {"{\"$has\":[1]}", "1"},
        {"{\"$json\":{}}", "\"{\""},
        {"{\"$json\":{}}", "{}"},
        {"{\"a\":{\"$absent\":true}}", "{\"a\":null}"},
        {"{\"$literal\":{\"a\":1}}", "{\"a\":1,\"b\":2}"},
    };
    for (size_t i = 0; i < COUNT(PAIRS); i++)
        cr_expect_not(matches(PAIRS[i][0], PAIRS[i][1], false), "%s %s", PAIRS[i][0], PAIRS[i][1]);
}

Test(match, exact_leaves_no_member_over_and_keeps_matchers)
{
    cr_expect(matches("{\"a\":{\"$any\":\"string\"}}", "{\"a\":\"x\"}", true));
    cr_expect_not(matches("{\"a\":1}", "{\"a\":1,\"b\":2}", true));
    cr_expect_not(matches("[{\"a\":1}]", "[{\"a\":1,\"b\":2}]", true));
    cr_expect_not(matches("{\"$has\":[{}]}", "[{\"b\":2}]", true));
}

Test(match, a_number_is_a_number_however_it_is_spelled)
{
    static const char *const SAME[][2] = {{"1", "1.0"},       {"100", "1e2"},    {"0.001", "1E-3"}, {"-0", "0.00e7"},
                                          {"120", "1.20e+2"}, {"12.5e1", "125"}, {"10", "0.1e2"},   {"1e1000000", "10e999999"},
                                          {"0.10", "0.1"}};
    static const char *const OTHERS[][2] = {
        {"1", "-1"},     {"1", "10"},    {"0.1", "0.10000000000000001"}, {"9007199254740993", "9007199254740992"},
        {"1e-1", "1e1"}, {"0", "1e-400"}};
    static const char *const WHOLE[] = {"0", "-0.0", "12", "1.0", "1.5e1", "1e20", "100e-2"};
    static const char *const BROKEN[] = {"1.5", "1e-1", "0.1", "123e-2", "1e-400"};
    for (size_t i = 0; i < COUNT(SAME); i++)
        cr_expect(number_same(parsed(SAME[i][0]), parsed(SAME[i][1])), "%s %s", SAME[i][0], SAME[i][1]);
    for (size_t i = 0; i < COUNT(OTHERS); i++)
        cr_expect_not(number_same(parsed(OTHERS[i][0]), parsed(OTHERS[i][1])), "%s %s", OTHERS[i][0], OTHERS[i][1]);
    for (size_t i = 0; i < COUNT(WHOLE); i++)
        cr_expect(number_whole(parsed(WHOLE[i])), "%s", WHOLE[i]);
    for (size_t i = 0; i < COUNT(BROKEN); i++)
        cr_expect_not(number_whole(parsed(BROKEN[i])), "%s", BROKEN[i]);
}

Test(match, a_difference_says_where_and_what)
{
    static const struct {
        const char *pattern, *value, *where, *expected, *got;
    } ROWS[] = {
        {"{\"a\":[{\"b\":1}]}", "{\"a\":[{\"b\":2}]}", "$.a[0].b", "1", "2"},
        {"{\"a b\":1}", "{}", "$[\"a b\"]", "1", "nothing"},
        {"[1,2]", "[1]", "$", "2 elements: [1,2]", "[1]"},
        {"{\"body\":{\"$json\":{\"n\":1}}}", "{\"body\":\"{\\\"n\\\":2}\"}", "$.body.$json.n", "1", "2"},
        {"{\"$match\":\"^x\"}", "\"yx\"", "$", "a string that matches \"^x\"", "\"yx\""},
        {"{\"$any\":\"array\"}", "{}", "$", "any array", "{}"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct differences d = {0};
        match_json(parsed(ROWS[i].pattern), parsed(ROWS[i].value), false, "$", &d);
        cr_assert_eq(d.n, 1, "%s", ROWS[i].pattern);
        cr_expect_str_eq(d.at[0].where, ROWS[i].where);
        cr_expect_str_eq(d.at[0].expected, ROWS[i].expected);
        cr_expect_str_eq(d.at[0].got, ROWS[i].got);
        differences_done(&d);
    }
}

Test(match, only_the_first_differences_are_kept)
{
    struct differences d = {0};
    struct text pattern = {0}, value = {0};
    for (int i = 0; i < 50; i++) {
        text_printf(&pattern, "%c1", i ? ',' : '[');
        text_printf(&value, "%c2", i ? ',' : '[');
    }
    text_puts(&pattern, "]");
    text_puts(&value, "]");
    match_json(parsed(pattern.at), parsed(value.at), false, "$", &d);
    cr_expect_eq(d.n, DIFFERENCES_MAX);
    cr_expect_eq(d.more, 50 - DIFFERENCES_MAX);
    differences_done(&d);
    text_done(&pattern);
    text_done(&value);
}

Test(match, a_value_may_be_nested_deeper_than_any_pattern)
{
    enum { DEPTH = 1000000 };
    struct text value = {0};
    for (int i = 0; i < DEPTH; i++)
        text_puts(&value, "[");
    for (int i = 0; i < DEPTH; i++)
        text_puts(&value, "]");
    cr_expect_not(matches("[[1]]", value.at, true));
    cr_expect(matches("{\"$any\":\"array\"}", value.at, true));
    text_done(&value);
}

Test(match, what_is_refused)
{
    static const char *const ROWS[][2] = {
        {"{\"$match\":\"[\"}", "'['"},
        {"{\"$match\":1}", "takes a string"},
        {"{\"$match\":\"\"}", "1 to 1000"},
        {"{\"$match\":\"(a)\\\\1\"}", "back-references"},
        {"{\"$match\":\"(a{1,40}){1,40}\"}", "multiplied"},
        {"{\"$match\":\"a{2000}\"}", "multiplied"},
        {"{\"\\u0024match\":\"(a)\\\\1\"}", "back-references"},
        {"{\"$any\":\"text\"}", "takes one of"},
        {"{\"$has\":1}", "takes an array"},
        {"{\"$absent\":false}", "takes true"},
        {"{\"$ref\":1}", "unknown matcher"},
        {"[{\"a\":{\"$any\":\"string\",\"b\":1}}]", "only member"},
        {"{\"$json\":{\"$has\":[{\"$x\":1}]}}", "unknown matcher"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct slice at;
        struct err err = {0};
        cr_assert_eq(match_check(parsed(ROWS[i][0]), &at, &err), -1, "%s", ROWS[i][0]);
        cr_expect(err.usage && strstr(err.sentence, ROWS[i][1]), "%s: %s", ROWS[i][0], err.sentence);
    }
}

Test(match, a_pattern_is_nested_so_deep_and_no_deeper)
{
    for (int depth = MATCH_DEPTH_MAX; depth <= MATCH_DEPTH_MAX + 1; depth++) {
        struct text pattern = {0};
        struct slice at;
        struct err err = {0};
        for (int i = 0; i < depth; i++)
            text_puts(&pattern, "[");
        text_puts(&pattern, "\"]]\\\"[[\"");
        for (int i = 0; i < depth; i++)
            text_puts(&pattern, "]");
        cr_expect_eq(match_check(parsed(pattern.at), &at, &err), depth <= MATCH_DEPTH_MAX ? 0 : -1);
        text_done(&pattern);
    }
}
