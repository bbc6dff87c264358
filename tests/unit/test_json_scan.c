/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"
#include "base/own.h"

#include <criterion/criterion.h>
#include <string.h>

#define S(text) (text), sizeof(text) - 1

struct bytes {
    const char *at;
    size_t n;
};

/* What RFC 8259's grammar has. */
static const struct bytes GOOD[] = {
    {S("0")},
    {S("-0")},
    {S("10")},
    {S("-1")},
    {S("1.5")},
    {S("1e9")},
    {S("1E+09")},
    {S("1e-5")},
    {S("0.0e0")},
    {S("-0.1")},
    {S("123456789012345678901234567890.5e99999")},
    {S("true")},
    {S("false")},
    {S("null")},
    {S("\"\"")},
    {S("\"a\"")},
    {S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\uaBcD\"")},
    {S("\"\\u0000\"")},
    {S("\"\\ud83d\"")},
    {S("\"\\ude00\\ud83d\"")},
    {S("\"\\ud83d\\ude00\"")},
    {S("\"\xc2\x80\"")},
    {S("\"\xdf\xbf\"")},
    {S("\"\xe0\xa0\x80\"")},
    {S("\"\xed\x9f\xbf\"")},
    {S("\"\xee\x80\x80\"")},
    {S("\"\xef\xbf\xbf\"")},
    {S("\"\xf0\x90\x80\x80\"")},
    {S("\"\xf4\x8f\xbf\xbf\"")},
    {S("\"\x7f\"")},
    {S("[]")},
    {S("{}")},
    {S("[1]")},
    {S("[1,2]")},
    {S(" [ 1 , 2 ] ")},
    {S("\t\r\n {\"a\" : 1\n}\n")},
    {S("[[],[[]],{}]")},
    {S("{\"\":0}")},
    {S("{\"a\":1,\"a\":2}")},
    {S("{\"a\":{\"b\":[{\"c\":null}]}}")},
    {S("[\"12345678\\\"\"]")},
    {S("[\"1234567\xc3\xa9"
       "12345678\"]")},
};

/* What it has not, with the offset of the first byte that cannot be. */
static const struct {
    const char *at;
    size_t n, offset;
} BAD[] = {
    {S(""), 0},
    {S(" "), 1},
    {S("\xef\xbb\xbf{}"), 0},
    {S("{}x"), 2},
    {S("1 2"), 2},
    {S("[]]"), 2},
    {S("01"), 1},
    {S("-"), 1},
    {S("+1"), 0},
    {S(".5"), 0},
    {S("1."), 2},
    {S("1.e1"), 2},
    {S("1e"), 2},
    {S("1e+"), 3},
    {S("0x1"), 1},
    {S("-01"), 2},
    {S("--1"), 1},
    {S("NaN"), 0},
    {S("Infinity"), 0},
    {S("tru"), 3},
    {S("True"), 0},
    {S("nul"), 3},
    {S("truex"), 4},
    {S("'a'"), 0},
    {S("\""), 1},
    {S("\"a"), 2},
    {S("\"\\\""), 3},
    {S("\"\\x41\""), 2},
    {S("\"\\"), 2},
    {S("\"\\u12\""), 5},
    {S("\"\\u123g\""), 6},
    {S("\"\\u"), 3},
    {S("\"\\\0\""), 2},
    {S("\"a\nb\""), 2},
    {S("\"\x1f\""), 1},
    {S("\"\0\""), 1},
    {S("\"12345678\t\""), 9},
    {S("\"\x80\""), 1},
    {S("\"\xc0\x80\""), 1},
    {S("\"\xc1\xbf\""), 1},
    {S("\"\xc2\""), 1},
    {S("\"\xc2\x41\""), 1},
    {S("\"\xe0\x80\x80\""), 1},
    {S("\"\xe0\x9f\xbf\""), 1},
    {S("\"\xed\xa0\x80\""), 1},
    {S("\"\xed\xbf\xbf\""), 1},
    {S("\"\xe2\x82"), 1},
    {S("\"\xf0\x8f\xbf\xbf\""), 1},
    {S("\"\xf4\x90\x80\x80\""), 1},
    {S("\"\xf5\x80\x80\x80\""), 1},
    {S("\"\xff\""), 1},
    {S("\"\xf0\x9f\x98\""), 1},
    {S("\"abcdefg\xed\xa0\x80\""), 8},
    {S("[1,]"), 3},
    {S("[,1]"), 1},
    {S("[1 2]"), 3},
    {S("[1"), 2},
    {S("["), 1},
    {S("[}"), 1},
    {S("{"), 1},
    {S("{1:1}"), 1},
    {S("{\"a\"}"), 4},
    {S("{\"a\":}"), 5},
    {S("{\"a\":1,}"), 7},
    {S("{\"a\" 1}"), 5},
    {S("{\"a\":1 \"b\":2}"), 7},
    {S("{a:1}"), 1},
    {S("{\"a\":1]"), 6},
    {S("[1}"), 2},
    {S("{\"a\":1}}"), 7},
    {S("[\"a\"\0]"), 4},
    {S("1\0"), 1},
    {S("\v1"), 0},
    {S("\xc2\xa0"
       "1"),
     0},
    {S("//x\n1"), 0},
    {S("[1]/**/"), 3},
    {S("{\"a\":\"b}"), 8},
};

