/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "base/own.h"
#include "lambda/invoke_api.h"
#include "tests/unit/wire.h"

#include <criterion/criterion.h>

/* What the last request meant; kept: it was not refused. */
static struct invoke got;
static bool kept, per_tenant, stream;
static const char *tenant;

static void on_request(void *to, struct http_request *r)
{
    (void)to;
    const char *word = strrchr(r->head.path.at, '/') + 1;
    got = (struct invoke){.stream = stream};
    kept = invoke_parse(r, word, "us-east-1", &got) && invoke_tenant(r, per_tenant, &tenant);
    if (kept)
        http_answer(r, 200, "", "", 0);
}

static const struct http_handler HANDLER = {.on_request = on_request, .body_max = INVOKE_MAX, .header_max = HEADER_MAX};

static void ask(const char *query, const char *headers, const char *body, struct text *ret)
{
    OWN_PTR char *request = xasprintf("POST /f/%s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", query, headers, strlen(body), body);
    struct wire w;
    invoke_done(&got);
    wire_open(&w, &HANDLER);
    wire_say(&w, request, ret);
    wire_close(&w);
}

Test(invoke_api, names_arns_and_qualifiers)
{
    static const struct {
        const char *query, *name, *qualifier; /* name NULL: refused */
        int status;
        const char *error;
    } ROWS[] = {
        {"fn", "fn", "", 200, NULL},
        {"a-b_c.d", "a-b_c.d", "", 200, NULL},
        {"fn:live", "fn", "live", 200, NULL},
        {"fn%3Alive", "fn", "live", 200, NULL},
        {"fn:$LATEST.PUBLISHED", "fn", "$LATEST.PUBLISHED", 200, NULL},
        {"123456789012:function:fn", "fn", "", 200, NULL},
        {"arn:aws:lambda:us-east-1:123456789012:function:fn:7", "fn", "7", 200, NULL},
        {"arn:aws:lambda:eu-west-1:123456789012:function:fn", NULL, NULL, 404, "ResourceNotFoundException"},
        {"arn:aws:lambda:us-east-12:123456789012:function:fn", NULL, NULL, 400, "ValidationException"},
        {"", NULL, NULL, 400, "ValidationException"},
        {"a%20b", NULL, NULL, 400, "ValidationException"},
        {"a%00b", NULL, NULL, 400, "ValidationException"},
        {"a%zz", NULL, NULL, 400, "ValidationException"},
        {"fn:", NULL, NULL, 400, "ValidationException"},
        {"fn?Qualifier=live", "fn", "live", 200, NULL},
        {"fn?x=1&Qualifier=live&y", "fn", "live", 200, NULL},
        {"fn?Qualifier=", "fn", "", 200, NULL},
        {"fn?MyQualifier=live", "fn", "", 200, NULL},
        {"fn:live?Qualifier=live", "fn", "live", 200, NULL},
        {"fn:live?Qualifier=test", NULL, NULL, 400, "InvalidParameterValueException"},
        {"fn?Qualifier=a%0d%0aX:y", NULL, NULL, 400, "ValidationException"},
        {"fn?Qualifier=a%00", NULL, NULL, 400, "ValidationException"},
        {"fn?Qualifier=%", NULL, NULL, 400, "ValidationException"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0};
        ask(ROWS[i].query, "", "{}", &answer);
        cr_expect(wire_status(&answer) == ROWS[i].status && kept == (ROWS[i].name != NULL), "%s: %s", ROWS[i].query, answer.at);
        OWN_PTR char *error = xasprintf("x-amzn-ErrorType: %s\r\n", ROWS[i].error ? ROWS[i].error : "");
        cr_expect(!ROWS[i].error || strstr(answer.at, error), "%s: %s", ROWS[i].query, answer.at);
        cr_expect(!kept ||
                      (strcmp(got.name.at, ROWS[i].name) == 0 && strcmp(got.qualifier.n ? got.qualifier.at : "", ROWS[i].qualifier) == 0),
                  "%s: %s", ROWS[i].query, got.name.at);
        text_done(&answer);
    }
    invoke_done(&got);
}

Test(invoke_api, names_and_qualifiers_have_a_greatest_length)
{
    enum { NAME_MAX_LENGTH = 170 };
    char query[400];
    for (size_t n = NAME_MAX_LENGTH; n <= NAME_MAX_LENGTH + 1; n++) {
        struct text answer = {0};
        memset(query, 'n', n), query[n] = 0;
        ask(query, "", "", &answer);
        cr_expect_eq(wire_status(&answer), n <= NAME_MAX_LENGTH ? 200 : 400);
        text_done(&answer);
    }
    for (size_t n = QUALIFIER_MAX; n <= QUALIFIER_MAX + 1; n++) {
        struct text answer = {0};
        strcpy(query, "fn?Qualifier=");
        memset(query + 13, 'q', n), query[13 + n] = 0;
        ask(query, "", "", &answer);
        cr_expect_eq(wire_status(&answer), n <= QUALIFIER_MAX ? 200 : 400);
        text_done(&answer);
    }
    invoke_done(&got);
}

