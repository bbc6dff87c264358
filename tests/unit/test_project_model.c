/* SPDX-License-Identifier: Apache-2.0 */
/* The model and its form as lrun.json: what is there, what is left out, what is refused, and names that differ. */
#include "base/json.h"
#include "base/own.h"
#include "project/model_print.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct text printed;

/* The model's lrun.json, whole; it must be JSON in which no name stands twice. */
static const char *whole(const struct model *m, const struct files *f)
{
    static const struct files NONE;
    struct slice top;
    struct err err;
    printed.n = 0;
    model_print(m, f ? f : &NONE, &printed);
    cr_expect_eq(json_document(printed.at, printed.n, "answer", &top, &err), 0, "%s\n%s", err.hint, printed.at);
    return printed.at;
}

/* What stands under names in it. */
static const char *at(const struct model *m, const char *first, const char *second, const char *third)
{
    static char found[2000];
    struct slice v;
    whole(m, NULL);
    json_read(printed.at, printed.n, &v);
    const char *const names[] = {first, second, third};
    for (size_t i = 0; i < COUNT(names) && names[i]; i++)
        v = json_find(v, names[i]);
    snprintf(found, sizeof found, "%.*s", v.at ? (int)v.n : 4, v.at ? v.at : "none");
    return found;
}

static struct model_function *function(struct model *m, const char *id)
{
    struct node *where = node_new(&arena, NODE_MAP, NULL);
    where->source = "template.yaml";
    where->line = 7;
    struct model_function *f = model_add_function(m, id, where);
    f->code = "src";
    return f;
}

Test(project_model, nothing_is_an_object_with_its_parts)
{
    struct model m = {.arena = &arena, .reader = "sam", .source = "template.yaml"};
    cr_assert_str_eq(whole(&m, NULL),
                     "{\"functions\":{},\"project\":{\"reader\":\"sam\",\"source\":\"template.yaml\",\"names\":{},\"refused\":{},"
                     "\"facts\":{},\"notes\":[],\"files\":[]}}");
}

Test(project_model, a_function_says_what_its_project_says_and_no_more)
{
    struct model m = {.arena = &arena};
    struct model_function *f = function(&m, "Plain");
    cr_assert_str_eq(at(&m, "functions", "Plain", NULL), "{\"code\":\"src\"}");
    cr_assert_str_eq(at(&m, "project", "facts", "Plain"), "{\"source\":\"template.yaml\",\"line\":7}");
    f->code = "";
    cr_assert_str_eq(at(&m, "functions", "Plain", NULL), "{\"code\":\".\"}");

    static const char *COMMAND[] = {"app.handler", "x"};
    f = function(&m, "Full");
    *f = (struct model_function){.id = "Full",
                                 .name = "shop-full",
                                 .source = "template.yaml",
                                 .line = 9,
                                 .inline_code = "def f(): \"\"\n",
                                 .handler = "index.f",
                                 .runtime = "python3.13",
                                 .architecture = "arm64",
                                 .memory_mb = 256,
                                 .timeout_s = 7,
                                 .tmp_mb = 1024,
                                 .log_format = "json",
                                 .application_log_level = "DEBUG",
                                 .log_group = "/g",
                                 .command = COMMAND,
                                 .command_count = 2,
                                 .workdir = "/w",
                                 .per_tenant = true,
                                 .max_concurrency = 8,
                                 .url = {.given = true, .stream = true, .iam = true, .cors = true}};
    model_add_variable(&m, f, "A", "1");
    model_add_variable(&m, f, "B", "");
    model_add_variable(&m, f, "A", "2");
    *model_add_layer(&m, f) = (struct model_layer){.path = "layer.zip", .id = "Shared"};
    *model_add_layer(&m, f) = (struct model_layer){.arn = "arn:aws:lambda:us-east-1:1:layer:x:2"};
    cr_assert_str_eq(at(&m, "functions", "Full", NULL),
                     "{\"handler\":\"index.f\",\"runtime\":\"python3.13\",\"inline\":\"def f(): "
                     "\\\"\\\"\\n\",\"log-format\":\"json\",\"workdir\":\"/w\","
                     "\"memory\":256,\"timeout\":7,\"tmp-size\":1024,\"max-concurrency\":8,\"env\":{\"A\":\"2\",\"B\":\"\"},"
                     "\"layers\":[\"layer.zip\",\"arn:aws:lambda:us-east-1:1:layer:x:2\"],\"command\":[\"app.handler\",\"x\"],"
                     "\"tenancy\":\"per-tenant\",\"url\":0,\"url-mode\":\"stream\",\"cors\":true}");
    cr_assert_str_eq(at(&m, "project", "facts", "Full"),
                     "{\"source\":\"template.yaml\",\"name\":\"shop-full\",\"architecture\":\"arm64\",\"application-log-level\":\"DEBUG\","
                     "\"log-group\":\"/g\",\"line\":9,\"url-auth\":\"iam\",\"layer-ids\":[\"Shared\",\"\"]}");
}

