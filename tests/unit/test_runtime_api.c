/* SPDX-License-Identifier: Apache-2.0 */
/* States of a runtime, and what each request leads to: through the server, as a runtime speaks. What travels is in tests/cli. */
#include "base/own.h"
#include "lambda/api_error.h"
#include "lambda/runtime_api.h"
#include "tests/unit/wire.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define API "/2018-06-01/runtime"
#define ID(n) "00000000-0000-4000-8000-00000000000" #n

static struct runtime_api *api;
static struct wire wire;
static struct text
    told; /* what the owner was told, a letter each: Next, Response, Error, Init error, too Large, truncated, Stream, Piece, laTe */
static struct invocation events[3] = {{.id = ID(1), .trace = "t", .arn = "a", .event = "{}", .event_size = 2},
                                      {.id = ID(2), .trace = "t", .arn = "a", .event = "{}", .event_size = 2},
                                      {.id = ID(3), .trace = "t", .arn = "a", .event = "{}", .event_size = 2}};

static void on_next(void *to)
{
    (void)to;
    text_puts(&told, "N");
}
static void on_response(void *to, struct invocation *inv, struct text *body)
{
    (void)to;
    text_printf(&told, "R%c(%s)", inv->id[35], body->at ? body->at : "");
}
static void on_error(void *to, struct invocation *inv, const char *type, struct text *body)
{
    (void)to;
    text_printf(&told, "E%c(%s,%s)", inv->id[35], type, body->at ? body->at : "");
}
static void on_init_error(void *to, const char *type, struct text *body)
{
    (void)to;
    text_printf(&told, "I(%s,%s)", type, body->at ? body->at : "");
}
static void on_too_large(void *to, struct invocation *inv, uint64_t size)
{
    (void)to;
    text_printf(&told, "L%c(%ju)", inv->id[35], (uintmax_t)size);
}
static void on_truncated(void *to, struct invocation *inv)
{
    (void)to;
    text_printf(&told, "U%c", inv->id[35]);
}
static void on_stream(void *to, struct invocation *inv, const char *type, struct http_request *from)
{
    (void)to, (void)from;
    text_printf(&told, "S%c(%s)", inv->id[35], type ? type : "");
}
static void on_piece(void *to, struct invocation *inv, const char *bytes, size_t n)
{
    (void)to;
    text_printf(&told, "P%c(%.*s)", inv->id[35], (int)n, bytes);
}
static void on_late(void *to, const char *id)
{
    (void)to;
    text_printf(&told, "T%c", id[35]);
}

static void on_headers(void *to, struct http_request *r)
{
    (void)to;
    runtime_api_headers(api, r);
}
static void on_request(void *to, struct http_request *r)
{
    const struct route_table t = runtime_api_routes(api);
    (void)to;
    runtime_api_note_client(api, r);
    api_route(&t, 1, r);
}
static void on_gone(void *to, struct http_request *r)
{
    (void)to;
    runtime_api_gone(api, r);
}

static void start(unsigned capacity)
{
    static const struct runtime_owner OWNER = {NULL,         on_next,      on_response, on_error, on_init_error,
                                               on_too_large, on_truncated, on_stream,   on_piece, on_late};
    static const struct http_handler HANDLER = {
        .on_headers = on_headers, .on_request = on_request, .on_gone = on_gone, .body_max = 64, .header_max = 1000};
    for (size_t i = 0; i < COUNT(events); i++)
        events[i].streaming = false;
    api = runtime_api_new(&OWNER, capacity);
    wire_open(&wire, &HANDLER);
    text_puts(&told, "");
}

static void end(void)
{
    wire_close(&wire);
    runtime_api_done(api);
    text_done(&told);
}

/* Steps, a letter each; what the runtime says, and what comes back:
 *   n next   r response   e error   i init/error   with the event's number behind it where there is one
 *   o an event is on offer   f the supervisor forgets one   t the same, its time was up   z reset   c close   w a new connection */
struct step {
    const char *does;
    int status; /* of the answer; 0: none yet */
};

