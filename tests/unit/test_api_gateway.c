/* SPDX-License-Identifier: Apache-2.0 */
/* Routes, expressions, policies and answers of APIs, without a server. */
#include "base/json.h"
#include "base/own.h"
#include "lambda/api_authorizer.h"

#include <criterion/criterion.h>
#include <string.h>

static void add_route(struct api *api, const char *method, const char *path)
{
    api->routes = xrealloc(api->routes, api->route_n + 1, sizeof *api->routes);
    api->routes[api->route_n++] =
        (struct api_route){.method = xstrdup(method), .path = xstrdup(path), .format_2 = api->type == API_HTTP, .authorizer = -1};
}

static struct api api_of(enum api_type type, const char *stage)
{
    static const char *const PATHS[] = {"/", "/a", "/a/{id}", "/a/b/{id}", "/{x}/b/c", "/a/{rest+}"};
    struct api api = {.name = xstrdup("A"), .stage = xstrdup(stage), .type = type};
    for (size_t i = 0; i < COUNT(PATHS); i++)
        add_route(&api, "GET", PATHS[i]);
    add_route(&api, "ANY", "/a");
    add_route(&api, "POST", "/a/{rest+}");
    return api;
}

Test(api_gateway, a_request_has_the_closest_route)
{
    static const struct {
        const char *method, *path, *rest, *http; /* NULL: none */
    } ROWS[] = {
        {"GET", "/", "/", "/"},
        {"GET", "/a", "/a", "/a"},
        {"PUT", "/a", "/a", "/a"},
        {"GET", "/a/", "/a", NULL},
        {"GET", "/a/1", "/a/{id}", "/a/{id}"},
        {"GET", "/a/b", "/a/{id}", "/a/{id}"},
        {"GET", "/a/b/c", "/a/b/{id}", "/a/b/{id}"},
        {"GET", "/z/b/c", "/{x}/b/c", "/{x}/b/c"},
        {"GET", "/a/z/c", "/a/{rest+}", "/a/{rest+}"},
        {"GET", "/%61/1", "/a/{id}", "/a/{id}"},
        {"GET", "/a%2F1", NULL, NULL},
        {"POST", "/a/1", NULL, "/a/{rest+}"},
        {"POST", "/a/1/2", "/a/{rest+}", "/a/{rest+}"},
        {"DELETE", "/a/1", NULL, NULL},
        {"GET", "/stage/a/1", "/a/{id}", "/a/{id}"},
        {"GET", "/stage", "/", "/"},
        {"GET", "/stagea", NULL, NULL},
        {"GET", "", NULL, NULL},
        {"OPTIONS", "*", NULL, NULL},
    };
    for (int type = API_REST; type <= API_HTTP; type++) {
        struct api api = api_of((enum api_type)type, "stage");
        for (size_t i = 0; i < COUNT(ROWS); i++) {
            const char *expected = type == API_REST ? ROWS[i].rest : ROWS[i].http;
            struct api_match m;
            api_find(&api, 1, ROWS[i].method, ROWS[i].path, &m);
            cr_expect(expected ? m.route && strcmp(m.route->path, expected) == 0 : !m.route, "%d %s %s: %s", type, ROWS[i].method,
                      ROWS[i].path, m.route ? m.route->path : "none");
            api_match_done(&m);
        }
        api_done(&api);
    }
}

Test(api_gateway, parameters_are_json_whatever_the_path_holds)
{
    static const struct {
        const char *path, *rest, *http;
    } ROWS[] = {
        {"/a/x%20\"", "{\"id\":\"x%20\\\"\"}", "{\"id\":\"x \\\"\"}"},
        {"/a/%00", "{\"id\":\"%00\"}", "{\"id\":\"\\u0000\"}"},
        {"/a/%zz", "{\"id\":\"%zz\"}", "{\"id\":\"%zz\"}"},
        {"/a/1/2%2F3", "{\"rest\":\"1/2%2F3\"}", "{\"rest\":\"1/2/3\"}"},
        {"/a", "", ""},
    };
    for (int type = API_REST; type <= API_HTTP; type++) {
        struct api api = api_of((enum api_type)type, "$default");
        for (size_t i = 0; i < COUNT(ROWS); i++) {
            struct api_match m;
            api_find(&api, 1, "GET", ROWS[i].path, &m);
            cr_expect_str_eq(m.parameters.n ? m.parameters.at : "", type == API_REST ? ROWS[i].rest : ROWS[i].http);
            api_match_done(&m);
        }
        api_done(&api);
    }
}

