/* SPDX-License-Identifier: Apache-2.0 */
/* http_client.c: one connection to a listener inside the sandbox, for telemetry: one request at a time, of whose answer only the
 * status counts. When to send what, and again, is telemetry_sink.c's. The other side is the function's own program and not trusted:
 * heads are bounded, bodies are thrown away, and an answer that nobody asked for ends the connection. The body is borrowed until the
 * answer is there: the caller keeps it, and nothing is copied. */
#include "lambda/http_client.h"

#include "base/own.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <string.h>

enum { ANSWER_HEADER_MAX = 16 << 10, READ_MAX = 16 << 10 };

struct http_client {
    struct bufferevent *io;
    struct http_parser *parser;
    struct http_head head;
    http_reply_fn on_reply;
    void *to;
    bool waiting; /* for an answer */
};

static struct http_head *on_begin(void *to)
{
    struct http_client *c = to;
    http_head_done(&c->head);
    c->head = (struct http_head){0};
    return &c->head;
}

static int on_body(void *to, const char *bytes, size_t n)
{
    (void)to, (void)bytes, (void)n; /* nobody asks for it */
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
        if (got == HTTP_MORE)
            continue;
        /* If not all was sent, the connection cannot be kept: the rest of the body is the caller's, who may free it after the answer. */
        bool goes_on = c->head.keep_alive && evbuffer_get_length(bufferevent_get_output(io)) == 0;
        reply(c, got == HTTP_MESSAGE ? (goes_on ? c->head.status : -c->head.status) : 0);
        return;
    }
}

static void on_end(struct bufferevent *io, short what, void *to)
{
    (void)io;
    struct http_client *c = to;
    if (what & BEV_EVENT_CONNECTED)
        return;
    reply(c, http_parser_end(c->parser) == HTTP_MESSAGE && c->waiting ? -c->head.status : 0);
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
    bufferevent_setcb(c->io, on_readable, NULL, on_end, c);
    bufferevent_set_timeouts(c->io, NULL, &(struct timeval){.tv_sec = timeout_s});
    bufferevent_enable(c->io, EV_READ | EV_WRITE);
    return c;
}

void http_client_send(struct http_client *c, const char *method, const char *host, const char *path, const char *type, const void *body,
                      size_t n)
{
    struct text head = {0};
    text_printf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", method, path, host, type, n);
    c->waiting = true;
    bufferevent_write(c->io, head.at, head.n);
    evbuffer_add_reference(bufferevent_get_output(c->io), body, n, NULL, NULL);
    text_done(&head);
}

void http_client_done(struct http_client *c)
{
    if (!c)
        return;
    bufferevent_free(c->io);
    http_parser_free(c->parser);
    http_head_done(&c->head);
    free(c);
}
