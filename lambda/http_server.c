/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/http_connection.h"

#include "base/own.h"
#include "lambda/http_status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { CONNECTIONS_MAX = 512, DISCARD_MAX = 256 << 20, DRAINED = 64 << 10, READ_MAX = 64 << 10 };

void http_request_free(struct http_request *r)
{
    http_head_done(&r->head);
    text_done(&r->body);
    free(r);
}

static void connection_free(struct http_connection *c)
{
    if (c->request) {
        struct http_request *gone = take_ptr(&c->request);
        gone->truncated = !c->busy;
        if (c->server->handler.on_gone)
            c->server->handler.on_gone(c->server->handler.to, gone);
        http_request_free(gone);
    }
    struct http_connection **at = &c->server->connections;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->server->count--;
    bufferevent_free(c->io);
    text_done(&c->held);
    if (c->late)
        event_free(c->late);
    http_parser_free(c->parser);
    free(c);
}

void http_arm(struct http_connection *c, unsigned seconds)
{
    if (!c->late)
        return;
    if (seconds)
        event_add(c->late, &(struct timeval){.tv_sec = seconds});
    else
        event_del(c->late);
}

/* ---- reading ---- */

static struct http_head *on_begin(void *to)
{
    struct http_connection *c = to;
    c->request = xcalloc(1, sizeof *c->request);
    c->request->connection = c;
    http_arm(c, c->server->handler.request_s);
    return &c->request->head;
}

static void on_headers(void *to)
{
    struct http_connection *c = to;
    const char *expect = http_header(c->request, "Expect");
    if (expect && strcasecmp(expect, "100-continue") == 0)
        http_put_text(c->io, "HTTP/1.1 100 Continue\r\n\r\n");
    if (c->server->handler.on_headers)
        c->server->handler.on_headers(c->server->handler.to, c->request);
}

static int on_body(void *to, const char *at, size_t n)
{
    struct http_connection *c = to;
    struct http_request *r = c->request;
    const struct http_handler *h = &c->server->handler;
    if (!r) /* answered before it was complete: the connection closes */
        return -1;
    r->body_size += n;
    if (r->on_piece) {
        r->on_piece(h->to, r, at, n);
        return 0;
    }
    if (r->body.n + n <= h->body_max && !r->too_large) {
        text_add(&r->body, at, n);
    } else {
        r->too_large = true;
        text_done(&r->body);
    }
    return r->body_size > (h->discard_max ? h->discard_max : DISCARD_MAX) ? -1 : 0;
}

static void refuse(struct http_connection *c, int status)
{
    char text[160];
    struct http_request *broken = take_ptr(&c->request);
    bool begun = broken && broken->begun;
    if (broken) {
        broken->truncated = true;
        if (broken->head.complete && c->server->handler.on_gone)
            c->server->handler.on_gone(c->server->handler.to, broken);
        http_request_free(broken);
    }
    snprintf(text, sizeof text, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status, http_reason(status));
    if (!begun)
        http_put_text(c->io, text);
    http_close_soon(c);
}

/* Feeds what has arrived to the parser, up to the end of one request at a time. */
static void feed(struct http_connection *c)
{
    struct evbuffer *in = bufferevent_get_input(c->io);
    while (!c->busy && !c->closing && evbuffer_get_length(in)) {
        struct evbuffer_iovec chunk;
        size_t used = 0;
        if (evbuffer_peek(in, -1, NULL, &chunk, 1) < 1)
            return;
        enum http_parsed got = http_parser_feed(c->parser, chunk.iov_base, chunk.iov_len, &used);
        evbuffer_drain(in, used);
        if (got == HTTP_MESSAGE && c->request) {
            text_puts(&c->request->body, "");
            c->busy = true;
            http_arm(c, 0);
            c->server->holding = c;
            c->server->handler.on_request(c->server->handler.to, c->request); /* may free nothing but the request */
            http_release(c->server);
        } else if (got != HTTP_MORE && !c->closing) {
            refuse(c, got == HTTP_HEAD_TOO_LARGE ? 431 : 400);
        }
    }
}

static void on_readable(struct bufferevent *io, void *arg)
{
    (void)io;
    feed(arg);
}

static void on_written(struct bufferevent *io, void *arg)
{
    struct http_connection *c = arg;
    if (c->closing && !c->busy) {
        if (evbuffer_get_length(bufferevent_get_output(io)) == 0)
            connection_free(c);
        return;
    }
    if (c->request && c->request->on_drained)
        c->request->on_drained(c->server->handler.to, c->request);
}

static void on_end(struct bufferevent *io, short what, void *arg)
{
    (void)io, (void)what;
    connection_free(arg);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    connection_free(arg);
}

struct http_connection *http_adopt(struct http_server *s, int fd)
{
    struct http_connection *c = xcalloc(1, sizeof *c);
    const struct http_parser_calls calls = {c, on_begin, on_headers, on_body};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* an answer is one write; a stream's pieces must not wait */
    c->server = s;
    c->parser = http_parser_new(false, s->handler.header_max, &calls);
    c->io = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
    c->next = s->connections;
    s->connections = c;
    s->count++;
    bufferevent_setcb(c->io, on_readable, on_written, on_end, c);
    bufferevent_set_max_single_read(c->io, READ_MAX);
    bufferevent_setwatermark(c->io, EV_WRITE, DRAINED, 0);
    if (s->handler.idle_s) {
        c->late = evtimer_new(s->base, on_late, c);
        http_arm(c, s->handler.idle_s);
        bufferevent_set_timeouts(c->io, NULL, &(struct timeval){.tv_sec = s->handler.request_s}); /* a client that reads no answer */
    }
    bufferevent_enable(c->io, EV_READ | EV_WRITE);
    return c;
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
    struct http_server *s = arg;
    (void)what;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (s->count >= (s->handler.connections_max ? s->handler.connections_max : CONNECTIONS_MAX))
        close(fd);
    else
        http_adopt(s, fd);
}

struct http_server *http_serve(struct event_base *base, int listener, const struct http_handler *handler)
{
    struct http_server *s = xcalloc(1, sizeof *s);
    s->base = base;
    s->handler = *handler;
    s->listener = listener;
    if (listener >= 0) {
        s->accept = event_new(base, listener, EV_READ | EV_PERSIST, on_accept, s);
        event_add(s->accept, NULL);
    }
    return s;
}

void http_server_stop(struct http_server *s)
{
    s->stopped = true;
    if (s->accept)
        event_del(s->accept);
    own_close(&s->listener);
    for (struct http_connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        if (!c->request)
            http_close_soon(c);
    }
}

void http_server_done(struct http_server *s)
{
    if (!s)
        return;
    while (s->connections)
        connection_free(s->connections);
    if (s->accept)
        event_free(s->accept);
    own_close(&s->listener);
    free(s);
}

bool http_server_idle(const struct http_server *s)
{
    return s->connections == NULL;
}

const char *http_header(const struct http_request *request, const char *name)
{
    return http_head_value(&request->head, name);
}

void http_pause(struct http_request *request, bool paused)
{
    if (paused)
        bufferevent_disable(request->connection->io, EV_READ);
    else
        bufferevent_enable(request->connection->io, EV_READ);
}

void http_peer(const struct http_request *request, char *text, size_t size)
{
    struct sockaddr_in a = {0};
    socklen_t length = sizeof a;
    getpeername(bufferevent_getfd(request->connection->io), (struct sockaddr *)&a, &length);
    inet_ntop(AF_INET, &a.sin_addr, text, (socklen_t)size);
}
