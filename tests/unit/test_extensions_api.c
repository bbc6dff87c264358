/* SPDX-License-Identifier: Apache-2.0 */
/* States of extensions: through the server, a connection for each request, as an extension that waits in next has its own. */
#include "base/own.h"
#include "lambda/api_error.h"
#include "lambda/extensions_api.h"
#include "tests/unit/wire.h"

#include <criterion/criterion.h>

#define BASE "/2020-01-01/extension"

static struct extensions_api api;
static struct wire wire;
static unsigned changes;
static struct text fatal;

static void on_change(void *to)
{
    (void)to;
    changes++;
}
static void on_fatal(void *to, const char *type, const char *name)
{
    (void)to;
    text_printf(&fatal, "%s:%s|", type, name);
}
static void on_request(void *to, struct http_request *r)
{
    const struct route_table t = extensions_api_routes(&api);
    (void)to;
    api_route(&t, 1, r);
}
static void on_gone(void *to, struct http_request *r)
{
    (void)to;
    extensions_api_gone(&api, r);
}

static void start(bool many)
{
    static const struct http_handler HANDLER = {.on_request = on_request, .on_gone = on_gone, .body_max = 1000, .header_max = 4000};
    const struct extensions_owner owner = {NULL, on_change, on_fatal, "fn", "app.h", many};
    extensions_api_init(&api, &owner);
    wire_open(&wire, &HANDLER);
    changes = 0;
    text_puts(&fatal, "");
}

static void end(void)
{
    wire_close(&wire);
    text_done(&fatal);
}

/* The status; ret_answer may be NULL. */
static int ask(const char *method, const char *path, const char *headers, const char *body, struct text *ret_answer)
{
    struct text own = {0}, *answer = ret_answer ? ret_answer : &own;
    OWN_PTR char *request =
        xasprintf("%s " BASE "%s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", method, path, headers, strlen(body), body);
    answer->n = 0;
    wire_say(&wire, request, answer);
    const int status = wire_status(answer);
    text_done(&own);
    return status;
}

static int do_register(const char *name, const char *events)
{
    OWN_PTR char *header = xasprintf("Lambda-Extension-Name: %s\r\n", name), *body = xasprintf("{\"events\":[%s]}", events);
    return ask("POST", "/register", header, body, NULL);
}

static int call(const struct extension *x, const char *method, const char *path, struct text *answer)
{
    OWN_PTR char *header = xasprintf("Lambda-Extension-Identifier: %s\r\nLambda-Extension-Function-Error-Type: Extension.Mine\r\n", x->id);
    return ask(method, path, header, "", answer);
}