Test(api_gateway, expressions_of_java_are_read_or_not_at_all)
{
    static const struct {
        const char *java, *fits, *other; /* fits NULL: it cannot be read */
    } ROWS[] = {
        {"^Bearer [-0-9a-zA-z\\.]*$", "Bearer ab.c-d", "Basic x"},
        {"Bearer .*", "Bearer x", "no Bearer x"},
        {"a|b", "b", "bc"},
        {"\\d{3}-\\D", "123-x", "12-x"},
        {"[\\w.\\-]+@x", "a_b.c-d@x", "a b@x"},
        {"(?:ab)+?c", "ababc", "c"},
        {"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "01234567-89ab-cdef-0123-456789abcdef", "01234567"},
        {"a{2,}", "aa", "a"},
        {"[\\s\\d]x", " x", "xx"},
        {"(((a{255}){255}){255})", NULL, NULL},
        {"a{9999}", NULL, NULL},
        {"(((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+", NULL, NULL},
        {"a++", NULL, NULL},
        {"a+*", NULL, NULL},
        {"(?i)a", NULL, NULL},
        {"(?=a)", NULL, NULL},
        {"(a)\\1", NULL, NULL},
        {"\\Qa\\E", NULL, NULL},
        {"[a[b]]", NULL, NULL},
        {"[a", NULL, NULL},
        {"(a", NULL, NULL},
        {"a)", NULL, NULL},
        {"a{2", NULL, NULL},
        {"a\\", NULL, NULL},
        {"((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        regex_t *e = api_expression(ROWS[i].java);
        cr_expect_eq(e != NULL, ROWS[i].fits != NULL, "%s", ROWS[i].java);
        cr_expect(!e || !ROWS[i].fits || (regexec(e, ROWS[i].fits, 0, NULL, 0) == 0 && regexec(e, ROWS[i].other, 0, NULL, 0) != 0), "%s",
                  ROWS[i].java);
        if (e)
            regfree(e);
        free(e);
    }
}

#define STATEMENT(effect, resource) "{\"Effect\":\"" effect "\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"" resource "\"}"
#define POLICY(statements) "{\"principalId\":\"p\",\"policyDocument\":{\"Statement\":[" statements "]}}"

Test(api_gateway, deny_wins_and_nothing_is_allowed_by_what_does_not_fit)
{
    static const struct {
        const char *payload;
        enum api_verdict verdict;
    } ROWS[] = {
        {POLICY(STATEMENT("Allow", "*")), VERDICT_ALLOWED},
        {POLICY(STATEMENT("Allow", "arn:x/GET/*")), VERDICT_ALLOWED},
        {POLICY(STATEMENT("Allow", "arn:x/G?T/?")), VERDICT_ALLOWED},
        {POLICY(STATEMENT("Allow", "arn:x/*/*")), VERDICT_ALLOWED},
        {POLICY(STATEMENT("Allow", "arn:x/GET/a?")), VERDICT_DENIED},
        {POLICY(STATEMENT("Allow", "arn:x/GET/A")), VERDICT_DENIED},
        {POLICY(STATEMENT("Allow", "arn:x/GET")), VERDICT_DENIED},
        {POLICY(STATEMENT("Allow", "")), VERDICT_DENIED},
        {POLICY(""), VERDICT_DENIED},
        {POLICY(STATEMENT("Allow", "*") "," STATEMENT("Deny", "*/a")), VERDICT_DENIED_EXPLICITLY},
        {POLICY(STATEMENT("Deny", "*") "," STATEMENT("Allow", "*")), VERDICT_DENIED_EXPLICITLY},
        {POLICY(STATEMENT("Allow", "*") "," STATEMENT("Deny", "*/b")), VERDICT_ALLOWED},
        {"{\"principalId\":\"p\",\"policyDocument\":{\"Statement\":5}}", VERDICT_UNUSABLE},
        {"{\"policyDocument\":{\"Statement\":[]}}", VERDICT_UNUSABLE},
        {"{\"isAuthorized\":true}", VERDICT_UNUSABLE},
        {"", VERDICT_UNUSABLE},
    };
    struct api api = api_of(API_REST, "Prod");
    const struct api_authorizer a = {.type = AUTHORIZER_TOKEN};
    struct api_match m;
    api_find(&api, 1, "GET", "/a", &m);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text context = {0};
        const char *why;
        cr_expect_eq(api_verdict(&m, &a, "arn:x/GET/a", ROWS[i].payload, strlen(ROWS[i].payload), &context, &why), ROWS[i].verdict, "%s",
                     ROWS[i].payload);
        cr_expect(ROWS[i].verdict != VERDICT_ALLOWED || strcmp(context.at, "\"authorizer\":{\"principalId\":\"p\"}") == 0);
        text_done(&context);
    }
    api_match_done(&m);
    api_done(&api);
}

Test(api_gateway, each_error_has_aws_words_for_both_kinds)
{
    for (int i = 0; i < API_ERRORS; i++)
        for (int type = API_REST; type <= API_HTTP; type++) {
            struct slice top;
            const struct api_error_row *row = &API_ERROR_ROWS[i][type];
            cr_expect(row->status >= 400 && json_read(row->body, strlen(row->body), &top) && json_find(top, "message").n, "%d %d", i, type);
        }
    cr_expect(API_REST_MS == 29000 && API_HTTP_MS == 30000 && API_BODY_MAX == 10 << 20);
}
