/* SPDX-License-Identifier: Apache-2.0 */
/* http.c: any bytes from a runtime, through the HTTP adapter and the Runtime API, with an event on offer. The input's
 * first byte decides how the rest is cut into pieces. */
#include "lambda/runtime_api.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    unsigned next, answers;
    struct runtime_api *api;
};

static void on_next(void *to)
{
    ((struct seen *)to)->next++;
}
static void on_body(void *to, struct text *body)
{
    struct seen *s = to;
    s->answers++;
    if (body->n && !body->at)
        abort();
}
static void on_error(void *to, const char *type, struct text *body)
{
    if (strncmp(type, "Runtime.", 8) != 0 && strncmp(type, "Function.", 9) != 0)
        abort();
    on_body(to, body);
}
static void on_too_large(void *to, uint64_t n)
{
    (void)n;
    ((struct seen *)to)->answers++;
}
static void on_truncated(void *to)
{
    ((struct seen *)to)->answers++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {0};
    int pair[2];
    char drain[4096];
    if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return 0;
    struct event_base *base = event_base_new();
    const struct runtime_owner owner = {&seen, on_next, on_body, on_error, on_error, on_too_large, on_truncated};
    struct runtime_api *api = runtime_api_new(&owner);
    const struct http_handler handler = {runtime_api_request, runtime_api_gone, api, 1024, 4096};
    struct http_server *server = http_serve(base, -1, &handler);
    struct invocation inv = {.id = "00000000-0000-4000-8000-000000000000", .trace = "t", .arn = "a", .event = "{}", .event_size = 2};
    runtime_api_invoke(api, &inv);
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
    if (seen.answers > 1)
        abort(); /* one event, one answer */
    http_server_done(server);
    runtime_api_done(api);
    close(pair[0]);
    event_base_free(base);
    return 0;
}