Test(project_model, what_cannot_run_stands_among_the_refused_alone)
{
    struct model m = {.arena = &arena};
    struct model_function *f = function(&m, "Asked");
    struct node where = {.source = "x.yaml", .line = 3};
    model_refuse(&m, f, &where, "--import a=VALUE", "Layers of %s: Fn::ImportValue %s is not known", "Asked", "a");
    model_refuse(&m, f, NULL, NULL, "another fault, which is not the first");
    cr_assert_str_eq(at(&m, "functions", NULL, NULL), "{}");
    cr_assert_str_eq(
        at(&m, "project", "refused", "Asked"),
        "{\"what\":\"Layers of Asked: Fn::ImportValue a is not known\",\"source\":\"x.yaml\",\"line\":3,\"remedy\":\"--import a=VALUE\"}");

    f = function(&m, "None");
    f->code = NULL;
    cr_assert_str_eq(at(&m, "project", "refused", "None"), "{\"what\":\"it has no code\",\"source\":\"template.yaml\",\"line\":7}");
    f = function(&m, "Image");
    f->code = NULL;
    f->image = "1.dkr.ecr.eu-west-1.amazonaws.com/x:1";
    cr_assert(strstr(at(&m, "project", "refused", "Image"),
                     "is the container image 1.dkr.ecr.eu-west-1.amazonaws.com/x:1, and lrun never fetches"));
    f = function(&m, "Layer");
    model_add_layer(&m, f);
    cr_assert(strstr(at(&m, "project", "refused", "Layer"), "layer 1 of its list has neither a path nor an ARN"));
    cr_assert_str_eq(at(&m, "functions", NULL, NULL), "{}");
}

Test(project_model, numbers_that_lrun_does_not_take_are_refused_for_their_function)
{
    struct model m = {.arena = &arena};
    function(&m, "Small")->memory_mb = 64;
    function(&m, "Large")->memory_mb = 20000;
    function(&m, "Long")->timeout_s = 3600;
    function(&m, "Tmp")->tmp_mb = 511;
    struct model_function *f = function(&m, "Managed");
    f->memory_mb = 20000;
    f->max_concurrency = 10;
    cr_assert(strstr(at(&m, "project", "refused", "Small"), "MemorySize is 64; it must be 128 to 10240"));
    cr_assert(strstr(at(&m, "project", "refused", "Large"), "MemorySize is 20000; it must be 128 to 10240"));
    cr_assert(strstr(at(&m, "project", "refused", "Long"), "Timeout is 3600; it must be 1 to 1800"));
    cr_assert(strstr(at(&m, "project", "refused", "Tmp"), "EphemeralStorage.Size is 511; it must be 512 to 10240"));
    cr_assert_str_eq(at(&m, "functions", NULL, NULL), "{\"Managed\":{\"code\":\"src\",\"memory\":20000,\"max-concurrency\":10}}");
}

Test(project_model, names_differ_and_are_names_that_lrun_takes)
{
    struct model m = {.arena = &arena};
    model_add_name(&m, function(&m, "Fn"), "shop-fn");
    struct model_function *f = function(&m, "Fn");
    model_add_name(&m, f, "Parent/Child/Fn");
    model_add_name(&m, f, "arn:aws:lambda:us-east-1:123456789012:function:x/y");
    model_add_name(&m, f, "Parent/Child/Fn");
    model_add_name(&m, f, NULL);
    model_add_name(&m, f, "");
    function(&m, "Fn");
    function(&m, "a b\n\"");
    function(&m, "1234567890123456789012345678901234567890123456789012345678901234567890");
    function(&m, "1234567890123456789012345678901234567890123456789012345678901234567891");
    function(&m, "");
    cr_assert_str_eq(
        at(&m, "project", "names", NULL),
        "{\"Fn\":[\"shop-fn\"],\"Parent_Child_Fn\":[\"Fn\",\"Parent/Child/Fn\",\"arn:aws:lambda:us-east-1:123456789012:function:x/y\"],"
        "\"Fn_2\":[\"Fn\"],\"a_b__\":[\"a b\\n\\\"\"],"
        "\"1234567890123456789012345678901234567890123456789012345678901234\":["
        "\"1234567890123456789012345678901234567890123456789012345678901234567890\"],"
        "\"1234567890123456789012345678901234567890123456789012345_2\":["
        "\"1234567890123456789012345678901234567890123456789012345678901234567891\"],"
        "\"_\":[\"\"]}");
}

