/* SPDX-License-Identifier: Apache-2.0 */
/* http_client.c: one connection, one request at a time: to a listener inside the sandbox, for telemetry, where only the status of an answer
 * counts (when to send what, and again, is telemetry_sink.c's), or to a Runtime API that somebody else serves (runtime_client.c), whose
 * answers have bodies. The other side is not trusted: heads are bounded, bodies are thrown away or bounded, and an answer that nobody asked
 * for ends the connection. The body of a request is borrowed until the answer is there: the caller keeps it, and nothing is copied but
 * the pieces of a stream. */
#include "lambda/http_client.h"

#include "base/own.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_HEADER_MAX = 16 << 10, READ_MAX = 16 << 10 };

struct http_client {
    struct bufferevent *io;
    struct http_parser *parser;
    struct http_head head;
    http_reply_fn on_reply;
    void *to;
    bool waiting; /* for an answer */
    bool unfinished /* the body of a request */;
    struct text body;
    uint64_t body_size;
    size_t keep; /* of an answer's body */
    int no;      /* errno of its end */
    void (*on_drained)(void *to);
};

static struct http_head *on_begin(void *to)
{
    struct http_client *c = to;
    http_head_done(&c->head);
    c->head = (struct http_head){0};
    c->body.n = 0;
    c->body_size = 0;
    return &c->head;
}

static int on_body(void *to, const char *bytes, size_t n)
{
    struct http_client *c = to;
    size_t room = c->keep - c->body.n;
    c->body_size += n;
    if (room)
        text_add(&c->body, bytes, n < room ? n : room);
    return 0;
}

static void reply(struct http_client *c, int status)
{
    bool waited = c->waiting;
    c->waiting = false;
    c->on_reply(c->to, waited ? status : 0); /* an answer nobody asked for ends the connection. c may be gone after it */
}

static void on_readable(struct bufferevent *io, void *to)
{
    struct http_client *c = to;
    struct evbuffer *in = bufferevent_get_input(io);
    struct evbuffer_iovec chunk;
    while (evbuffer_peek(in, -1, NULL, &chunk, 1) > 0) {
        size_t used = 0;
        enum http_parsed got = http_parser_feed(c->parser, chunk.iov_base, chunk.iov_len, &used);
        evbuffer_drain(in, used);
        if (got == HTTP_MORE || (got == HTTP_MESSAGE && c->head.status / 100 == 1)) /* 100: the answer is still to come */
            continue;
        /* If not all was sent, the connection cannot be kept: the rest of the body is the caller's, who may free it after the answer. */
        bool goes_on = c->head.keep_alive && !c->unfinished && evbuffer_get_length(bufferevent_get_output(io)) == 0;
        reply(c, got == HTTP_MESSAGE ? (goes_on ? c->head.status : -c->head.status) : 0);
        return;
    }
}

/* libevent takes a refused connection's error for itself, and what comes after it is an end like any other. */
static bool never_connected(struct bufferevent *io)
{
    struct sockaddr_storage peer;
    return getpeername(bufferevent_getfd(io), (struct sockaddr *)&peer, &(socklen_t){sizeof peer}) < 0 && errno == ENOTCONN;
}

static void on_end(struct bufferevent *io, short what, void *to)
{
    struct http_client *c = to;
    if (what & BEV_EVENT_CONNECTED)
        return;
    c->no = what & BEV_EVENT_TIMEOUT ? ETIMEDOUT : what & BEV_EVENT_ERROR ? EVUTIL_SOCKET_ERROR() : 0;
    if ((!c->no || c->no == EPIPE) && never_connected(io))
        c->no = ECONNREFUSED;
    reply(c, http_parser_end(c->parser) == HTTP_MESSAGE && c->waiting ? -c->head.status : 0);
}

static void on_written(struct bufferevent *io, void *to)
{
    (void)io;
    struct http_client *c = to;
    if (c->on_drained)
        c->on_drained(c->to);
}

struct http_client *http_client_new(struct event_base *base, int fd, unsigned timeout_s, http_reply_fn on_reply, void *to)
{
    struct http_client *c = xcalloc(1, sizeof *c);
    const struct http_parser_calls calls = {.to = c, .on_begin = on_begin, .on_body = on_body};
    c->on_reply = on_reply;
    c->to = to;
    c->parser = http_parser_new(true, ANSWER_HEADER_MAX, &calls);
    c->io = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setwatermark(c->io, EV_READ, 0, READ_MAX);
    bufferevent_setcb(c->io, on_readable, on_written, on_end, c);
    bufferevent_set_timeouts(c->io, NULL, &(struct timeval){.tv_sec = timeout_s});
    bufferevent_enable(c->io, EV_READ | EV_WRITE);
    return c;
}

void http_client_send(struct http_client *c, const char *method, const char *host, const char *path, const char *type, const void *body,
                      size_t n)
{
    OWN_PTR char *headers = xasprintf("Content-Type: %s\r\n", type);
    http_client_request(c, method, host, path, headers, body, n);
}

static void send_head(struct http_client *c, const char *method, const char *host, const char *path, const char *headers, const char *last)
{
    struct text head = {0};
    text_printf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n", method, path, host, headers, last);
    c->waiting = true;
    bufferevent_write(c->io, head.at, head.n);
    text_done(&head);
}

void http_client_request(struct http_client *c, const char *method, const char *host, const char *path, const char *headers,
                         const void *body, size_t n)
{
    OWN_PTR char *length = body ? xasprintf("Content-Length: %zu\r\n", n) : xstrdup("");
    send_head(c, method, host, path, headers, length);
    if (body)
        evbuffer_add_reference(bufferevent_get_output(c->io), body, n, NULL, NULL);
}

void http_client_begin(struct http_client *c, const char *method, const char *host, const char *path, const char *headers)
{
    c->unfinished = true;
    send_head(c, method, host, path, headers, "Transfer-Encoding: chunked\r\n");
}

void http_client_piece(struct http_client *c, const void *bytes, size_t n)
{
    struct evbuffer *out = bufferevent_get_output(c->io);
    if (!n || !c->unfinished)
        return;
    evbuffer_add_printf(out, "%zx\r\n", n);
    evbuffer_add(out, bytes, n);
    evbuffer_add(out, "\r\n", 2);
}

void http_client_end(struct http_client *c, const char *trailers)
{
    evbuffer_add_printf(bufferevent_get_output(c->io), "0\r\n%s\r\n", trailers);
    c->unfinished = false;
}

size_t http_client_unsent(const struct http_client *c)
{
    return evbuffer_get_length(bufferevent_get_output(c->io));
}

void http_client_on_drained(struct http_client *c, void (*on_drained)(void *to))
{
    c->on_drained = on_drained;
}

void http_client_keep(struct http_client *c, size_t max)
{
    c->keep = max;
}

const struct http_head *http_client_head(const struct http_client *c)
{
    return &c->head;
}

struct text *http_client_body(struct http_client *c, uint64_t *ret_size)
{
    *ret_size = c->body_size;
    return &c->body;
}

int http_client_errno(const struct http_client *c)
{
    return c->no;
}

void http_client_done(struct http_client *c)
{
    if (!c)
        return;
    bufferevent_free(c->io);
    http_parser_free(c->parser);
    http_head_done(&c->head);
    text_done(&c->body);
    free(c);
}
