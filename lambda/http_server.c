/* SPDX-License-Identifier: Apache-2.0 */
/* http_server.c: reading requests: accept, parse, hand over, one request of a connection at a time. Answers are http_answer.c,
 * shortages http_room.c, messages http_parse.c. A connection is not freed under a callback that may still use it: "closing" and "cut"
 * mark it. */
#include "lambda/http_connection.h"

#include "base/clock.h"
#include "base/own.h"
#include "lambda/http_status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
    DISCARD_MAX = 256 << 20,
    DRAINED = 64 << 10,
    READ_MAX = 64 << 10,
    AHEAD_MAX = 2 << 10, /* behind a request that is being answered; enough to see the end of the connection */
    BITE = 4 << 10,      /* of a request that has no room yet: the head may turn out to need it */
    TURN_MAX = 8,        /* requests of a pipeline, before others have their turn */
    AGAIN_MS = 250,
};

void http_request_free(struct http_request *r)
{
    if (r->connection)
        http_room_leave(r->connection);
    if (r->holder)
        *r->holder = NULL;
    http_charge_done(&r->charge);
    http_head_done(&r->head);
    text_done(&r->body);
    free(r);
}

void http_connection_free(struct http_connection *c)
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
    bufferevent_free(c->io);
    http_room_forget(c);
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
    c->since_ms = clock_ms();
    c->idle = false;
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
    if (c->request && !c->request->on_piece && c->request->head.length >= 0)
        c->request->too_large = (uint64_t)c->request->head.length > c->server->handler.body_max;
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
    if (!begun && !c->cut)
        http_put_text(c->io, text);
    http_count_unsent(c);
    http_close_soon(c);
}

/* How much libevent may read ahead of the parser. */
static void read_ahead(struct http_connection *c, bool much)
{
    if (c->narrow == !much)
        return;
    c->narrow = !much;
    bufferevent_setwatermark(c->io, EV_READ, 0, much ? READ_MAX : AHEAD_MAX);
}

static void on_whole(struct http_connection *c)
{
    text_puts(&c->request->body, "");
    c->busy = true;
    read_ahead(c, false);
    http_arm(c, 0);
    c->server->holding = c;
    c->server->handler.on_request(c->server->handler.to, c->request); /* may free nothing but the request */
    http_release(c->server);
}

/* No request begins before the answer to the last one is on its way. */
static bool may_parse(const struct http_connection *c)
{
    return !c->busy && !c->closing && !c->cut && (c->request || evbuffer_get_length(bufferevent_get_output(c->io)) == 0);
}