Test(extensions_api, who_may_register)
{
    static const struct {
        const char *name, *events;
        bool many;
        int external, internal; /* the answer to one that was expected, and to one that was not */
        const char *error;
    } ROWS[] = {{"x", "", false, 200, 200, NULL},
                {"x", "\"INVOKE\"", false, 200, 200, NULL},
                {"x", "\"INVOKE\",\"SHUTDOWN\"", false, 200, 403, "ShutdownEventNotSupportedForInternalExtension"},
                {"x", "\"INVOKE\"", true, 403, 403, "InvalidEventType"},
                {"x", "\"SHUTDOWN\"", true, 200, 403, "No events allowed for internal extensions"},
                {"x", "\"OTHER\"", false, 403, 403, "OTHER: ErrorInvalidEventType"},
                {"x", "1", false, 403, 403, "ErrorInvalidEventType"},
                {"x", "\"a\\u0000b\"", false, 403, 403, "a\\u0000b"},
                {"", "", false, 403, 403, "Empty extension name"}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        for (unsigned external = 0; external < 2; external++) {
            struct text answer = {0};
            OWN_PTR char *header = xasprintf("Lambda-Extension-Name: %s\r\n", ROWS[i].name),
                         *body = xasprintf("{\"events\":[%s]}", ROWS[i].events);
            start(ROWS[i].many);
            if (external)
                extensions_api_expect(&api, "x");
            cr_expect_eq(extensions_api_registered(&api), !external);
            const int status = ask("POST", "/register", header, body, &answer);
            cr_expect_eq(status, external ? ROWS[i].external : ROWS[i].internal, "%zu %u: %s", i, external, answer.at);
            cr_expect(status == 200 || strstr(answer.at, ROWS[i].error), "%zu %u: %s", i, external, answer.at);
            cr_expect_eq(changes, status == 200);
            cr_expect(status != 200 ||
                      (strstr(answer.at, api.at[0].id) && strstr(answer.at, "\"handler\":\"app.h\"") && extensions_api_registered(&api)));
            end();
            text_done(&answer);
        }
}

Test(extensions_api, bodies_that_are_none)
{
    static const char *const BAD[] = {"", "{", "[]", "\"x\"", "{\"events\":[],\"configurationKeys\":[]}", "{\"events\":[\"INVOKE\"]}x"};
    start(false);
    for (size_t i = 0; i < COUNT(BAD); i++)
        cr_expect_eq(ask("POST", "/register", "Lambda-Extension-Name: x\r\n", BAD[i], NULL), 403, "%s", BAD[i]);
    cr_expect(api.n == 0 && changes == 0);
    cr_expect_eq(ask("POST", "/register", "Lambda-Extension-Name: x\r\n", "{}", NULL), 200, "no events are none");
    end();
}

Test(extensions_api, ten_may_and_no_more_and_none_once_that_is_closed)
{
    start(false);
    for (int i = 0; i <= EXTENSIONS_MAX; i++) {
        OWN_PTR char *name = xasprintf("x%d", i);
        cr_expect_eq(do_register(name, ""), i < EXTENSIONS_MAX ? 200 : 403, "%d", i);
    }
    cr_expect(api.n == EXTENSIONS_MAX && !extensions_api_expect(&api, "more"));
    cr_expect_eq(do_register("x0", ""), 403, "twice");
    extensions_api_reset(&api);
    cr_expect(api.n == 0 && do_register("x0", "") == 200);
    api.closed = true;
    cr_expect_eq(do_register("x1", ""), 403);
    api.disabled = true;
    cr_expect_eq(do_register("x2", ""), 404);
    end();
}

Test(extensions_api, accounts_are_for_who_asks)
{
    static const struct {
        const char *header;
        bool told;
    } ROWS[] = {{"", false},           {"accountId", true}, {"a, accountId", true}, {"accountId,b", true},
                {"accountIds", false}, {"account", false},  {",,", false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0};
        OWN_PTR char *header = xasprintf("Lambda-Extension-Name: x\r\nLambda-Extension-Accept-Feature: %s\r\n", ROWS[i].header);
        start(false);
        cr_expect(ask("POST", "/register", header, "{}", &answer) == 200 && (strstr(answer.at, "\"accountId\"") != NULL) == ROWS[i].told,
                  "%zu", i);
        end();
        text_done(&answer);
    }
}

Test(extensions_api, identifiers_are_uuids_that_are_known)
{
    static const struct {
        const char *id, *error;
    } ROWS[] = {{"", "Missing"},
                {"x", "Invalid"},
                {"00000000-0000-4000-8000-00000000000", "Invalid"},
                {"00000000-0000-4000-8000-0000000000000", "Invalid"},
                {"0000000g-0000-4000-8000-000000000000", "Invalid"},
                {"00000000-0000-4000-8000-000000000000", "Unknown"}};
    start(false);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0};
        OWN_PTR char *header = xasprintf("Lambda-Extension-Identifier: %s\r\n", ROWS[i].id),
                     *error = xasprintf("Extension.%sExtensionIdentifier", ROWS[i].error);
        cr_expect(ask("GET", "/event/next", header, "", &answer) == 403 && strstr(answer.at, error), "%s: %s", ROWS[i].id, answer.at);
        text_done(&answer);
    }
    extensions_api_expect(&api, "x");
    cr_expect_eq(call(&api.at[0], "GET", "/event/next", NULL), 403, "it has an id, and was not told");
    end();
}