Test(json_scan, what_the_grammar_has_passes_and_is_found_without_its_space)
{
    for (size_t i = 0; i < COUNT(GOOD); i++) {
        struct slice v = {NULL, 0};
        struct json_fault f = {0, ""};
        OWN_PTR char *exact = malloc(GOOD[i].n); /* so that a sanitizer sees a byte too many */
        memcpy(exact, GOOD[i].at, GOOD[i].n);
        cr_assert(json_scan(exact, GOOD[i].n, &v, &f), "%s: at %zu expected %s", GOOD[i].at, f.at, f.expected);
        cr_expect(v.n > 0 && !strchr(" \t\r\n", v.at[0]) && !strchr(" \t\r\n", v.at[v.n - 1]), "%s", GOOD[i].at);
    }
}

Test(json_scan, what_it_has_not_is_refused_where_it_begins)
{
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct slice v = {NULL, 77};
        struct json_fault f = {77, ""};
        OWN_PTR char *exact = malloc(BAD[i].n + 1);
        memcpy(exact, BAD[i].at, BAD[i].n);
        cr_assert_not(json_scan(exact, BAD[i].n, &v, &f), "%s", BAD[i].at);
        cr_expect_eq(f.at, BAD[i].offset, "row %zu, %s: at %zu expected %s", i, BAD[i].at, f.at, f.expected);
        cr_expect(f.expected[0] && v.n == 77, "%s", BAD[i].at);
    }
    struct json_fault f;
    struct slice v;
    cr_expect_not(json_scan(NULL, 0, &v, &f));
}

Test(json_scan, it_nests_as_deep_as_is_said)
{
    static char deep[2 * JSON_DEPTH_MAX + 4];
    struct slice v;
    struct json_fault f;
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        cr_expect_eq(json_scan(deep, 2 * depth, &v, &f), depth == JSON_DEPTH_MAX);
    }
    cr_expect_eq(f.at, JSON_DEPTH_MAX);
}

Test(json_scan, deep_documents_are_read_in_one_pass)
{
    enum { DEPTH = 1 << 20 };
    static char deep[5 * DEPTH + 2];
    struct slice v;
    struct json_fault f;
    struct text out = {0};
    for (size_t i = 0; i < DEPTH; i++)
        memcpy(deep + 4 * i, i % 2 ? "{\"\":" : "[   ", 4);
    deep[4 * DEPTH] = '1';
    for (size_t i = 0; i < DEPTH; i++)
        deep[4 * DEPTH + 1 + i] = (DEPTH - i) % 2 ? ']' : '}';
    cr_assert(json_scan(deep, sizeof deep - 1, &v, &f), "at %zu expected %s", f.at, f.expected);
    cr_expect_not(json_duplicate(v).at);
    json_squeeze(v, &out);
    cr_expect_eq(out.n, DEPTH / 2 * 5 + 1 + DEPTH);
    text_done(&out);
}

static struct slice scanned(const char *text)
{
    struct slice v = {NULL, 0};
    struct json_fault f;
    cr_expect(json_scan(text, strlen(text), &v, &f), "%s", text); /* not cr_assert, which may be a return: see tests/tools/plain */
    return v;
}

static bool spelled(struct slice v, const char *text)
{
    return v.n == strlen(text) && (v.n == 0 || memcmp(v.at, text, v.n) == 0);
}

