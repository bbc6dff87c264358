/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of JSON and TOML, and what is refused, with its line. YAML has a file of its own. */
#include "tests/unit/documents.h"

static const struct documents_row JSON[] = {
    {"{}", "{}"},
    {" [ 1 , -0.50, 1e3, 1.0, 100000000000000000000000, 12e-9, true, false, null ] ",
     "[1, -0.5, 1000.0, 1.0, 100000000000000000000000, 1.2e-08, true, false, null]"},
    {"{\"a\": {\"b\": [\"x\", {}]}, \"\\u0063\": \"\\n\\ud83d\\ude00\"}", "{a: {b: ['x', {}]}, c: '\n\xf0\x9f\x98\x80'}"},
    {"\xef\xbb\xbf{\"a\": 1}", "{a: 1}"},
    {"{\"YES\": \"no\", \"1\": 2}", "{YES: 'no', 1: 2}"},
    {"{\"a\": 1, \"b\": 2, \"\\u0061\": 3}", "{a: 3, b: 2}"}, /* the last one holds */
    {"\"top\"", "'top'"},
    {"", "cannot read JSON from 't'; line 1, column 1: expected a value"},
    {"{\"a\":\n 1,}", "cannot read JSON from 't'; line 2, column 4: expected a name in quotes"},
    {"{\"a\":\n\"x\\u0000\"}", "cannot read JSON from 't'; line 2: a text has \\u0000 in it, which no text of a project may have"},
    {"{\"a\\u0000\": 1}", "cannot read JSON from 't'; line 1: a text has \\u0000 in it, which no text of a project may have"},
    {"[1,\n\"\xff\"]", "cannot read JSON from 't'; line 2: byte 0xff is not UTF-8; save the file as UTF-8"},
};

Test(project_documents, json_is_read_as_it_is_spelled)
{
    DOCUMENTS_ALL(document_json, JSON);
}

static const struct documents_row TOML[] = {
    {"", "{}"},
    {"# nothing\n\n", "{}"},
    {"version = 0.1\n[default.global.parameters]\nregion = \"eu-west-1\" # here\r\n[default.local_invoke.parameters]\r\nwarm = true\n",
     "{version: 0.1, default: {global: {parameters: {region: 'eu-west-1'}}, local_invoke: {parameters: {warm: true}}}}"},
    {"a.b.c = 1\na.b.d = 2\n\"x.y\" = 3\n'' = 4\nk-_1 = 5", "{a: {b: {c: 1, d: 2}}, x.y: 3, : 4, k-_1: 5}"},
    {"a = [1, 2, # two\n  [\"x\",],\n]\nb = []", "{a: [1, 2, ['x']], b: []}"},
    {"a = { b = 1, c.d = 'x', e = {} }", "{a: {b: 1, c: {d: 'x'}, e: {}}}"},
    {"a = [+5, -0, 1_000, 0x1f, 0b101, 0o17, 1e3, 1.50, -2.5E-3, +0.0]", "{a: [5, 0, 1000, 31, 5, 15, 1000.0, 1.5, -0.0025, 0.0]}"},
    {"a = \"\\t\\\"\\\\ \\u00e9 \\U0001F600\"\nb = 'C:\\x'", "{a: '\t\"\\ \xc3\xa9 \xf0\x9f\x98\x80', b: 'C:\\x'}"},
    {"a = \"\"\"\nx\n  y\\\n   z\"\"\"\"\nb = '''\n'q'\\n'''", "{a: 'x\n  yz\"', b: ''q'\\n'}"},
    {"[a.b]\nx = 1\n[a]\ny = 2", "{a: {b: {x: 1}, y: 2}}"},
    {"a = 1\n\na = 2", "cannot read TOML from 't'; line 3: the name a stands here twice; remove or rename one"},
    {"[a]\n[a]", "cannot read TOML from 't'; line 2: the table a stands here twice"},
    {"[a]\nb.c = 1\n[a.b.d]\ne = 2", "{a: {b: {c: 1, d: {e: 2}}}}"},
    {"[a]\nb.c = 1\n[a.b]", "cannot read TOML from 't'; line 3: the table b stands here twice"},
    {"a = {b = 1}\n[a.c]", "cannot read TOML from 't'; line 2: the name a is taken already"},
    {"a = {b = 1}\na.c = 2", "cannot read TOML from 't'; line 2: the name a is taken already"},
    {"a = 1\n[a.b]", "cannot read TOML from 't'; line 2: the name a is taken already"},
    {"[[a]]", "cannot read TOML from 't'; line 1: arrays of tables, [[name]], are not understood"},
    {"a = 1979-05-27", "cannot read TOML from 't'; line 1: '1979-05-27' is no number, true or false, and no string in quotes"},
    {"a = 07:32:00", "cannot read TOML from 't'; line 1: '07:32:00' is no number, true or false, and no string in quotes"},
    {"a = 012", "cannot read TOML from 't'; line 1: '012' is no number, true or false, and no string in quotes"},
    {"a = yes", "cannot read TOML from 't'; line 1: 'yes' is no number, true or false, and no string in quotes"},
    {"a = True", "cannot read TOML from 't'; line 1: 'True' is no number, true or false, and no string in quotes"},
    {"a = inf", "cannot read TOML from 't'; line 1: 'inf' is no number, true or false, and no string in quotes"},
    {"a =", "cannot read TOML from 't'; line 1: expected a value"},
    {"a", "cannot read TOML from 't'; line 1: expected '='"},
    {"= 1", "cannot read TOML from 't'; line 1: expected a name"},
    {"a = 1 b = 2", "cannot read TOML from 't'; line 1: expected the end of the line"},
    {"a = \"x\ny\"", "cannot read TOML from 't'; line 1: a string does not end"},
    {"a = \"\"\"x\n", "cannot read TOML from 't'; line 2: a string does not end"},
    {"a = \"\\q\"", "cannot read TOML from 't'; line 1: unknown escape in a string"},
    {"a = \"\\u0000\"", "cannot read TOML from 't'; line 1: an escape names no character"},
    {"a = \"\\ud800\"", "cannot read TOML from 't'; line 1: an escape names no character"},
    {"a = [1 2]", "cannot read TOML from 't'; line 1: expected ',' or ']'"},
    {"a = {b = 1", "cannot read TOML from 't'; line 1: expected ',' or '}'"},
    {"\n[a", "cannot read TOML from 't'; line 2: expected ']'"},
};

