/* SPDX-License-Identifier: Apache-2.0 */
/* api_error.c: answers that all APIs inside the sandbox have in common: errors, "accepted", 404 and 405, and the checks of an error
 * that a runtime reports. Which requests are refused, and when, is decided in each API's file; the Invoke API's errors, which clients
 * outside see, are invoke_api.c's. The order of the members, the newline at the end and the texts are AWS's. */
#include "lambda/api_error.h"

#include "base/json.h"
#include "base/own.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const char API_JSON[] = "Content-Type: application/json\r\n";
const char API_ACCEPTED[] = "{\"status\":\"OK\"}\n";

struct pair {
    const char *key, *value;
    size_t n;
};

/* The Telemetry API has the type before the message, the others after it. */
static void answer(struct http_request *r, int status, const struct pair pairs[2])
{
    struct text body = {0};
    json_open(&body, '{');
    for (int i = 0; i < 2; i++)
        json_put_n(&body, pairs[i].key, pairs[i].value, pairs[i].n);
    json_close(&body, '}');
    text_puts(&body, "\n");
    http_answer(r, status, API_JSON, body.at, body.n);
    text_done(&body);
}

void api_error(struct http_request *r, int status, const char *type, const char *message)
{
    answer(r, status, (struct pair[]){{"errorMessage", message, strlen(message)}, {"errorType", type, strlen(type)}});
}

void api_error_text(struct http_request *r, int status, const char *type, const struct text *message)
{
    answer(r, status, (struct pair[]){{"errorMessage", message->at, message->n}, {"errorType", type, strlen(type)}});
}

void telemetry_error(struct http_request *r, int status, const char *type, const char *message)
{
    answer(r, status, (struct pair[]){{"errorType", type, strlen(type)}, {"errorMessage", message, strlen(message)}});
}

void api_route(const struct route_table *tables, size_t n, struct http_request *r)
{
    static const char NOT_FOUND[] = "404 page not found\n";
    OWN_PTR char *word = NULL;
    const char *allow;
    void *service = NULL;
    const struct route *route = route_find(tables, n, r->head.method, r->head.path.at, &service, &word, &allow);
    if (route) {
        route->run(service, r, word);
    } else if (allow) {
        OWN_PTR char *header = xasprintf("Allow: %s\r\n", allow);
        http_answer(r, 405, header, "", 0);
    } else {
        http_answer(r, 404, "Content-Type: text/plain; charset=utf-8\r\n", NOT_FOUND, sizeof NOT_FOUND - 1);
    }
}

void runtime_error_type(const char *header, char *ret, size_t size)
{
    const char *name = header ? strchr(header, '.') : NULL;
    bool function = header && str_begins(header, "Function."), runtime = header && str_begins(header, "Runtime.");
    bool good = (function || runtime) && isupper((unsigned char)name[1]) && name[2];
    for (const char *c = good ? name + 1 : ""; *c; c++)
        good = good && isalpha((unsigned char)*c);
    snprintf(ret, size, "%s", good ? header : function ? "Function.Unknown" : "Runtime.Unknown");
}

/* On Lambda the cause goes to X-Ray, which lrun lacks. The invoker gets the other three members. */
void api_strip_cause(struct http_request *r)
{
    static const char *const KEPT[] = {"errorMessage", "errorType", "stackTrace", NULL};
    const char *type = http_header(r, "Content-Type");
    struct text picked = {0};
    struct slice top;
    if (!type || strcasecmp(type, "application/vnd.aws.lambda.error.cause+json") != 0)
        return;
    if (!json_read(r->body.at, r->body.n, &top) || !json_pick(top, KEPT, &picked))
        text_puts(&picked, "\"Invalid error body\"");
    text_done(&r->body);
    r->body = picked;
}

/* 202, and the body is the caller's. */
struct text api_accept(struct http_request *r)
{
    struct text body = r->body;
    r->body = (struct text){0};
    http_answer(r, 202, API_JSON, API_ACCEPTED, strlen(API_ACCEPTED));
    return body;
}
