/* SPDX-License-Identifier: Apache-2.0 */
/* http_answer.c: writing answers, whole or piece by piece. Reading requests is http_server.c, what a client's slowness may cost
 * http_room.c. An answer may be made while on_request() still runs and others are to hear of it first: then it is held
 * (server->holding) until http_release(). After an answer the connection goes on only if the request was read whole; otherwise what is
 * left of its body would be taken for the next request. A stream that breaks off ends by a reset (SO_LINGER 0): HTTP/1.0 has no other
 * sign that it is not complete. */
#include "lambda/http_connection.h"

#include "base/clock.h"
#include "base/own.h"
#include "lambda/http_status.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { HELD_MAX = 16 << 10 /* is kept for the next answer */ };

static void put(struct http_connection *c, const struct iovec *parts, int count)
{
    bool hold = c->server->holding == c;
    if (c->cut)
        return;
    if (!hold) {
        http_put(c->io, parts, count);
        http_count_unsent(c);
    }
    for (int i = 0; hold && i < count; i++)
        text_add(&c->held, parts[i].iov_base, parts[i].iov_len);
}

void http_release(struct http_server *s)
{
    struct http_connection *c = s->holding;
    s->holding = NULL;
    if (c && c->held.n && !c->cut) {
        const struct iovec all = http_part(c->held.at, c->held.n);
        http_put(c->io, &all, 1);
        http_count_unsent(c);
    }
    if (c && c->held.cap > HELD_MAX)
        text_done(&c->held);
    else if (c)
        c->held.n = 0;
}

/* Closes once all is written, which may be now: not at once, the caller may be deep in what the connection called. */
void http_close_soon(struct http_connection *c)
{
    c->closing = true;
    bufferevent_disable(c->io, EV_READ);
    if (evbuffer_get_length(bufferevent_get_output(c->io)) == 0)
        bufferevent_trigger(c->io, EV_WRITE, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* The request is answered, and no more. */
static void finish(struct http_request *request, bool keep)
{
    struct http_connection *c = request->connection;
    bool whole = c->busy; /* else the rest of its body is unread, and not needed any more */
    c->request = NULL;
    http_request_free(request);
    c->busy = false;
    if (!keep || !whole) {
        http_close_soon(c);
        return;
    }
    c->since_ms = clock_ms();
    c->idle = true;
    http_arm(c, c->server->handler.idle_s);
    /* The next request of a pipeline may lie in the buffer already. Called from within feed(), that loop goes on. */
    if (evbuffer_get_length(bufferevent_get_input(c->io)))
        bufferevent_trigger(c->io, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}

static bool keeps(const struct http_connection *c, const struct http_request *r)
{
    return r->head.keep_alive && !c->server->stopped && c->busy;
}

static bool is_head(const struct http_request *r)
{
    return r->head.method && strcmp(r->head.method, "HEAD") == 0;
}

void http_answer(struct http_request *request, int status, const char *headers, const void *body, size_t n)
{
    struct http_connection *c = request->connection;
    char head[160], length[48] = "";
    bool keep = keeps(c, request), bodiless = status == 204 || status == 304;
    if (!bodiless)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", n);
    snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\n%s%s", status, http_reason(status), length, keep ? "" : "Connection: close\r\n");
    struct iovec parts[] = {http_part(head, strlen(head)), http_part(headers, strlen(headers)), http_part("\r\n", 2),
                            http_part(body, bodiless || is_head(request) ? 0 : n)};
    put(c, parts, COUNT(parts));
    finish(request, keep);
}

void http_begin(struct http_request *request, int status, const char *headers)
{
    struct http_connection *c = request->connection;
    char head[160];
    request->begun = true;
    request->headless = is_head(request) || status == 204 || status == 304;
    request->chunked = request->head.chunks && !request->headless;
    snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\n%s%s", status, http_reason(status),
             request->chunked ? "Transfer-Encoding: chunked\r\n" : "",
             request->chunked && request->head.keep_alive && !c->server->stopped ? "" : "Connection: close\r\n");
    struct iovec parts[] = {http_part(head, strlen(head)), http_part(headers, strlen(headers)), http_part("\r\n", 2)};
    put(c, parts, COUNT(parts));
}

void http_send(struct http_request *request, const void *bytes, size_t n)
{
    char size[24];
    if (!n || request->headless)
        return;
    snprintf(size, sizeof size, "%zx\r\n", n);
    struct iovec chunk[] = {http_part(size, strlen(size)), http_part(bytes, n), http_part("\r\n", 2)};
    put(request->connection, request->chunked ? chunk : chunk + 1, request->chunked ? 3 : 1);
}

size_t http_unsent(const struct http_request *request)
{
    return evbuffer_get_length(bufferevent_get_output(request->connection->io));
}

void http_end(struct http_request *request)
{
    const struct iovec last = http_part("0\r\n\r\n", 5);
    if (request->chunked)
        put(request->connection, &last, 1);
    finish(request, request->chunked && keeps(request->connection, request));
}

void http_abort(struct http_request *request)
{
    struct http_connection *c = request->connection;
    /* A reset: to a client of HTTP/1.0 a mere end would look complete. */
    setsockopt(bufferevent_getfd(c->io), SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    finish(request, false);
}