/* Registered, ready, running, and what of each may follow. */
Test(extensions_api, events_are_for_who_waits_and_subscribed)
{
    const struct invocation inv = {.id = "ID", .trace = "T", .arn = "ARN", .deadline_ms = 1234};
    struct text answer = {0};
    start(false);
    struct extension *x = extensions_api_expect(&api, "x");
    cr_expect(do_register("x", "\"INVOKE\",\"SHUTDOWN\"") == 200 && extensions_api_external(&api));
    extensions_api_invoke(&api, &inv);
    cr_expect_eq(x->state, EXT_REGISTERED, "it does not wait yet");
    cr_expect_not(extensions_api_ready(&api, 0));
    cr_expect_eq(call(x, "GET", "/event/next", &answer), 0);
    cr_expect(x->state == EXT_READY && extensions_api_ready(&api, 0) && extensions_api_ready(&api, ON_INVOKE) && changes == 2);
    extensions_api_invoke(&api, &inv);
    wire_say(&wire, "", &answer);
    cr_expect(wire_status(&answer) == 200 &&
                  strstr(answer.at, "{\"eventType\":\"INVOKE\",\"deadlineMs\":1234,\"requestId\":\"ID\",\"invokedFunctionArn\":"
                                    "\"ARN\",\"tracing\":{\"type\":\"X-Amzn-Trace-Id\",\"value\":\"T\"}}"),
              "%s", answer.at);
    cr_expect(x->state == EXT_RUNNING && !extensions_api_ready(&api, ON_INVOKE));
    cr_expect_eq(call(x, "POST", "/init/error", NULL), 403, "its init is over");
    cr_expect_eq(call(x, "GET", "/event/next", NULL), 0);
    extensions_api_shutdown(&api, "spindown", 99);
    answer.n = 0;
    wire_say(&wire, "", &answer);
    cr_expect(strstr(answer.at, "{\"eventType\":\"SHUTDOWN\",\"deadlineMs\":99,\"shutdownReason\":\"spindown\"}"), "%s", answer.at);
    end();
    text_done(&answer);
}

Test(extensions_api, shutdown_waits_for_who_is_busy)
{
    struct text answer = {0};
    start(false);
    struct extension *x = extensions_api_expect(&api, "x");
    cr_expect_eq(do_register("x", "\"SHUTDOWN\""), 200);
    extensions_api_shutdown(&api, "timeout", 7);
    cr_expect(x->shutting_down && call(x, "GET", "/event/next", &answer) == 200 && strstr(answer.at, "\"shutdownReason\":\"timeout\"") &&
              !x->shutting_down);
    end();
    text_done(&answer);
}

Test(extensions_api, errors_are_fatal_once_and_need_their_type)
{
    static const struct {
        const char *path;
        enum extension_state state, then;
        const char *told; /* "": refused */
    } ROWS[] = {{"/init/error", EXT_REGISTERED, EXT_INIT_ERROR, "Extension.InitError:x|"},
                {"/init/error", EXT_READY, EXT_READY, ""},
                {"/exit/error", EXT_REGISTERED, EXT_EXIT_ERROR, "Extension.ExitError:x|"},
                {"/exit/error", EXT_READY, EXT_EXIT_ERROR, "Extension.ExitError:x|"},
                {"/exit/error", EXT_RUNNING, EXT_EXIT_ERROR, "Extension.ExitError:x|"},
                {"/exit/error", EXT_EXIT_ERROR, EXT_EXIT_ERROR, ""},
                {"/exit/error", EXT_EXITED, EXT_EXITED, ""},
                {"/init/error", EXT_INIT_ERROR, EXT_INIT_ERROR, ""}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        start(false);
        struct extension *x = extensions_api_expect(&api, "x");
        do_register("x", "");
        x->state = ROWS[i].state;
        OWN_PTR char *untyped = xasprintf("Lambda-Extension-Identifier: %s\r\n", x->id);
        cr_expect_eq(ask("POST", ROWS[i].path, untyped, "", NULL), 403, "without a type");
        cr_expect_eq(call(x, "POST", ROWS[i].path, NULL), *ROWS[i].told ? 202 : 403, "%zu", i);
        cr_expect(x->state == ROWS[i].then && strcmp(fatal.at, ROWS[i].told) == 0, "%zu: %s", i, fatal.at);
        end();
    }
}

Test(extensions_api, who_breaks_off_may_ask_again)
{
    start(false);
    struct extension *x = extensions_api_expect(&api, "x");
    do_register("x", "\"INVOKE\"");
    cr_expect(call(x, "GET", "/event/next", NULL) == 0 && x->state == EXT_READY && x->waiting);
    struct text ignored = {0};
    close(wire.fd), wire_connect(&wire);
    wire_say(&wire, "", &ignored);
    cr_expect(x->state == EXT_RUNNING && !x->waiting);
    cr_expect(call(x, "GET", "/event/next", NULL) == 0 && x->state == EXT_READY);
    end();
    text_done(&ignored);
}