Test(json_scan, members_and_elements_are_slices_of_the_text)
{
    static const char *const KEYS[] = {"\"a\"", "\"b\\\\\"", "\"}\"", "\"\""}, *const VALUES[] = {"[1, {\"x\": \"]\\\"\"}]", "\"\\\\\"",
                                                                                                  "-1.50e2", "{}"};
    struct slice top = scanned(" { \"a\" : [1, {\"x\": \"]\\\"\"}] ,\"b\\\\\":\"\\\\\",\n\"}\":-1.50e2,\"\" : {} } "), key, value;
    struct json_walk w = json_walk(top);
    for (size_t i = 0; i < COUNT(KEYS); i++) {
        cr_assert(json_next(&w, &key, &value));
        cr_expect(spelled(key, KEYS[i]) && spelled(value, VALUES[i]), "%zu: %.*s %.*s", i, (int)key.n, key.at, (int)value.n, value.at);
    }
    cr_expect_not(json_next(&w, &key, &value));
    w = json_walk(json_find(top, "a"));
    cr_expect(json_next(&w, &key, &value) && !key.at && spelled(value, "1") && json_next(&w, &key, &value) &&
              json_shape(value) == SHAPE_OBJECT && !json_next(&w, &key, &value));
    w = json_walk(scanned("12"));
    cr_expect_not(json_next(&w, &key, &value));
    w = json_walk((struct slice){NULL, 0});
    cr_expect_not(json_next(&w, &key, &value));
    cr_expect(!json_find(top, "c").at && !json_find(scanned("[]"), "a").at &&
                  spelled(json_find(scanned("{\"a\":1,\"\\u0061\":2}"), "a"), "2"),
              "the last of a name");
}

Test(json_scan, shapes)
{
    static const struct {
        const char *text;
        enum json_shape shape;
    } rows[] = {{"{}", SHAPE_OBJECT}, {"[]", SHAPE_ARRAY},  {"\"\"", SHAPE_STRING}, {"-1", SHAPE_NUMBER},
                {"7", SHAPE_NUMBER},  {"true", SHAPE_TRUE}, {"false", SHAPE_FALSE}, {"null", SHAPE_NULL}};
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(json_shape(scanned(rows[i].text)), rows[i].shape, "%s", rows[i].text);
    cr_expect_eq(json_shape((struct slice){NULL, 0}), SHAPE_NONE);
}

Test(json_scan, strings_mean_bytes)
{
    static const struct {
        const char *text, *bytes;
        size_t n;
    } rows[] = {{"\"\"", S("")},
                {"\"a\\u0000b\"", S("a\0b")},
                {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", S("\"\\/\b\f\n\r\t")},
                {"\"\\u00e9\\u20AC\"", S("\xc3\xa9\xe2\x82\xac")},
                {"\"\\ud83d\\ude00\"", S("\xf0\x9f\x98\x80")},
                {"\"\\uDBFF\\uDFFF\"", S("\xf4\x8f\xbf\xbf")},
                {"\"\\ud83d\"", S("\xef\xbf\xbd")},
                {"\"\\ud83dx\"", S("\xef\xbf\xbdx")},
                {"\"\\ud83d\\n\"", S("\xef\xbf\xbd\n")},
                {"\"\\ude00\\ud83d\"", S("\xef\xbf\xbd\xef\xbf\xbd")},
                {"\"\\ud83d\\ud83d\\ude00\"", S("\xef\xbf\xbd\xf0\x9f\x98\x80")},
                {"\"\\ud83d\\u0041\"", S("\xef\xbf\xbd"
                                         "A")},
                {"\"x\xe2\x82\xacy\"", S("x\xe2\x82\xacy")}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice v = scanned(rows[i].text);
        struct text added = {0};
        json_decode_add(v, &added);
        size_t n = added.n;
        cr_expect(n == rows[i].n && (n == 0 || memcmp(added.at, rows[i].bytes, n) == 0), "%s", rows[i].text);
        cr_expect(json_is_n(v, rows[i].bytes, rows[i].n) && !json_is_n(v, "other", 5) && (n == 0 || !json_is_n(v, rows[i].bytes, n - 1)),
                  "%s", rows[i].text);
        text_done(&added);
    }
    cr_expect(json_is(scanned("\"\\u0061b\""), "ab") && !json_is(scanned("\"ab\""), "abc") && !json_is(scanned("1"), "1") &&
              !json_is((struct slice){NULL, 0}, ""));
    cr_expect(json_compare(scanned("\"\\u0061b\""), scanned("\"a\\u0062\"")) == 0 &&
              json_compare(scanned("\"a\""), scanned("\"ab\"")) < 0 && json_compare(scanned("\"b\""), scanned("\"ab\"")) > 0);
}