Test(project_documents, toml_is_read_as_far_as_samconfig_needs_it)
{
    DOCUMENTS_ALL(document_toml, TOML);
}

/* before, n times, and whatever ends it. */
static char *repeated(const char *start, const char *before, size_t n, const char *middle, const char *after)
{
    struct text t = {0};
    text_puts(&t, start);
    for (size_t i = 0; i < n; i++)
        text_puts(&t, before);
    text_puts(&t, middle);
    for (size_t i = 0; i < n; i++)
        text_puts(&t, after);
    return t.at;
}

static void nests(documents_parser *parse, const char *start, const char *before, const char *after, size_t allowed, const char *says)
{
    const char *middle = *after ? "1" : *start == '[' ? "]" : " = 1";
    char *good = repeated(start, before, allowed, middle, after), *bad = repeated(start, before, allowed + 1, middle, after);
    cr_expect_eq(strncmp(documents_read(parse, good), "cannot", 6) == 0, 0, "%s: %s", before, documents_read(parse, good));
    cr_expect(strstr(documents_read(parse, bad), says) != NULL, "%s: %s", before, documents_read(parse, bad));
    free(good);
    free(bad);
}

Test(project_documents, nesting_has_a_bound)
{
    nests(document_json, "", "[", "]", 200, "line 1: lists and objects nest more than 200 deep");
    nests(document_json, "", "{\"a\":\n", "}", 200, "line 201: lists and objects nest more than 200 deep");
    nests(document_toml, "a = ", "[", "]", 199, "line 1: tables and arrays nest more than 200 deep"); /* the top is a table too */
    nests(document_toml, "a = ", "{a = ", "}", 199, "line 1: tables and arrays nest more than 200 deep");
    nests(document_toml, "b = ", "{a.a.a.a = ", "}", 49, "line 1: tables and arrays nest more than 200 deep");
    nests(document_toml, "b", ".a", "", 199, "line 1: tables and arrays nest more than 200 deep");
    nests(document_toml, "[b", ".a", "", 198, "line 1: tables and arrays nest more than 200 deep");
}

