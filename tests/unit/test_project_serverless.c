/* SPDX-License-Identifier: Apache-2.0 */
/* Variables and scalars of serverless.yml, without files. */
#include "project/document.h"
#include "project/serverless.h"
#include "project/serverless_id.h"

#include <criterion/criterion.h>
#include <string.h>

struct service {
    struct arena arena;
    struct ask ask;
    struct model model;
    struct variables v;
};

static const char CUSTOM[] =
    "service: shop\n"
    "provider: {stage: \"${opt:stage, 'test'}\"}\n"
    "custom: {name: n, list: [a, {b: c}], yes: yes, big: 1.50, nothing: null, loop: 'x${self:custom.pool}', pool: '${self:custom.loop}'}\n"
    "params: {default: {p: all}, prod: {p: one}}\n";

static void begin(struct service *s, const char *stage)
{
    struct err err = {0};
    struct refusal why = {0};
    *s = (struct service){.ask = {.stage = stage}};
    s->model.arena = &s->arena;
    s->v = (struct variables){.arena = &s->arena, .ask = &s->ask, .model = &s->model, .dir = ""};
    s->v.top = document_yaml(&s->arena, CUSTOM, strlen(CUSTOM), "serverless.yml", &err);
    cr_assert(s->v.top && variables_begin(&s->v, &why) == 0);
}

/* The value as text; "(list)", "(map)", "(null)"; what is refused in <>. */
static const char *value_of_text(struct service *s, const char *text)
{
    struct refusal why = {0};
    const struct node *v = variables_value(&s->v, node_new_text(&s->arena, text, NULL), &why);
    if (!v)
        return arena_printf(&s->arena, "<%s|%s>", why.what, why.remedy ? why.remedy : "");
    return v->kind == NODE_LIST ? "(list)" : v->kind == NODE_MAP ? "(map)" : v->kind == NODE_NULL ? "(null)" : v->text;
}

Test(project_serverless, variables)
{
    static const char *const ROWS[][2] = {
        {"plain $5", "plain $5"},
        {"${self:custom.name}", "n"},
        {"a-${self:custom.name}-${sls:stage}", "a-n-test"},
        {"${self:custom.list}", "(list)"},
        {"${self:custom.list.1}", "(map)"},
        {"${self:custom.list.1.b}", "c"},
        {"${self:custom.yes} ${self:custom.big}", "yes 1.5"},
        {"${self:custom.nothing}", "(null)"},
        {"${self:custom.gone, null}", "(null)"},
        {"${self:custom.gone, 'it, }', 'never'}", "it, }"},
        {"${self:custom.gone, \"\\\"\\u0041\"}", "\"A"},
        {"${self:custom.${self:custom.gone, 'name'}}", "n"},
        {"${param:p}", "all"},
        {"${opt:region, 'none'}", "none"},
        {"\\${self:custom.name}", "${self:custom.name}"},
        {"\\\\${self:custom.name}", "\\n"},
        {"$$${self:custom.name}", "n"},
        {"${Name} ${AWS::Region}", "${Name} ${AWS::Region}"},
        {"${self:custom.gone}", "<${self:custom.gone} has no value|>"},
        {"${param:q}", "<${param:q} has no value|--parameter q=VALUE>"},
        {"${env:HOME}", "<${env:HOME} has no value|--allow-env HOME>"},
        {"${ssm:/a, 'b'}", "<${ssm:/a} is not in the part of serverless.yml that lrun reads|--import 'ssm:/a=VALUE'>"},
        {"x${self:custom.list}", "<${self:custom.list} is no text that can stand within another|>"},
        {"${self:custom.loop}", "<x${self:custom.pool} refers to itself|>"},
        {"${self:custom", "${self:custom"},
    };
    struct service s;
    begin(&s, NULL);
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS) - 1; i++)
        cr_expect_str_eq(value_of_text(&s, ROWS[i][0]), ROWS[i][1], "%s", ROWS[i][0]);
    arena_done(&s.arena);
}

Test(project_serverless, a_stage_that_is_told_holds)
{
    struct service s;
    begin(&s, "prod");
    cr_expect_str_eq(value_of_text(&s, "${sls:stage} ${opt:stage} ${param:p}"), "prod prod one");
    arena_done(&s.arena);
}

Test(project_serverless, what_comes_from_outside_is_no_variable)
{
    static struct ask_pair env[] = {{"TOKEN", "${self:custom.name}"}}, imports[] = {{"ssm:/a", "${self:custom.name}"}};
    struct service s;
    begin(&s, NULL);
    s.ask.variables = (struct ask_pairs){env, 1};
    s.ask.imports = (struct ask_pairs){imports, 1};
    cr_expect_str_eq(value_of_text(&s, "${env:TOKEN}"), "${self:custom.name}");
    cr_expect_str_eq(value_of_text(&s, "x${ssm:/a}"), "x${self:custom.name}");
    arena_done(&s.arena);
}

Test(project_serverless, scalars_are_written_as_javascript_does)
{
    static const char *const ROWS[][2] = {
        {"1.0", "1"},
        {"-0.5", "-0.5"},
        {"100", "100"},
        {"1e21", "1e+21"},
        {"123456789012345680000", "123456789012345680000"},
        {"1e-6", "0.000001"},
        {"1e-7", "1e-7"},
        {"0x1F", "31"},
        {"on", "on"},
        {"2020-01-02", "2020-01-02T00:00:00.000Z"},
        {"1_000", "1_000"},
        {"1e999", "1e999"},
        {"True", "true"},
        {"2020-1-2", "2020-1-2"},
        {"0.1", "0.1"},
        {"-0", "0"},
        {"1.2e3", "1200"},
        {"5.", "5"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
        struct err err = {0};
        const struct node *list = document_yaml(&a, arena_printf(&a, "- %s", ROWS[i][0]), strlen(ROWS[i][0]) + 2, "x", &err);
        cr_assert(list && list->n == 1);
        cr_expect_str_eq(variables_plain(&a, list->items[0])->text, ROWS[i][1], "%s", ROWS[i][0]);
    }
    arena_done(&a);
}

Test(project_serverless, logical_ids)
{
    struct arena a = {0};
    cr_expect_str_eq(serverless_logical_id(&a, "my-second_one", "LambdaFunction"), "MyDashsecondUnderscoreoneLambdaFunction");
    cr_expect_str_eq(serverless_logical_id(&a, "", "X"), "X");
    arena_done(&a);
}
