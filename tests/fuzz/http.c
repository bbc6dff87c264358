/* SPDX-License-Identifier: Apache-2.0 */
/* http.c: any bytes from inside a sandbox, through the HTTP adapter and the APIs there, with an event on offer. The input's
 * first byte decides how the rest is cut into pieces, and whether the response is streamed. */
#include "lambda/api_error.h"
#include "lambda/runtime_api.h"
#include "lambda/telemetry.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    unsigned next, answers;
    struct runtime_api *api;
    struct extensions_api extensions;
    struct telemetry *telemetry;
};

static void on_next(void *to)
{
    ((struct seen *)to)->next++;
}
static void on_body(void *to, struct invocation *inv, struct text *body)
{
    struct seen *s = to;
    (void)inv;
    s->answers++;
    if (body->n && !body->at)
        abort();
}
static void on_init_error(void *to, const char *type, struct text *body)
{
    if (strncmp(type, "Runtime.", 8) != 0 && strncmp(type, "Function.", 9) != 0)
        abort();
    on_body(to, NULL, body);
}
static void on_error(void *to, struct invocation *inv, const char *type, struct text *body)
{
    (void)inv;
    on_init_error(to, type, body);
}
static void on_too_large(void *to, struct invocation *inv, uint64_t n)
{
    (void)inv, (void)n;
    ((struct seen *)to)->answers++;
}
static void on_late(void *to, const char *id)
{
    (void)to, (void)id;
}

static void on_truncated(void *to, struct invocation *inv)
{
    (void)inv;
    ((struct seen *)to)->answers++;
}
static void on_stream(void *to, struct invocation *inv, const char *type, struct http_request *from)
{
    (void)to, (void)inv, (void)type, (void)from;
}
static void on_piece(void *to, struct invocation *inv, const char *bytes, size_t n)
{
    (void)to, (void)inv, (void)bytes, (void)n;
}
static void on_change(void *to)
{
    (void)to;
}
static void on_fatal(void *to, const char *type, const char *name)
{
    (void)to, (void)type, (void)name;
}
static void ask_socket(void *to, void *subscription)
{
    struct seen *s = to;
    telemetry_socket(s->telemetry, subscription, -1);
}
static void on_subscribed(void *to, struct event e)
{
    struct seen *s = to;
    telemetry_event(s->telemetry, &e);
}

static void on_headers(void *to, struct http_request *r)
{
    runtime_api_headers(((struct seen *)to)->api, r);
}
static void on_request(void *to, struct http_request *r)
{
    struct seen *s = to;
    const struct route_table tables[] = {runtime_api_routes(s->api), extensions_api_routes(&s->extensions), telemetry_routes(s->telemetry)};
    runtime_api_note_client(s->api, r);
    api_route(tables, 3, r);
}
static void on_gone(void *to, struct http_request *r)
{
    struct seen *s = to;
    runtime_api_gone(s->api, r);
    extensions_api_gone(&s->extensions, r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {0};
    int pair[2];
    char drain[4096];
    if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return 0;
    struct event_base *base = event_base_new();
    const struct runtime_owner owner = {&seen,        on_next,      on_body,   on_error, on_init_error,
                                        on_too_large, on_truncated, on_stream, on_piece, on_late};
    const struct extensions_owner extensions = {&seen, on_change, on_fatal, "f", "h", false};
    const struct telemetry_owner telemetry = {&seen, ask_socket, on_subscribed, base, &seen.extensions, true};
    seen.api = runtime_api_new(&owner, data[0] & 4 ? 4 : 1);
    extensions_api_init(&seen.extensions, &extensions);
    extensions_api_expect(&seen.extensions, "x");
    seen.telemetry = telemetry_new(&telemetry);
    const struct http_handler handler = {
        .on_headers = on_headers, .on_request = on_request, .on_gone = on_gone, .to = &seen, .body_max = 1024, .header_max = 4096};
    struct http_server *server = http_serve(base, -1, &handler);
    struct invocation inv = {
        .id = "00000000-0000-4000-8000-000000000000", .trace = "t", .arn = "a", .event = "{}", .event_size = 2, .streaming = data[0] & 2};
    runtime_api_invoke(seen.api, &inv);
    http_adopt(server, pair[1]);
    size_t piece = data[0] % 2 ? 1 + data[0] / 4 : size;
    for (size_t at = 1; at < size; at += piece) {
        if (send(pair[0], data + at, size - at < piece ? size - at : piece, MSG_NOSIGNAL) < 0)
            break;
        event_base_loop(base, EVLOOP_NONBLOCK);
        while (read(pair[0], drain, sizeof drain) > 0)
            ;
    }
    shutdown(pair[0], SHUT_WR);
    for (int i = 0; i < 4; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
    if (seen.answers > 2)
        abort(); /* one event, one answer; and at most one init error */
    telemetry_done(seen.telemetry);
    http_server_done(server);
    runtime_api_done(seen.api);
    close(pair[0]);
    event_base_free(base);
    return 0;
}