Test(project_documents, nul_and_bytes_that_are_no_utf8_are_refused)
{
    static const struct {
        documents_parser *parse;
        const char *language;
    } EACH[] = {{document_json, "JSON"}, {document_yaml, "YAML"}, {document_toml, "TOML"}};
    for (size_t i = 0; i < 3; i++) {
        char says[160];
        snprintf(says, sizeof says, "cannot read %s from 't'; line 3: a NUL byte is no text", EACH[i].language);
        cr_expect_str_eq(documents_read_n(EACH[i].parse, "\n\n\0", 3), says);
        snprintf(says, sizeof says, "cannot read %s from 't'; line 2: byte 0xc3 is not UTF-8; save the file as UTF-8", EACH[i].language);
        cr_expect_str_eq(documents_read_n(EACH[i].parse, "\n'\xc3", 3), says);
        snprintf(says, sizeof says, "cannot read %s from 't'; line 1: byte 0xed is not UTF-8; save the file as UTF-8", EACH[i].language);
        cr_expect_str_eq(documents_read_n(EACH[i].parse, "\xed\xa0\x80", 3), says);
    }
}

Test(project_documents, too_many_values_are_refused)
{
    char *bomb = repeated("[1", ",1", 2000000, "]", "");
    cr_expect_str_eq(documents_read(document_json, bomb), "cannot read JSON from 't'; line 1: more than 2000000 values");
    free(bomb);
}

Test(project_documents, lines_are_counted_from_one)
{
    struct arena a = {0};
    struct err err;
    static const char TEXT[] = "{\n \"a\":\n  [1,\n\n   2]}";
    const struct node *v = document_json(&a, TEXT, sizeof TEXT - 1, "dir/x.json", &err), *list = node_find(v, "a");
    cr_assert_eq(v->line, 1);
    cr_assert_eq(v->members[0].line, 2);
    cr_assert_eq(list->line, 3);
    cr_assert_eq(list->items[1]->line, 5);
    cr_assert_str_eq(list->items[1]->source, "dir/x.json");
    arena_done(&a);
}

Test(project_documents, a_map_of_many_members_is_searched_by_a_table)
{
    struct arena a = {0};
    struct node *map = node_new(&a, NODE_MAP, NULL);
    for (int i = 0; i < 5000; i++)
        node_set(&a, map, arena_printf(&a, "name-%d", i), node_new_text(&a, "x", NULL));
    for (int i = 0; i < 5000; i += 2)
        node_set(&a, map, arena_printf(&a, "name-%d", i), node_new_text(&a, arena_printf(&a, "%d", i), NULL));
    cr_assert_eq(map->n, 5000);
    for (int i = 0; i < 5000; i++) {
        const char *text = node_text(node_find(map, arena_printf(&a, "name-%d", i)));
        cr_assert_str_eq(text, i % 2 ? "x" : arena_printf(&a, "%d", i));
        cr_assert_str_eq(map->members[i].name, arena_printf(&a, "name-%d", i));
    }
    cr_assert_null(node_find(map, "name-5000"));
    cr_assert_null(node_find(map, ""));
    arena_done(&a);
}

Test(project_documents, what_nodes_mean)
{
    struct arena a = {0};
    struct err err;
    uint64_t n;
    static const char TEXT[] = "{\"a\": {\"b\": \"7\"}, \"t\": true, \"f\": \"true\", \"n\": 12, \"x\": \"x\", \"z\": null, \"m\": -1}";
    const struct node *v = document_json(&a, TEXT, sizeof TEXT - 1, "x", &err);
    cr_assert(node_is(node_at(v, "a", "b", NULL), "7"));
    cr_assert(node_number(node_at(v, "a", "b", NULL), &n) && n == 7);
    cr_assert(node_number(node_find(v, "n"), &n) && n == 12);
    cr_assert_not(node_number(node_find(v, "x"), &n));
    cr_assert_not(node_number(node_find(v, "m"), &n));
    cr_assert_not(node_number(node_find(v, "z"), &n));
    cr_assert(node_true(node_find(v, "t")) && node_true(node_find(v, "f")) && !node_true(node_find(v, "x")));
    cr_assert_null(node_text(node_find(v, "z")));
    cr_assert_null(node_text(node_find(v, "a")));
    cr_assert_str_eq(node_text(node_find(v, "t")), "true");
    cr_assert_null(node_at(v, "a", "c", "d", NULL));
    cr_assert_null(node_at(v, "x", "c", NULL));
    cr_assert_null(node_find(NULL, "a"));
    arena_done(&a);
}
