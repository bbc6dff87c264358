/* SPDX-License-Identifier: Apache-2.0 */
/* api.c: any bytes as a path, an expression, and what a function or an authorizer behind an API answered. Line 1: path; line 2: expression;
 * the rest is the answer. */
#include "lambda/api_authorizer.h"

#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct api_route route(const char *path, bool format_2)
{
    return (struct api_route){
        .method = xstrdup("ANY"), .path = xstrdup(path), .function = xstrdup("F"), .format_2 = format_2, .authorizer = -1};
}

static void make(struct api *api, enum api_type type, bool format_2)
{
    *api = (struct api){.name = xstrdup("A"), .stage = xstrdup("Prod"), .type = type};
    api->routes = xcalloc(3, sizeof *api->routes);
    api->routes[api->route_n++] = route("/a/{id}", format_2);
    api->routes[api->route_n++] = route("/{all+}", format_2);
    api->routes[api->route_n++] = route(type == API_HTTP ? "$default" : "/", format_2);
    strv_add(&api->binary, xstrdup("*/*"));
}

/* JSON that goes into an event must be JSON. */
static void check(const struct text *members)
{
    struct text whole = {0};
    struct slice top;
    text_printf(&whole, "{%s}", members->n ? members->at : "");
    if (strlen(whole.at) == members->n + 2 && !json_read(whole.at, whole.n, &top))
        abort();
    text_done(&whole);
}

static void answer(const struct api *api, const char *path, const char *payload, size_t n)
{
    static const bool SIMPLE[] = {false, true};
    struct api_match m;
    struct slice top;
    const char *why;
    api_find(api, 1, "GET", path, &m);
    if (m.parameters.n && !json_read(m.parameters.at, m.parameters.n, &top))
        abort();
    for (size_t i = 0; m.route && i < 2; i++) {
        struct api_authorizer a = {.type = AUTHORIZER_REQUEST, .format_2 = true, .simple = SIMPLE[i]};
        struct text context = {0};
        if (api_verdict(&m, &a, "arn:aws:execute-api:r:1:2/Prod/GET/a", payload, n, &context, &why) == VERDICT_ALLOWED)
            check(&context);
        text_done(&context);
    }
    struct http_request r = {.owner = NULL};
    struct url_answer out = {.status = 0};
    if (m.route && api_infer(&m, &r, payload, n, &out, &why) &&
        (out.status < 200 || strstr(out.headers.at, "\n\n") || strlen(out.headers.at) != out.headers.n))
        abort();
    url_answer_done(&out);
    api_verdict_of_error(api, payload, n);
    api_match_done(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct api apis[3];
    if (!apis[0].name) {
        make(&apis[0], API_REST, false);
        make(&apis[1], API_HTTP, false);
        make(&apis[2], API_HTTP, true);
    }
    char *text = xcalloc(size + 1, 1);
    memcpy(text, data, size);
    char *second = memchr(text, '\n', size), *third = second ? memchr(second + 1, '\n', size - (size_t)(second + 1 - text)) : NULL;
    if (third) {
        *second = *third = 0;
        regex_t *expression = api_expression(second + 1);
        if (expression) {
            regexec(expression, text, 0, NULL, 0);
            regfree(expression);
            free(expression);
        }
        for (size_t i = 0; i < 3; i++)
            answer(&apis[i], text, third + 1, size - (size_t)(third + 1 - text));
    }
    free(text);
    return 0;
}