/* Feeds what has arrived to the parser, up to the end of one request at a time. */
static void feed(struct http_connection *c)
{
    struct evbuffer *in = bufferevent_get_input(c->io);
    for (int requests = 0; may_parse(c) && evbuffer_get_length(in) && http_room_admit(c);) {
        struct evbuffer_iovec chunk;
        size_t used = 0;
        if (requests == TURN_MAX) {
            bufferevent_trigger(c->io, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
            return;
        }
        if (evbuffer_peek(in, -1, NULL, &chunk, 1) < 1)
            return;
        bool limited = !c->request || !(c->request->charge.n || c->request->on_piece || c->request->too_large);
        size_t n = limited && chunk.iov_len > BITE ? BITE : chunk.iov_len;
        enum http_parsed got = http_parser_feed(c->parser, chunk.iov_base, n, &used);
        evbuffer_drain(in, used);
        if (c->request && c->request->charge.n)
            c->moved_ms = clock_ms();
        if (got == HTTP_MESSAGE && c->request) {
            requests++;
            on_whole(c);
        } else if (got != HTTP_MORE && !c->closing) {
            refuse(c, got == HTTP_HEAD_TOO_LARGE ? 431 : 400);
        }
    }
    if (may_parse(c) && !c->waiting)
        read_ahead(c, true);
}

static void on_readable(struct bufferevent *io, void *arg)
{
    (void)io;
    feed(arg);
}

static void on_written(struct bufferevent *io, void *arg)
{
    struct http_connection *c = arg;
    http_count_unsent(c);
    if (c->closing && !c->busy) {
        if (evbuffer_get_length(bufferevent_get_output(io)) == 0)
            http_connection_free(c);
        return;
    }
    if (c->request && c->request->on_drained)
        c->request->on_drained(c->server->handler.to, c->request);
    else if (!c->request)
        feed(c); /* what came while the answer was being taken */
}

static void on_end(struct bufferevent *io, short what, void *arg)
{
    (void)io, (void)what;
    http_connection_free(arg);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    struct http_connection *c = arg;
    (void)fd, (void)what;
    if (c->waiting && !c->closing)
        refuse(c, 503);
    else
        http_connection_free(c);
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
    http_room_count(c);
    bufferevent_setcb(c->io, on_readable, on_written, on_end, c);
    bufferevent_set_max_single_read(c->io, READ_MAX);
    bufferevent_setwatermark(c->io, EV_READ, 0, READ_MAX);
    bufferevent_setwatermark(c->io, EV_WRITE, DRAINED, 0);
    if (s->handler.idle_s) {
        c->late = evtimer_new(s->base, on_late, c);
        http_arm(c, s->handler.idle_s);
        bufferevent_set_timeouts(c->io, NULL, &(struct timeval){.tv_sec = s->handler.request_s}); /* the client reads no answer */
    }
    bufferevent_enable(c->io, EV_READ | EV_WRITE);
    return c;
}

/* ---- accepting ---- */

void http_accept_again(struct http_server *s)
{
    if (!s->again || !event_pending(s->again, EV_TIMEOUT, NULL))
        return;
    event_del(s->again);
    event_add(s->accept, NULL);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    struct http_server *s = arg;
    (void)fd, (void)what;
    event_add(s->accept, NULL);
}

/* New connections wait in the listener's queue. The listener is not watched meanwhile: it stays readable, and the loop would spin. */
static void pause_accepting(struct http_server *s)
{
    event_del(s->accept);
    event_add(s->again, &(struct timeval){.tv_usec = AGAIN_MS * 1000});
}

static bool is_full(int no)
{
    return no == EMFILE || no == ENFILE || no == ENOBUFS || no == ENOMEM;
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
    struct http_server *s = arg;
    (void)what;
    if (!http_room_enter(s->room)) { /* all are being answered */
        pause_accepting(s);
        return;
    }
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && is_full(errno)) {
        if (!s->said && s->handler.on_full)
            s->handler.on_full(s->handler.to, errno);
        s->said = true;
        if (http_room_make_place(s->room))
            fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            pause_accepting(s);
    }
    if (fd >= 0)
        http_adopt(s, fd);
}

struct http_server *http_serve(struct event_base *base, int listener, const struct http_handler *handler)
{
    struct http_server *s = xcalloc(1, sizeof *s);
    s->base = base;
    s->handler = *handler;
    s->listener = listener;
    s->own_room = !handler->room;
    s->room = handler->room ? handler->room : http_room_new(base, &handler->limits);
    http_room_join(s->room, s);
    if (listener >= 0) {
        s->accept = event_new(base, listener, EV_READ | EV_PERSIST, on_accept, s);
        s->again = evtimer_new(base, on_again, s);
        event_add(s->accept, NULL);
    }
    return s;
}

void http_server_stop(struct http_server *s)
{
    s->stopped = true;
    if (s->accept) {
        event_del(s->accept);
        event_del(s->again);
    }
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
        http_connection_free(s->connections);
    if (s->accept) {
        event_free(s->accept);
        event_free(s->again);
    }
    http_room_quit(s->room, s);
    if (s->own_room)
        http_room_done(s->room);
    own_close(&s->listener);
    free(s);
}

static bool readable(int fd)
{
    return fd >= 0 && poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) > 0;
}

bool http_server_idle(const struct http_server *s)
{
    return s->connections == NULL && !readable(s->listener);
}

/* A connection that waits for its answer is not read any more. */
static bool has_unread(const struct http_connection *c)
{
    if (c->busy || c->closing)
        return false;
    return c->request || evbuffer_get_length(bufferevent_get_input(c->io)) > 0 || readable(bufferevent_getfd(c->io));
}

bool http_server_reading(const struct http_server *s)
{
    for (const struct http_connection *c = s->connections; c; c = c->next)
        if (has_unread(c))
            return true;
    return readable(s->listener);
}

const char *http_header(const struct http_request *request, const char *name)
{
    return http_head_value(&request->head, name);
}

void http_pause(struct http_request *request, bool paused)
{
    if (paused)
        bufferevent_disable(request->connection->io, EV_READ);
    else if (!request->connection->waiting)
        bufferevent_enable(request->connection->io, EV_READ);
}

void http_peer(const struct http_request *request, char *text, size_t size)
{
    struct sockaddr_in a = {0};
    socklen_t length = sizeof a;
    getpeername(bufferevent_getfd(request->connection->io), (struct sockaddr *)&a, &length);
    inet_ntop(AF_INET, &a.sin_addr, text, (socklen_t)size);
}