Test(invoke_api, kinds_logs_and_payloads)
{
    static const struct {
        const char *headers, *body;
        bool stream;
        int status;
        enum invoke_kind kind;
        bool tail;
    } ROWS[] = {
        {"", "", false, 200, INVOKE_REQUEST_RESPONSE, false},
        {"X-Amz-Invocation-Type: RequestResponse\r\nX-Amz-Log-Type: Tail\r\n", "1", false, 200, INVOKE_REQUEST_RESPONSE, true},
        {"X-Amz-Invocation-Type: Event\r\nX-Amz-Log-Type: None\r\n", "1", false, 200, INVOKE_EVENT, false},
        {"X-Amz-Invocation-Type: DryRun\r\n", "1", false, 200, INVOKE_DRY_RUN, false},
        {"X-Amz-Invocation-Type: \r\nX-Amz-Log-Type: \r\n", "1", false, 200, INVOKE_REQUEST_RESPONSE, false},
        {"X-Amz-Invocation-Type: RequestResponse\r\n", "1", true, 200, INVOKE_REQUEST_RESPONSE, false},
        {"X-Amz-Invocation-Type: Event\r\n", "1", true, 400, INVOKE_REQUEST_RESPONSE, false},
        {"X-Amz-Invocation-Type: event\r\n", "1", false, 400, INVOKE_REQUEST_RESPONSE, false},
        {"X-Amz-Log-Type: tail\r\n", "1", false, 400, INVOKE_REQUEST_RESPONSE, false},
        {"", "{", false, 400, INVOKE_REQUEST_RESPONSE, false},
        {"", "\xff", false, 400, INVOKE_REQUEST_RESPONSE, false},
        {"", " ", false, 400, INVOKE_REQUEST_RESPONSE, false},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0};
        stream = ROWS[i].stream;
        ask("fn", ROWS[i].headers, ROWS[i].body, &answer);
        cr_expect_eq(wire_status(&answer), ROWS[i].status, "%zu: %s", i, answer.at);
        cr_expect(!kept || (got.kind == ROWS[i].kind && got.tail == ROWS[i].tail), "%zu", i);
        cr_expect(!kept || strcmp(got.payload.at, *ROWS[i].body ? ROWS[i].body : "{}") == 0, "%zu: %s", i, got.payload.at);
        text_done(&answer);
    }
    stream = false;
    invoke_done(&got);
}

