/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "base/own.h"
#include "lambda/api_error.h"
#include "lambda/event_stream.h"
#include "lambda/events.h"
#include "lambda/routes.h"
#include "lambda/variables.h"
#include "tests/tools/event_stream_decode.h"

#include <criterion/criterion.h>
#include <string.h>

static char *text_of(const struct event *e)
{
    struct text t = {0};
    text_puts(&t, "");
    event_text(e, &t);
    return t.at;
}

Test(events, text_lines_are_lambdas)
{
    const struct {
        struct event e;
        const char *line;
    } rows[] = {
        {{.type = EVENT_START, .request_id = "ID"}, "START RequestId: ID Version: $LATEST\n"},
        {{.type = EVENT_END, .request_id = "ID"}, "END RequestId: ID\n"},
        {{.type = EVENT_REPORT,
          .request_id = "ID",
          .duration_ms = 1.294,
          .billed_ms = 69,
          .memory_mb = 128,
          .used_mb = 35,
          .init_ms = 67.49},
         "REPORT RequestId: ID\tDuration: 1.29 ms\tBilled Duration: 69 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\tInit Duration: "
         "67.49 ms\t\n"},
        {{.type = EVENT_REPORT, .request_id = "ID", .duration_ms = 1.294, .billed_ms = 2, .memory_mb = 128, .used_mb = 35, .init_ms = -1},
         "REPORT RequestId: ID\tDuration: 1.29 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\t\n"},
        {{.type = EVENT_REPORT,
          .request_id = "ID",
          .duration_ms = 3000,
          .billed_ms = 3068,
          .memory_mb = 128,
          .used_mb = 35,
          .init_ms = 67.49,
          .status = STATUS_TIMEOUT},
         "REPORT RequestId: ID\tDuration: 3000.00 ms\tBilled Duration: 3068 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\tInit "
         "Duration: 67.49 ms\tStatus: timeout\n"},
        {{.type = EVENT_INIT_REPORT, .duration_ms = 10007.31, .status = STATUS_TIMEOUT},
         "INIT_REPORT Init Duration: 10007.31 ms\tPhase: init\tStatus: timeout\n"},
        {{.type = EVENT_INIT_REPORT,
          .duration_ms = 1.57,
          .status = STATUS_ERROR,
          .phase = PHASE_INVOKE,
          .error_type = "Runtime.InvalidEntrypoint"},
         "INIT_REPORT Init Duration: 1.57 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.InvalidEntrypoint\n"},
        {{.type = EVENT_RUNTIME_DONE}, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        OWN_PTR char *got = text_of(&rows[i].e);
        cr_expect_str_eq(got, rows[i].line);
    }
}

Test(runtime_api, error_types_are_kept_or_unknown)
{
    static const struct {
        const char *header;
        char type[32];
    } rows[] = {{"Runtime.ExitError", "Runtime.ExitError"},
                {"Function.MyError", "Function.MyError"},
                {"Function.myError", "Function.Unknown"},
                {"Function.", "Function.Unknown"},
                {"Function.A", "Function.Unknown"},
                {"Runtime.A1", "Runtime.Unknown"},
                {"Other.Error", "Runtime.Unknown"},
                {"", "Runtime.Unknown"},
                {NULL, "Runtime.Unknown"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char got[64];
        runtime_error_type(rows[i].header, got, sizeof got);
        cr_expect_str_eq(got, rows[i].type, "%s -> %s", rows[i].header, got);
    }
}

Test(variables, nothing_but_lambdas_is_set)
{
    static const char *const absent[] = {"HOME=",
                                         "USER=",
                                         "LOGNAME=",
                                         "HOSTNAME=",
                                         "SHELL=",
                                         "TERM=",
                                         "TMPDIR=",
                                         "PWD=",
                                         "SHLVL=",
                                         "AWS_EXECUTION_ENV=",
                                         "_X_AMZN_TRACE_ID=",
                                         "_LAMBDA_TELEMETRY_LOG_FD=",
                                         "AWS_LAMBDA_METADATA_API=",
                                         "AWS_LAMBDA_RUNTIME_API="};
    struct variables_input in = {.handler = "h", .name = "n", .region = "r", .log_stream = "s", .memory = 128};
    struct strv v = {0};
    variables_make(&in, &v);
    for (size_t i = 0; i < v.n; i++)
        for (size_t j = 0; j < COUNT(absent); j++)
            cr_expect(!str_begins(v.at[i], absent[j]), "%s", v.at[i]);
    strv_done(&v);
}

Test(variables, a_later_value_replaces_an_earlier_one)
{
    struct strv v = {0};
    variables_set(&v, xstrdup("AA=1"));
    variables_set(&v, xstrdup("AAB=2"));
    variables_set(&v, xstrdup("AA=3"));
    cr_expect_eq(v.n, 2);
    cr_expect_str_eq(v.at[0], "AA=3");
    strv_done(&v);
}

static char *hex_of(const struct text *t)
{
    struct text out = {0};
    text_puts(&out, "");
    for (size_t i = 0; i < t->n; i++)
        text_printf(&out, "%02x", (unsigned char)t->at[i]);
    return out.at;
}

/* Vectors that AWS's JavaScript client was seen to decode. */
Test(event_stream, frames_are_those_clients_decode)
{
    struct text chunk = {0}, log = {0}, end = {0};
    event_stream_chunk("hello", 5, &chunk);
    event_stream_complete(NULL, NULL, "log", 3, &log);
    event_stream_complete(NULL, NULL, NULL, 0, &end);
    OWN_PTR char *a = hex_of(&chunk), *b = hex_of(&log), *c = hex_of(&end);
    cr_expect_str_eq(a, "0000006f0000005af5fe871f0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000c5061796c6f616443"
                        "68756e6b0d3a636f6e74656e742d74797065070018"
                        "6170706c69636174696f6e2f6f637465742d73747265616d68656c6c6f4fe061f2");
    cr_expect_str_eq(b, "0000007800000054c086e18a0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000e496e766f6b65436f"
                        "6d706c6574650d3a636f6e74656e742d74797065070010"
                        "6170706c69636174696f6e2f6a736f6e7b224c6f67526573756c74223a226247396e227d8ecdc304");
    cr_expect_str_eq(c, "00000066000000541f56c8690d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000e496e766f6b65436f"
                        "6d706c6574650d3a636f6e74656e742d74797065070010"
                        "6170706c69636174696f6e2f6a736f6e7b7dface259a");
    text_done(&chunk), text_done(&log), text_done(&end);
}

Test(event_stream, what_is_encoded_is_decoded_and_nothing_else)
{
    struct text frames = {0};
    char type[32];
    const unsigned char *payload;
    size_t size;
    event_stream_chunk("0123456789", 10, &frames);
    cr_assert_eq(event_stream_decode(frames.at, frames.n, type, sizeof type, &payload, &size), (long)frames.n);
    cr_expect_str_eq(type, "PayloadChunk");
    cr_expect(size == 10 && memcmp(payload, "0123456789", 10) == 0);
    for (size_t i = 0; i < frames.n; i++) {
        cr_expect_eq(event_stream_decode(frames.at, i, type, sizeof type, &payload, &size), 0, "cut at %zu", i);
        frames.at[i] ^= 1;
        cr_expect_eq(event_stream_decode(frames.at, frames.n, type, sizeof type, &payload, &size), -1, "bit of %zu", i);
        frames.at[i] ^= 1;
    }
    text_done(&frames);
}

Test(base64, goes_both_ways_and_strictly)
{
    static const char *const rows[][2] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                          {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"}};
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Z===", "Zg==x", "Z g=", "@@@@", "Zm9vZg==Zm9v"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text encoded = {0}, decoded = {0};
        text_puts(&encoded, ""), text_puts(&decoded, "");
        base64_encode(rows[i][0], strlen(rows[i][0]), &encoded);
        cr_expect_str_eq(encoded.at, rows[i][1]);
        cr_expect(base64_decode(rows[i][1], strlen(rows[i][1]), &decoded));
        cr_expect_str_eq(decoded.at, rows[i][0]);
        text_done(&encoded), text_done(&decoded);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct text t = {0};
        cr_expect_not(base64_decode(bad[i], strlen(bad[i]), &t), "%s", bad[i]);
        text_done(&t);
    }
}

Test(routes, a_star_is_one_segment)
{
    static const struct route table[] = {{"POST", "/a/*/b", NULL}, {"GET", "/a/x/b", NULL}, {"GET", "/c", NULL}};
    const struct route_table t = {table, COUNT(table), NULL};
    static const struct {
        const char *method, *path, *word, *allow;
        int found;
    } rows[] = {{"POST", "/a/1/b", "1", NULL, 0},  {"GET", "/a/x/b", NULL, "POST", 1},   {"GET", "/a/y/b", NULL, "POST", -1},
                {"POST", "/a//b", NULL, NULL, -1}, {"POST", "/a/1/2/b", NULL, NULL, -1}, {"GET", "/c", NULL, NULL, 2},
                {"GET", "/c/", NULL, NULL, -1},    {"PUT", "/c", NULL, "GET", -1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *service;
        OWN_PTR char *word = NULL;
        const char *allow;
        const struct route *got = route_find(&t, 1, rows[i].method, rows[i].path, &service, &word, &allow);
        cr_expect_eq(got ? (int)(got - table) : -1, rows[i].found, "%s", rows[i].path);
        cr_expect(rows[i].word ? word && strcmp(word, rows[i].word) == 0 : !word);
        cr_expect(rows[i].found >= 0 || (rows[i].allow ? allow && strcmp(allow, rows[i].allow) == 0 : !allow));
    }
}