Test(json_scan, whole_numbers_are_read_from_their_spelling)
{
    static const struct {
        const char *text;
        enum json_whole whole;
        uint64_t value;
    } rows[] = {{"0", JSON_WHOLE, 0},
                {"-0", JSON_WHOLE, 0},
                {"9007199254740993", JSON_WHOLE, 9007199254740993},
                {"9223372036854775808", JSON_WHOLE, UINT64_C(1) << 63},
                {"18446744073709551615", JSON_WHOLE, UINT64_MAX},
                {"18446744073709551616", JSON_OUT_OF_RANGE, 0},
                {"99999999999999999999999", JSON_OUT_OF_RANGE, 0},
                {"-1", JSON_OUT_OF_RANGE, 0},
                {"1.0", JSON_NOT_WHOLE, 0},
                {"1e2", JSON_NOT_WHOLE, 0},
                {"99999999999999999999999.5", JSON_NOT_WHOLE, 0},
                {"\"1\"", JSON_NOT_WHOLE, 0},
                {"true", JSON_NOT_WHOLE, 0},
                {"[1]", JSON_NOT_WHOLE, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t n = 77;
        cr_expect_eq(json_unsigned(scanned(rows[i].text), 0, UINT64_MAX, &n), rows[i].whole, "%s", rows[i].text);
        cr_expect_eq(n, rows[i].whole == JSON_WHOLE ? rows[i].value : 77, "%s", rows[i].text);
    }
    uint64_t n;
    cr_expect(json_unsigned(scanned("5"), 6, 9, &n) == JSON_OUT_OF_RANGE && json_unsigned(scanned("10"), 6, 9, &n) == JSON_OUT_OF_RANGE &&
              json_unsigned((struct slice){NULL, 0}, 0, 9, &n) == JSON_NOT_WHOLE);
}

Test(json_scan, a_walk_can_be_for_one_shape_alone)
{
    struct slice key, value;
    struct json_walk w = json_walk_as(scanned("{\"a\":1}"), SHAPE_ARRAY);
    cr_expect_not(json_next(&w, &key, &value));
    w = json_walk_as(scanned("[1]"), SHAPE_ARRAY);
    cr_expect(json_next(&w, &key, &value) && spelled(value, "1"));
    w = json_walk_as((struct slice){NULL, 0}, SHAPE_OBJECT);
    cr_expect_not(json_next(&w, &key, &value));
}

Test(json_scan, texts_are_found_at_any_depth_and_names_are_none)
{
    static const char *const WANT[] = {"\"m \\\" :\"", "\"1\"", "\"\"", "\"2\""};
    struct slice rest = scanned("{\"a\" :\"m \\\" :\",\"b\": [1, \"1\" ,{\"c\"\n: \"\"}], \"d\":null, \"e\":[[\"2\"]] }"), text;
    for (size_t i = 0; i < COUNT(WANT); i++)
        cr_expect(json_next_text(&rest, &text) && spelled(text, WANT[i]), "%zu: %.*s", i, (int)text.n, text.at);
    cr_expect_not(json_next_text(&rest, &text));
    rest = scanned("\"x\"");
    cr_expect(json_next_text(&rest, &text) && spelled(text, "\"x\"") && !json_next_text(&rest, &text));
    rest = (struct slice){NULL, 0};
    cr_expect_not(json_next_text(&rest, &text));
}

Test(json_scan, of_members_of_one_name_the_last_holds_and_their_order_stays)
{
    struct json_member *all;
    size_t n = json_members(scanned("{\"b\":1, \"a\":2, \"c\" : [3], \"\\u0062\":4, \"a\\u0000\":5}"), &all);
    OWN_PTR struct json_member *owned = all;
    cr_assert_eq(n, 4);
    cr_expect(spelled(owned[0].value, "2") && spelled(owned[1].value, "[3]") && spelled(owned[2].value, "4") &&
              spelled(owned[3].value, "5"));
    cr_expect(json_is(owned[2].key, "b") && json_is_n(owned[3].key, "a\0", 2));
    cr_expect(json_members(scanned("[1]"), &all) == 0 && !all && json_members(scanned("{}"), &all) == 0 && !all);
}

Test(json_scan, names_that_an_object_has_twice_are_found_at_any_depth)
{
    static const struct {
        const char *text, *duplicate;
    } rows[] = {{"{\"a\":1,\"b\":2}", ""},
                {"{\"a\":1,\"a\":2}", "\"a\""},
                {"{\"a\":1,\"\\u0061\":2}", "\"\\u0061\""},
                {"{\"a\":{\"a\":{\"a\":1}}}", ""},
                {"[{\"a\":1},{\"a\":1}]", ""},
                {"[0,{\"x\":{\"b\":1,\"c\":[],\"b\":{}}}]", "\"b\""},
                {"{\"a\":\"a\",\"b\":\"a\"}", ""},
                {"{\"a\":[\"a\",\"a\"]}", ""},
                {"[\"a\",\"a\"]", ""},
                {"{\"x\" : [{\"y\":1}] , \"x\" :2}", "\"x\""},
                {"{\"b\":{},\"c\":{\"d\":1, \"d\":1},\"b\":1}", "\"d\""},
                {"\"a\"", ""},
                {"{\"\":1,\"\":2}", "\"\""},
                {"{\"a\\\\\":1,\"a\":\"\\\\\",\"c\":\",\",\"d\":1}", ""}};
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect(spelled(json_duplicate(scanned(rows[i].text)), rows[i].duplicate), "%s", rows[i].text);
    cr_expect_not(json_duplicate((struct slice){NULL, 0}).at);
}

Test(json_scan, white_space_between_tokens_goes_and_nothing_else)
{
    struct text out = {0};
    json_squeeze(scanned(" { \"a b\" : [ 1.0 , \"\\\" \\\\\" , { } ] ,\n\"c\":\ttrue } "), &out);
    cr_expect_str_eq(out.at, "{\"a b\":[1.0,\"\\\" \\\\\",{}],\"c\":true}");
    text_done(&out);
}

Test(json_scan, a_fault_says_line_and_column)
{
    struct text out = {0};
    struct slice v;
    struct json_fault f;
    const char *text = "{\n \"a\": 1,\n \"b\" 2}";
    cr_assert_not(json_scan(text, strlen(text), &v, &f));
    json_fault_text(text, &f, &out);
    cr_expect_str_eq(out.at, "line 3, column 6: expected ':'");
    text_done(&out);
}

Test(json_scan, a_name_may_hold_nul)
{
    struct slice top = scanned("{\"a\":1,\"a\\u0000b\":2}");
    cr_expect(spelled(json_find_n(top, "a\0b", 3), "2") && spelled(json_find_n(top, "a", 1), "1") && !json_find_n(top, "a\0", 2).at);
}

Test(json_scan, a_document_has_no_name_twice_and_says_the_line)
{
    static const struct {
        const char *text, *hint;
    } ROWS[] = {{"{\"a\":1,\n\"b\":{\"a\":2}}", NULL},
                {"", "line 1, column 1: expected "},
                {"{\"a\":1,\n}", "line 2, column 1: expected "},
                {"{\"a\":1,\n\"\\u0061\":2}", "line 2: its object has the name \"\\u0061\" already"},
                {"[\n\n{\"x\":[],\"y\":0,\"x\":0}]", "line 3: its object has the name \"x\" already"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct slice top = {NULL, 77};
        struct err err = {0};
        cr_expect_eq(json_document(ROWS[i].text, strlen(ROWS[i].text), "f.json", &top, &err), ROWS[i].hint ? -1 : 0, "%zu", i);
        cr_expect(ROWS[i].hint
                      ? top.n == 77 && strcmp(err.path, "f.json") == 0 && strncmp(err.hint, ROWS[i].hint, strlen(ROWS[i].hint)) == 0
                      : spelled(top, ROWS[i].text),
                  "%zu: %s", i, err.hint);
    }
}

Test(json_scan, a_plain_text_is_what_a_string_means_or_how_another_value_is_spelled)
{
    static const char *const ROWS[][2] = {
        {"\"\\u00e9\\n\"", "\xc3\xa9\n"}, {"\"\"", ""}, {"-1.50e2", "-1.50e2"}, {"true", "true"}, {"[1, {}]", "[1,{}]"},
        {"\"a\\u0000b\"", NULL}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *plain = json_plain(scanned(ROWS[i][0]));
        cr_expect(ROWS[i][1] ? plain && strcmp(plain, ROWS[i][1]) == 0 : !plain, "%s: %s", ROWS[i][0], plain);
    }
    struct text t = json_plain_text(scanned("\"a\\u0000b\""));
    cr_expect(t.n == 3 && memcmp(t.at, "a\0b", 3) == 0);
    text_done(&t);
    t = json_plain_text((struct slice){NULL, 0});
    cr_expect(t.n == 0 && t.at && !*t.at);
    text_done(&t);
}
