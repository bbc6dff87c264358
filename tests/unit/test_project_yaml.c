/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of YAML 1.1: scalars, short tags, anchors, merge keys; and what is refused, with its line. */
#include "tests/unit/documents.h"

static const struct documents_row SCALARS[] = {
    {"[true, True, TRUE, yes, Yes, YES, on, On, ON]", "[true, true, true, true, true, true, true, true, true]"},
    {"[false, no, No, NO, off, Off, OFF]", "[false, false, false, false, false, false, false]"},
    {"[y, n, tRue, yEs, 'true', \"no\"]", "['y', 'n', 'tRue', 'yEs', 'true', 'no']"},
    {"[~, null, Null, NULL, nULL, '~']", "[null, null, null, null, 'nULL', '~']"},
    {"a:\nb: ''", "{a: null, b: ''}"},
    {"[0, 7, -7, +7, 1_000, 12345678901234567890123]", "[0, 7, -7, 7, 1000, 12345678901234567890123]"},
    {"[0123, 00, -010, 0x1F, 0b101, 012345678901, 0o17]", "[83, 0, -8, 31, 5, '012345678901', '0o17']"},
    {"[1:30, 1:30:00, 22:22, 1:60, 1:2:333]", "[90, 5400, 1342, '1:60', '1:2:333']"},
    {"[1.5, 1.50, 10.0, .5, 5., -0.25, 1.0e+3, 6.8523015e+5]", "[1.5, 1.5, 10.0, 0.5, 5.0, -0.25, 1000.0, 685230.15]"},
    {"[1e3, 1.2.3, '1.5', .inf, .nan, ., -, +, 1-2, 1.0e3, 1_]",
     "['1e3', '1.2.3', '1.5', '.inf', '.nan', '.', '-', '+', '1-2', '1.0e3', 1]"},
    {"[2012-10-17, 2001-12-14t21:59:43.10-05:00, 1.1.1.1/8]", "['2012-10-17', '2001-12-14t21:59:43.10-05:00', '1.1.1.1/8']"},
    {"[-.5, +.5, 0_]", "['-.5', '+.5', 0]"},
    {"[0x, 0b2, 09, 0_7, 0xffffffffffffffffff]", "['0x', '0b2', '09', 7, '0xffffffffffffffffff']"},
    {"[!!str 1, !!str yes, !!int '7', !!float '1.5', !!bool 'no', ! 12]", "['1', 'yes', 7, 1.5, false, '12']"},
    {"YES: 1\nno: 2\n007: 3\n1.50: 4\n~: 5\n\"<<\": 6", "{YES: 1, no: 2, 007: 3, 1.50: 4, ~: 5, <<: 6}"},
    {"a: |\n  x\n   y\n\nb: >-\n  x\n  y\nc: |+\n  z\n\n", "{a: 'x\n y\n', b: 'x y', c: 'z\n\n'}"},
    {"a: \"\\u00e9\\n\\x41\"\nb: 'it''s'\nc: x\n  y", "{a: '\xc3\xa9\nA', b: 'it's', c: 'x y'}"},
    {"\xef\xbb\xbf"
     "a: 1",
     "{a: 1}"},
    {"%YAML 1.1\n---\na: 1\n...\n", "{a: 1}"},
    {"", "null"},
    {"# nothing\n", "null"},
    {"x", "'x'"},
};

Test(project_yaml, scalars_are_those_of_yaml_1_1_and_names_stay_text)
{
    DOCUMENTS_ALL(document_yaml, SCALARS);
}

static const struct documents_row TAGS[] = {
    {"!Ref X", "{Ref: 'X'}"},
    {"!Condition X", "{Condition: 'X'}"},
    {"!Sub '${A}-x'", "{Fn::Sub: '${A}-x'}"},
    {"!Sub [a, {b: !Ref c}]", "{Fn::Sub: ['a', {b: {Ref: 'c'}}]}"},
    {"!GetAtt A.Arn", "{Fn::GetAtt: ['A', 'Arn']}"},
    {"!GetAtt A.Outputs.B", "{Fn::GetAtt: ['A', 'Outputs.B']}"},
    {"!GetAtt [A, B]", "{Fn::GetAtt: ['A', 'B']}"},
    {"!GetAtt A", "{Fn::GetAtt: 'A'}"},
    {"!If [C, 1, !Ref AWS::NoValue]", "{Fn::If: ['C', 1, {Ref: 'AWS::NoValue'}]}"},
    {"!ImportValue yes", "{Fn::ImportValue: 'yes'}"}, /* a tagged scalar is a text */
    {"!Base64\n  Fn::Sub: x", "{Fn::Base64: {Fn::Sub: 'x'}}"},
    {"!Join\n- ','\n- [a, b]", "{Fn::Join: [',', ['a', 'b']]}"},
    {"a: !Select\n  - 0\n  - !Split [',', !Ref L]", "{a: {Fn::Select: [0, {Fn::Split: [',', {Ref: 'L'}]}]}}"},
    {"a: &x !Ref b\nc: *x", "{a: {Ref: 'b'}, c: {Ref: 'b'}}"},
    {"a: !Odd x", "{a: {Fn::Odd: 'x'}}"}, /* who evaluates it says that it is unknown */
    {"a: !Fn::Sub x", "cannot read YAML from 't'; line 1: unknown tag !Fn::Sub"},
    {"\na: !!binary eA==", "cannot read YAML from 't'; line 2, column 4: unknown tag tag:yaml.org,2002:binary"},
    {"a: !!python/object:os.system x",
     "cannot read YAML from 't'; line 1, column 4: unknown tag tag:yaml.org,2002:python/object:os.system"},
    {"a: !<x:y> z", "cannot read YAML from 't'; line 1, column 4: unknown tag x:y"},
    {"a: !!int x", "cannot read YAML from 't'; line 1, column 4: 'x' is no int"},
    {"a: !!seq {}", "cannot read YAML from 't'; line 1, column 4: unknown tag tag:yaml.org,2002:seq here"},
};