static int take_step(const char *does)
{
    static const char *const PATHS[][2] = {{"n", "GET " API "/invocation/next"}, {"i", "POST " API "/init/error"}};
    struct text answer = {0};
    struct invocation *inv = does[1] ? &events[does[1] - '1'] : NULL;
    OWN_PTR char *request = NULL;
    switch (does[0]) {
    case 'o': runtime_api_invoke(api, inv); break;
    case 'f': runtime_api_forget(api, inv, false); break;
    case 't': runtime_api_forget(api, inv, true); break;
    case 'z': runtime_api_reset(api); break;
    case 'c': runtime_api_close(api); break;
    case 'w': close(wire.fd), wire_connect(&wire); break;
    case 'r':
    case 'e':
        request = xasprintf("POST " API "/invocation/%s/%s HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", inv ? inv->id : "none",
                            does[0] == 'r' ? "response" : "error");
        break;
    default: request = xasprintf("%s HTTP/1.1\r\nContent-Length: 0\r\n\r\n", PATHS[does[0] == 'i'][1]);
    }
    wire_say(&wire, request ? request : "", &answer);
    const int status = wire_status(&answer);
    text_done(&answer);
    return status;
}

/* Each is a life, and what its owner is told of it. */
Test(runtime_api, one_event_at_a_time)
{
    static const struct {
        struct step steps[9];
        const char *told;
    } LIVES[] = {
        {{{"o1", 0}, {"n", 200}, {"r1", 202}, {"o2", 0}, {"n", 200}, {"e2", 202}}, "NR1(hi)NE2(Runtime.Unknown,hi)"},
        {{{"n", 0}, {"o1", 200}, {"r1", 202}, {"n", 0}}, "NR1(hi)N"},
        {{{"o1", 0}, {"n", 200}, {"n", 200}, {"r1", 202}}, "NR1(hi)"},               /* a client that lost the answer asks again */
        {{{"r1", 400}, {"n", 0}}, "N"},                                              /* nothing was handed out */
        {{{"o1", 0}, {"n", 200}, {"r2", 400}, {"r1", 202}}, "NR1(hi)"},              /* another's */
        {{{"o1", 0}, {"n", 200}, {"r1", 202}, {"r1", 403}, {"e1", 403}}, "NR1(hi)"}, /* twice */
        {{{"i", 202}, {"n", 403}, {"i", 403}}, "I(Runtime.Unknown,)"},               /* after init/error nothing is given */
        {{{"o1", 0}, {"n", 200}, {"i", 403}, {"r1", 202}, {"i", 403}}, "NR1(hi)"},   /* init is over */
        {{{"i", 202}, {"z", 0}, {"o1", 0}, {"n", 200}}, "I(Runtime.Unknown,)N"},
        {{{"o1", 0}, {"n", 200}, {"t1", 0}, {"r1", 410}, {"r1", 410}, {"o2", 0}, {"n", 200}}, "NT1N"}, /* late, told once */
        {{{"o1", 0}, {"n", 200}, {"f1", 0}, {"r1", 400}, {"n", 0}}, "NT1N"},
        {{{"o1", 0}, {"f1", 0}, {"n", 0}, {"o2", 200}}, "N"}, /* taken back before it was given */
        {{{"c", 0}, {"o1", 0}, {"n", 0}, {"z", 0}, {"w", 0}, {"o1", 0}, {"n", 200}}, "NN"},
        {{{"n", 0}, {"w", 0}, {"o1", 0}, {"n", 200}, {"r1", 202}}, "NNR1(hi)"}, /* whoever waited is gone */
    };
    for (size_t i = 0; i < COUNT(LIVES); i++) {
        start(1);
        for (size_t k = 0; k < COUNT(LIVES[i].steps) && LIVES[i].steps[k].does; k++)
            cr_expect_eq(take_step(LIVES[i].steps[k].does), LIVES[i].steps[k].status, "life %zu, step %zu", i, k);
        cr_expect_str_eq(told.at, LIVES[i].told);
        end();
    }
}

Test(runtime_api, several_events_at_once_are_matched_by_id)
{
    static const struct step STEPS[] = {{"o1", 0}, {"o2", 0},  {"n", 200},  {"n", 200},  {"r2", 202}, {"r2", 400},
                                        {"o3", 0}, {"n", 200}, {"e1", 202}, {"r3", 202}, {"n", 0}};
    start(4);
    for (size_t i = 0; i < COUNT(STEPS); i++)
        cr_expect_eq(take_step(STEPS[i].does), STEPS[i].status, "step %zu", i);
    cr_expect_str_eq(told.at, "NNR2(hi)NE1(Runtime.Unknown,hi)R3(hi)N");
    end();
}

