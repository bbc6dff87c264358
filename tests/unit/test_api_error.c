/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/api_error.h"
#include "lambda/late.h"
#include "tests/unit/wire.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(api_error, error_types_are_kept_or_unknown)
{
    static const struct {
        const char *header;
        char type[32];
    } rows[] = {{"Runtime.ExitError", "Runtime.ExitError"},
                {"Function.MyError", "Function.MyError"},
                {"Function.AB", "Function.AB"},
                {"Function.myError", "Function.Unknown"},
                {"Function.", "Function.Unknown"},
                {"Function.A", "Function.Unknown"},
                {"Runtime.A1", "Runtime.Unknown"},
                {"Runtime.A.B", "Runtime.Unknown"},
                {"Runtime.Ab\x1b", "Runtime.Unknown"},
                {"Other.Error", "Runtime.Unknown"},
                {"function.MyError", "Runtime.Unknown"},
                {"Function", "Runtime.Unknown"},
                {"", "Runtime.Unknown"},
                {NULL, "Runtime.Unknown"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char got[64];
        runtime_error_type(rows[i].header, got, sizeof got);
        cr_expect_str_eq(got, rows[i].type, "%s -> %s", rows[i].header, got);
    }
    char small[10];
    runtime_error_type("Function.MyError", small, sizeof small);
    cr_expect_str_eq(small, "Function.");
}

Test(api_error, of_an_error_with_its_cause_the_invoker_gets_what_is_his)
{
    static char CAUSE[] = "application/vnd.aws.lambda.error.cause+json", JSON[] = "application/json";
    static const struct {
        char *type;
        const char *body, *left;
    } ROWS[] = {{CAUSE, "{\"errorCause\":{},\"errorType\":\"T\",\"errorMessage\":\"m\"}", "{\"errorMessage\":\"m\",\"errorType\":\"T\"}"},
                {CAUSE, "{\"stackTrace\":[ 1 ],\"working_directory\":\"/\"}", "{\"stackTrace\":[ 1 ]}"},
                {CAUSE, "{}", "{}"},
                {CAUSE, "", "\"Invalid error body\""},
                {CAUSE, "[1]", "\"Invalid error body\""},
                {CAUSE, "{\"errorType\":", "\"Invalid error body\""},
                {JSON, "{\"errorCause\":{}}", "{\"errorCause\":{}}"},
                {NULL, "x", "x"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct http_request r = {.too_large = false};
        if (ROWS[i].type)
            strv_add(&r.head.headers, xstrdup("content-type")), strv_add(&r.head.headers, xstrdup(ROWS[i].type));
        text_puts(&r.body, ROWS[i].body);
        api_strip_cause(&r);
        cr_expect_str_eq(r.body.at, ROWS[i].left);
        text_done(&r.body), strv_done(&r.head.headers);
    }
}

static struct late_ids ids;
static unsigned first;

static void on_request(void *to, struct http_request *r)
{
    const char *path = r->head.path.at;
    (void)to;
    if (strcmp(path, "/error") == 0) {
        api_error(r, 403, "Some.Type", "the \"message\"");
    } else if (strcmp(path, "/nul") == 0) {
        static char NUL[] = "a\0b";
        const struct text message = {.at = NUL, .n = 3};
        api_error_text(r, 403, "Some.Type", &message);
    } else if (strcmp(path, "/telemetry") == 0) {
        telemetry_error(r, 400, "Some.Type", "why");
    } else if (strcmp(path, "/accept") == 0) {
        struct text body = api_accept(r);
        cr_expect_str_eq(body.at, "kept");
        text_done(&body);
    } else {
        first += late_refuse(&ids, r, path + 1);
    }
}

static const struct http_handler HANDLER = {.on_request = on_request, .body_max = 100, .header_max = 1000};

Test(api_error, is_said_as_these_apis_do)
{
    static const struct {
        const char *request;
        int status;
        const char *body;
    } ROWS[] = {{"GET /error HTTP/1.1\r\n\r\n", 403, "{\"errorMessage\":\"the \\\"message\\\"\",\"errorType\":\"Some.Type\"}\n"},
                {"GET /nul HTTP/1.1\r\n\r\n", 403, "{\"errorMessage\":\"a\\u0000b\",\"errorType\":\"Some.Type\"}\n"},
                {"GET /telemetry HTTP/1.1\r\n\r\n", 400, "{\"errorType\":\"Some.Type\",\"errorMessage\":\"why\"}\n"},
                {"POST /accept HTTP/1.1\r\nContent-Length: 4\r\n\r\nkept", 202, "{\"status\":\"OK\"}\n"}};
    struct wire w;
    wire_open(&w, &HANDLER);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0};
        wire_say(&w, ROWS[i].request, &answer);
        cr_expect_eq(wire_status(&answer), ROWS[i].status);
        cr_expect_str_eq(wire_body(&answer), ROWS[i].body);
        cr_expect(strstr(answer.at, "Content-Type: application/json\r\n"), "%s", answer.at);
        text_done(&answer);
    }
    wire_close(&w);
}

/* How the request of this id is refused, and whether that was for the first time. */
static int refused(struct wire *w, const char *id, unsigned *ret_first)
{
    OWN_PTR char *request = xasprintf("GET /%s HTTP/1.1\r\n\r\n", id);
    struct text answer = {0};
    first = 0;
    wire_say(w, request, &answer);
    const int status = wire_status(&answer);
    *ret_first = first;
    text_done(&answer);
    return status;
}

Test(late, answers_are_refused_by_how_their_invocation_ended_and_told_once)
{
    enum { KEPT = COUNT(ids.at) };
    struct wire w;
    char id[UUID_SIZE];
    unsigned told;
    ids = (struct late_ids){.n = 0};
    wire_open(&w, &HANDLER);
    cr_expect(refused(&w, "never", &told) == 400 && !told);
    late_add(&ids, "slow", true);
    late_add(&ids, "over", false);
    cr_expect(refused(&w, "slow", &told) == 410 && told == 1);
    cr_expect(refused(&w, "slow", &told) == 410 && told == 0);
    cr_expect(refused(&w, "over", &told) == 400 && told == 1);
    cr_expect(refused(&w, "over", &told) == 400 && told == 0);
    for (unsigned i = 0; i < KEPT - 1; i++) {
        snprintf(id, sizeof id, "id-%u", i);
        late_add(&ids, id, true);
    }
    cr_expect(refused(&w, "slow", &told) == 400 && refused(&w, "over", &told) == 400 && refused(&w, "id-0", &told) == 410, "the last 32");
    late_add(&ids, "one more", true);
    cr_expect(refused(&w, "over", &told) == 400 && refused(&w, "id-0", &told) == 410 && refused(&w, "id-30", &told) == 410);
    late_add(&ids, "and more", true);
    cr_expect(refused(&w, "id-0", &told) == 400);
    wire_close(&w);
}