Test(project_yaml, short_tags_become_long)
{
    DOCUMENTS_ALL(document_yaml, TAGS);
}

static const struct documents_row SHARED[] = {
    {"a: &x {k: 1}\nb: *x\nc: [*x]", "{a: {k: 1}, b: {k: 1}, c: [{k: 1}]}"},
    {"a: &x 1\nb: &x 2\nc: *x", "{a: 1, b: 2, c: 2}"},
    {"&k name: 1\n*k : 2", "{name: 2}"},
    {"d: &d {a: 1, b: 2}\nf:\n  b: 3\n  <<: *d\n  c: 4", "{d: {a: 1, b: 2}, f: {a: 1, b: 3, c: 4}}"},
    {"d: &d {a: 1}\ne: &e {a: 2, b: 2}\nf: {<<: [*d, *e]}", "{d: {a: 1}, e: {a: 2, b: 2}, f: {a: 1, b: 2}}"},
    {"d: &d {a: 1}\ne: &e {a: 2, b: 2}\nf:\n  <<: *e\n  <<: *d", "{d: {a: 1}, e: {a: 2, b: 2}, f: {a: 2, b: 2}}"},
    {"d: &d {a: 1}\ne: &e {<<: *d, b: 2}\nf: {<<: *e}", "{d: {a: 1}, e: {a: 1, b: 2}, f: {a: 1, b: 2}}"},
    {"f: {<<: {a: 1}}", "{f: {a: 1}}"},
    {"f: {<<: []}", "{f: {}}"},
    {"a: 1\nb: 2\na: 3", "{a: 3, b: 2}"}, /* the last one holds */
    {"a: &x\n  b: *x", "cannot read YAML from 't'; line 2, column 6: *x stands inside of what it means"},
    {"a: &x [!Ref b, [*x]]", "cannot read YAML from 't'; line 1, column 17: *x stands inside of what it means"},
    {"a: &x {<<: *x}", "cannot read YAML from 't'; line 1, column 12: *x stands inside of what it means"},
    {"a: *x", "cannot read YAML from 't'; line 1, column 4: *x: there is no such anchor before it"},
    {"f: {<<: x}", "cannot read YAML from 't'; line 1, column 9: the merge key << takes a map or a list of maps"},
    {"f:\n  <<:\n   - 1", "cannot read YAML from 't'; line 4, column 1: the merge key << takes a map or a list of maps"},
    {"f: {<<: }", "cannot read YAML from 't'; line 1, column 9: the merge key << takes a map or a list of maps"},
    {"{a: 1}: 2", "cannot read YAML from 't'; line 1, column 1: the name of a member must be a text"},
    {"? [a]\n: 2", "cannot read YAML from 't'; line 1, column 3: the name of a member must be a text"},
    {"!Ref a: 1", "cannot read YAML from 't'; line 1, column 1: the name of a member must be a text"},
    {"a: &x {}\n*x : 1", "cannot read YAML from 't'; line 2, column 1: the name of a member must be a text"},
    {"a: 1\n---\nb: 2", "cannot read YAML from 't'; line 2, column 1: a second document begins here; a project's file has one"},
    {"a: 1\n b: 2", "cannot read YAML from 't'; line 2, column 3: mapping values are not allowed in this context"},
    {"a: \"\\0\"", "cannot read YAML from 't'; line 1, column 4: a text has \\0 in it, which no text of a project may have"},
};

Test(project_yaml, anchors_and_merge_keys)
{
    DOCUMENTS_ALL(document_yaml, SHARED);
}