Test(runtime_api, what_the_owner_may_ask)
{
    start(1);
    cr_expect(!runtime_api_waiting(api) && !runtime_api_running(api, &events[0]) && !*runtime_api_client(api));
    take_step("n");
    cr_expect(runtime_api_waiting(api));
    take_step("o1");
    cr_expect(!runtime_api_waiting(api) && runtime_api_running(api, &events[0]));
    take_step("r1");
    cr_expect(!runtime_api_running(api, &events[0]));
    runtime_api_drop(api, &events[0]);
    end();
}

static void say(const char *request, struct text *answer)
{
    answer->n = 0;
    wire_say(&wire, request, answer);
}

/* body_max is 64 here. */
Test(runtime_api, a_response_that_is_too_large_or_cut_off_ends_the_invocation)
{
    static char body[66];
    struct text answer = {0};
    for (size_t n = 64; n <= 65; n++) {
        memset(body, 'x', n), body[n] = 0;
        OWN_PTR char *request = xasprintf("POST " API "/invocation/" ID(1) "/response HTTP/1.1\r\nContent-Length: %zu\r\n\r\n%s", n, body);
        start(1);
        take_step("o1"), take_step("n");
        say(request, &answer);
        cr_expect_eq(wire_status(&answer), n > 64 ? 413 : 202);
        cr_expect_eq(strstr(told.at, "L1(65)") != NULL, n > 64, "%s", told.at);
        end();
    }
    start(1);
    take_step("o1"), take_step("n");
    say("POST " API "/invocation/" ID(1) "/response HTTP/1.1\r\nContent-Length: 5\r\n\r\nhi", &answer);
    take_step("w");
    cr_expect_str_eq(told.at, "NU1");
    end();
    text_done(&answer);
}

Test(runtime_api, a_streamed_response_goes_on_piece_by_piece)
{
    struct text answer = {0};
    start(1);
    events[0].streaming = true;
    take_step("o1"), take_step("n");
    say("POST " API "/invocation/" ID(1) "/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nContent-Type: t/x\r\n"
                                         "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        &answer);
    cr_expect_str_eq(told.at, "NS1(t/x)P1(ab)");
    cr_expect_eq(wire_status(&answer), 0);
    say("1\r\nc\r\n0\r\n\r\n", &answer);
    cr_expect(wire_status(&answer) == 202 && strcmp(told.at, "NS1(t/x)P1(ab)P1(c)R1()") == 0, "%s", told.at);
    end();
    start(1);
    events[0].streaming = true;
    take_step("o1"), take_step("n");
    say("POST " API
        "/invocation/" ID(1) "/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: other\r\nContent-Length: 2\r\n\r\nhi",
        &answer);
    cr_expect(wire_status(&answer) == 400 && runtime_api_running(api, &events[0]), "it may answer still");
    cr_expect_eq(take_step("e1"), 202);
    end();
    text_done(&answer);
}

Test(runtime_api, an_error_may_come_in_trailers)
{
    static const char *const ROWS[][2] = {{"eyJhIjoxfQ==", "NE1(Function.MyError,{\"a\":1})"},
                                          {"no base64", "NE1(Function.MyError,no base64)"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0};
        OWN_PTR char *request = xasprintf(
            "POST " API
            "/invocation/" ID(1) "/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
                                 "Lambda-Runtime-Function-Error-Type: Function.MyError\r\nLambda-Runtime-Function-Error-Body: %s\r\n\r\n",
            ROWS[i][0]);
        start(1);
        take_step("o1"), take_step("n");
        say(request, &answer);
        cr_expect_eq(wire_status(&answer), 202);
        cr_expect_str_eq(told.at, ROWS[i][1]);
        end();
        text_done(&answer);
    }
}

Test(runtime_api, the_first_client_names_itself)
{
    static const struct {
        const char *headers, *client;
    } ROWS[] = {{"User-Agent: aws-lambda-cpp/0.2.8 more\r\nLambda-Runtime-Features: a,b\r\n", "aws-lambda-cpp/0.2.8 (a,b)"},
                {"User-Agent: python/3\r\n", "python/3"},
                {"", ""}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0};
        OWN_PTR char *request = xasprintf("GET " API "/invocation/next HTTP/1.1\r\n%s\r\n", ROWS[i].headers);
        start(1);
        say("GET /ping HTTP/1.1\r\nUser-Agent: curl\r\n\r\n", &answer);
        cr_expect(wire_status(&answer) == 200 && strcmp(wire_body(&answer), "pong") == 0);
        say(request, &answer);
        cr_expect_str_eq(runtime_api_client(api), ROWS[i].client);
        end();
        text_done(&answer);
    }
}