Test(project_model, apis_have_routes_and_authorizers)
{
    struct model m = {.arena = &arena};
    struct err err;
    static const char CORS[] = "{\"AllowOrigins\": [\"*\"], \"MaxAge\": 5, \"AllowCredentials\": true, \"Odd\": null}";
    static const char *IDENTITY[] = {"header.X", "querystring.Y"}, *BINARY[] = {"image/png"};
    static struct model_route routes[] = {{.method = "GET", .path = "/a/{id}", .function = "Fn", .payload = "1.0"},
                                          {.method = "ANY", .path = "/{rest+}", .function = "Gone", .authorizer = "A", .operation = "op"}};
    static struct model_authorizer authorizers[] = {
        {.name = "A", .function = "Fn", .kind = "request", .payload = "2.0", .simple = true, .identity = IDENTITY, .identity_count = 2},
        {.name = "A", .kind = "jwt"}};
    function(&m, "Fn");
    struct model_api *api = model_add_api(&m, "ServerlessRestApi");
    *api = (struct model_api){.id = api->id,
                              .stage = "Prod",
                              .routes = routes,
                              .route_count = 2,
                              .authorizers = authorizers,
                              .authorizer_count = 2,
                              .default_authorizer = "A",
                              .binary_types = BINARY,
                              .binary_count = 1};
    api->cors = document_json(&arena, CORS, sizeof CORS - 1, "x", &err);
    *model_add_api(&m, "ServerlessRestApi") = (struct model_api){.id = "ServerlessRestApi", .http = true};
    cr_assert_str_eq(at(&m, "apis", NULL, NULL),
                     "{\"ServerlessRestApi\":{\"type\":\"rest\",\"stage\":\"Prod\",\"routes\":["
                     "{\"method\":\"GET\",\"path\":\"/a/{id}\",\"function\":\"Fn\",\"payload\":\"1.0\"},"
                     "{\"method\":\"ANY\",\"path\":\"/{rest+}\",\"function\":\"Gone\",\"authorizer\":\"A\",\"operation\":\"op\"}],"
                     "\"authorizers\":{\"A\":{\"type\":\"request\",\"function\":\"Fn\",\"payload\":\"2.0\",\"simple\":true,"
                     "\"identity\":[\"header.X\",\"querystring.Y\"]}},\"default-authorizer\":\"A\",\"binary\":[\"image/png\"],"
                     "\"cors\":{\"AllowOrigins\":[\"*\"],\"MaxAge\":5,\"AllowCredentials\":true,\"Odd\":null}},"
                     "\"ServerlessRestApi_2\":{\"type\":\"http\",\"routes\":[]}}");
}

/* What a node shares costs nothing until somebody writes it out. */
Test(project_model, a_value_that_doubles_is_not_written_out)
{
    struct model m = {.arena = &arena};
    struct err err;
    struct text t = {0};
    text_puts(&t, "a0: &a0 [x, x]\n");
    for (int i = 1; i < 60; i++)
        text_printf(&t, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
    struct model_api *api = model_add_api(&m, "A");
    api->cors = document_yaml(&arena, t.at, t.n, "x", &err);
    cr_assert_not_null(api->cors);
    cr_assert_lt(strlen(whole(&m, NULL)), 100000);
    text_done(&t);
}

Test(project_model, notes_and_files_say_where)
{
    struct model m = {.arena = &arena, .source = "template.yaml"};
    struct node where = {.source = "x.yaml", .line = 3};
    struct seen seen[] = {
        {.path = "template.yaml", .kind = SEEN_FILE, .ino = UINT64_MAX, .size = 5, .mtime_s = 1, .mtime_ns = 999999999, .ctime_s = 2},
        {.path = "samconfig.toml"}};
    struct files f = {.arena = &arena, .root = -1, .seen = seen, .n = 2};
    model_note(&m, &where, true, "%s is older than %s", "a", "b");
    model_note(&m, NULL, false, "%s", "quiet");
    cr_assert(strstr(whole(&m, &f), "\"notes\":[{\"text\":\"a is older than b\",\"loud\":true,\"source\":\"x.yaml\",\"line\":3},"
                                    "{\"text\":\"quiet\",\"loud\":false,\"source\":\"template.yaml\",\"line\":0}],"
                                    "\"files\":[[\"template.yaml\",\"file\",18446744073709551615,5,1,999999999,2,0],"
                                    "[\"samconfig.toml\",\"absent\",0,0,0,0,0,0]]"),
              "%s", printed.at);
}

Test(project_model, names_that_stand_twice_in_a_document_are_loud_notes)
{
    struct model m = {.arena = &arena, .source = "template.yaml"};
    struct files f = {.arena = &arena, .root = -1, .doubled = node_new(&arena, NODE_LIST, NULL)};
    for (int i = 0; i < 50; i++)
        node_add(&arena, f.doubled, node_new_text(&arena, "Handler", &(struct node){.source = "t.yaml", .line = 4}));
    size_t n = 0;
    for (const char *c = whole(&m, &f); (c = strstr(c, "the name Handler stands twice here: the last one holds")); c++)
        n++;
    cr_assert_eq(n, 20);
    cr_assert(strstr(printed.at, "\"loud\":true,\"source\":\"t.yaml\",\"line\":4}"));
}