/* 2^100 leaves, were they copied. */
Test(project_yaml, a_document_that_doubles_with_each_line_costs_nothing)
{
    struct text t = {0};
    struct arena a = {0};
    struct err err;
    text_puts(&t, "a0: &a0 [x, x]\n");
    for (int i = 1; i < 100; i++)
        text_printf(&t, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
    const struct node *v = document_yaml(&a, t.at, t.n, "t", &err);
    cr_assert_not_null(v);
    cr_assert_eq(v->n, 100);
    const struct node *last = node_find(v, "a99");
    cr_assert_eq(last->items[0], last->items[1]); /* one node, which two places share */
    text_done(&t);
    arena_done(&a);
}

/* The text of n lines, which format makes of their numbers. */
static const char *lines(const char *start, const char *format, int n, const char *end)
{
    struct text t = {0};
    text_puts(&t, start);
    for (int i = 0; i < n; i++) {
        char line[80];
        snprintf(line, sizeof line, "%d", i);
        for (const char *c = format; *c; c++)
            if (*c == '#')
                text_puts(&t, line);
            else
                text_add(&t, c, 1);
    }
    text_puts(&t, end);
    const char *read = documents_read(document_yaml, t.at);
    text_done(&t);
    return read;
}

Test(project_yaml, merge_keys_copy_so_many_members_and_no_more)
{
    static const char SAYS[] = "merge keys copy more than 200000 members";
    char *map = xstrdup("b: &b {"); /* of 1000 members, which 1000 maps want */
    for (int i = 0; i < 1000; i++) {
        char *longer = xasprintf("%sk%d: 1, ", map, i);
        free(map);
        map = longer;
    }
    char *start = xasprintf("%s}\n", map), *list;
    cr_expect_eq(strncmp(lines(start, "m#: {<<: *b}\n", 100, ""), "cannot", 6) == 0, 0);
    cr_expect(strstr(lines(start, "m#: {<<: *b}\n", 1000, ""), SAYS) != NULL);
    cr_expect(strstr(lines("b: &b {}\nm:\n", "  <<: *b\n", 200001, ""), SAYS) != NULL); /* empty maps cost too */
    list = xasprintf("b: &b {}\nl: &l [%s", "*b");
    for (int i = 0; i < 1000; i++) {
        char *longer = xasprintf("%s, *b", list);
        free(list);
        list = longer;
    }
    char *lists = xasprintf("%s]\n", list);
    cr_expect(strstr(lines(lists, "m#: {<<: *l}\n", 200, ""), SAYS) != NULL);
    free(map);
    free(start);
    free(list);
    free(lists);
}

Test(project_yaml, nesting_has_a_bound_that_tags_and_aliases_count_for)
{
    static const char SAYS[] = "nest more than 200 deep";
    cr_expect_null(strstr(lines("", "[", 200, ""), SAYS)); /* it does not end, which is another fault */
    cr_expect_not_null(strstr(lines("", "[", 201, ""), SAYS));
    cr_expect_not_null(strstr(lines("", "- ", 201, "x"), SAYS));
    cr_expect_null(strstr(lines("", "!A [", 100, ""), SAYS));
    cr_expect_not_null(strstr(lines("", "!A [", 101, ""), SAYS));
    cr_expect_null(strstr(lines("a: &y [x]\n", "b#: &x [*y]\nc#: &y [*x]\n", 99, ""), "cannot"));
    cr_expect_not_null(strstr(lines("a: &y [x]\n", "b#: &x [*y]\nc#: &y [*x]\n", 100, ""), SAYS));
    cr_expect_not_null(strstr(lines("a: &y {k: x}\n", "b#: &x {k: {<<: *y}}\nc#: &y {k: {<<: *x}}\n", 100, ""), SAYS));
    cr_expect_not_null(strstr(lines("a: &y !B x\n", "b#: &x !B [*y]\nc#: &y !C [*x]\n", 51, ""), SAYS));
}

Test(project_yaml, lines_are_those_of_the_file)
{
    struct arena a = {0};
    struct err err;
    static const char TEXT[] = "a: &x\n  b: 1\nc:\n  <<: *x\n  d: !Ref\n    e\nf: !GetAtt g.h\n";
    const struct node *v = document_yaml(&a, TEXT, sizeof TEXT - 1, "t.yaml", &err), *c = node_find(v, "c");
    cr_assert_eq(v->members[1].line, 3);
    cr_assert_eq(c->members[0].line, 2, "%u", c->members[0].line); /* where the merged member stands */
    cr_assert_eq(c->members[1].line, 5);
    cr_assert_eq(node_at(v, "f", "Fn::GetAtt", NULL)->items[0]->line, 7);
    cr_assert_str_eq(node_at(v, "f", "Fn::GetAtt", NULL)->items[0]->source, "t.yaml");
    arena_done(&a);
}