/* The largest of both kinds, and one byte more. */
Test(invoke_api, payloads_are_bounded_by_their_kind)
{
    static const struct {
        const char *headers;
        size_t max;
        const char *text;
    } ROWS[] = {{"", INVOKE_MAX, REQUEST_TEXT},
                {"X-Amz-Invocation-Type: Event\r\n", EVENT_MAX,
                 "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        for (size_t n = ROWS[i].max; n <= ROWS[i].max + 1; n++) {
            struct wire w;
            struct text answer = {0};
            OWN_PTR char *head = xasprintf("POST /f/fn HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n\"", ROWS[i].headers, n);
            OWN_PTR char *body = xcalloc(n, 1);
            memset(body, 'x', n - 1);
            memcpy(body + n - 2, "\"", 2);
            invoke_done(&got);
            wire_open(&w, &HANDLER);
            wire_say(&w, head, &answer);
            for (size_t at = 0, piece; at < n - 1; at += piece) { /* no more at once than a socket takes */
                char kept_byte = 0;
                piece = n - 1 - at < 60000 ? n - 1 - at : 60000;
                kept_byte = body[at + piece];
                body[at + piece] = 0;
                wire_say(&w, body + at, &answer);
                body[at + piece] = kept_byte;
            }
            cr_expect_eq(wire_status(&answer), n > ROWS[i].max ? 413 : 200, "%zu: %s", n, answer.at);
            cr_expect(n > ROWS[i].max ? strstr(answer.at, ROWS[i].text) != NULL : got.payload.n == n, "%zu: %s", n, answer.at);
            text_done(&answer);
            wire_close(&w);
        }
    invoke_done(&got);
}

Test(invoke_api, a_client_context_is_base64_of_json)
{
    static const struct {
        const char *json;
        bool good;
    } ROWS[] = {{"{\"custom\": {\"a\" : 1}}", true}, {"{\n}", true}, {"", true}, {"{", false}, {"a", false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0}, header = {0};
        text_puts(&header, "X-Amz-Client-Context: ");
        base64_encode(ROWS[i].json, strlen(ROWS[i].json), &header);
        text_puts(&header, "\r\n");
        ask("fn", header.at, "{}", &answer);
        cr_expect_eq(wire_status(&answer), ROWS[i].good ? 200 : 400, "%s", ROWS[i].json);
        cr_expect(!kept || !memchr(got.client_context.n ? got.client_context.at : "", '\n', got.client_context.n));
        text_done(&answer), text_done(&header);
    }
    struct text ignored = {0};
    ask("fn", "X-Amz-Client-Context: e30\r\n", "{}", &ignored);
    cr_expect_not(kept, "without its padding");
    ask("fn", "X-Amz-Invocation-Type: Event\r\nX-Amz-Client-Context: ?\r\n", "{}", &ignored);
    cr_expect(kept && !got.client_context.n, "an event has none");
    text_done(&ignored);
    invoke_done(&got);
}

Test(invoke_api, a_client_context_has_a_greatest_length)
{
    char json[CLIENT_CONTEXT_MAX], header[CLIENT_CONTEXT_MAX + 64];
    /* 3583 is no length of base64: 3580 is the last that is, and 3584 the first beyond. */
    for (size_t n = CLIENT_CONTEXT_MAX / 4 * 3; n <= CLIENT_CONTEXT_MAX / 4 * 3 + 3; n += 3) {
        struct text encoded = {0}, answer = {0};
        memset(json, ' ', n);
        json[0] = '1';
        base64_encode(json, n, &encoded);
        snprintf(header, sizeof header, "X-Amz-Client-Context: %s\r\n", encoded.at);
        ask("fn", header, "{}", &answer);
        cr_expect_eq(kept, encoded.n <= CLIENT_CONTEXT_MAX, "%zu", encoded.n);
        text_done(&encoded), text_done(&answer);
    }
    invoke_done(&got);
}

Test(invoke_api, tenants_are_there_where_the_function_has_them)
{
    static const struct {
        bool wanted;
        const char *headers, *tenant;
        int status;
        const char *text;
    } ROWS[] = {
        {false, "", NULL, 200, ""},
        {false, "X-Amz-Tenant-Id: \r\n", NULL, 200, ""},
        {true, "X-Amz-Tenant-Id: blue\r\n", "blue", 200, ""},
        {true, "", NULL, 400, "is enabled with tenancy configuration"},
        {true, "X-Amz-Tenant-Id:\r\n", NULL, 400, "is enabled with tenancy configuration"},
        {false, "X-Amz-Tenant-Id: blue\r\n", NULL, 400, "is not enabled with tenancy configuration"},
        {true, "X-Amz-Tenant-Id: a;b\r\n", NULL, 400, "Member must satisfy regular expression pattern"},
        {true, "X-Amz-Tenant-Id: a\r\nx-amz-tenant-id: a\r\n", NULL, 400, "Member must satisfy regular expression pattern"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0};
        per_tenant = ROWS[i].wanted;
        ask("fn", ROWS[i].headers, "{}", &answer);
        cr_expect(wire_status(&answer) == ROWS[i].status && strstr(answer.at, ROWS[i].text), "%zu: %s", i, answer.at);
        text_done(&answer);
    }
    per_tenant = false;
    invoke_done(&got);
}

Test(invoke_api, each_refusal_has_its_row)
{
    for (unsigned i = 0; i < INVOKE_ERRORS; i++) {
        const struct invoke_error_row *row = &INVOKE_ERROR_ROWS[i];
        const char *mark = row->text ? strchr(row->text, '%') : NULL;
        cr_expect(row->status >= 400 && row->status < 600 && row->exception && row->message_key && row->text, "%u", i);
        cr_expect(!mark || (mark[1] == 's' && !strchr(mark + 1, '%')), "%u: one %%s at most", i);
    }
}

Test(invoke_api, every_answer_has_id_trace_and_log)
{
    struct invocation inv = {.id = "ID", .trace = "Root=1-a-b;Parent=c;Sampled=0"};
    struct text headers = {0};
    invoke_ids(&inv, &headers);
    cr_expect_str_eq(headers.at, "x-amzn-RequestId: ID\r\nX-Amzn-Trace-Id: Root=1-a-b;Sampled=0\r\n");
    headers.n = 0;
    snprintf(inv.trace, sizeof inv.trace, "Root=1-a-b");
    invoke_ids(&inv, &headers);
    cr_expect_str_eq(headers.at, "x-amzn-RequestId: ID\r\nX-Amzn-Trace-Id: Root=1-a-b\r\n");
    headers.n = 0;
    invoke_log("log\n", 4, &headers);
    cr_expect_str_eq(headers.at, "X-Amz-Log-Result: bG9nCg==\r\n");
    text_done(&headers);
}
