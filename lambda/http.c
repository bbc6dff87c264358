/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/http.h"

#include "base/own.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <llhttp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { CONNECTIONS_MAX = 512, DISCARD_MAX = 256 << 20 };

struct http_connection {
    struct http_server *server;
    struct http_connection *next; /* in the server's list */
    struct bufferevent *io;
    llhttp_t parser;
    struct http_request *request; /* being read, or waiting for its answer */
    struct text field;            /* header name being read */
    struct text value;
    size_t header_bytes;
    bool reading_value, busy /* with the handler */, closing /* once all is written */;
};

struct http_server {
    struct event_base *base;
    struct event *accept;
    struct http_handler handler;
    llhttp_settings_t settings;
    struct http_connection *connections;
    unsigned count;
    int listener;
};

const char *http_parser_version(void)
{
    static char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
    return version;
}

static void request_free(struct http_request *r)
{
    text_done(&r->path);
    strv_done(&r->headers);
    text_done(&r->body);
    free(r);
}

static void connection_free(struct http_connection *c)
{
    if (c->request) {
        struct http_request *gone = take_ptr(&c->request);
        gone->truncated = !c->busy;
        c->server->handler.on_gone(c->server->handler.to, gone);
        request_free(gone);
    }
    struct http_connection **at = &c->server->connections;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->server->count--;
    bufferevent_free(c->io);
    text_done(&c->field);
    text_done(&c->value);
    free(c);
}

static struct http_connection *connection_of(llhttp_t *parser)
{
    return parser->data;
}

static int on_message_begin(llhttp_t *parser)
{
    struct http_connection *c = connection_of(parser);
    c->request = xcalloc(1, sizeof *c->request);
    c->request->connection = c;
    c->header_bytes = 0;
    c->field.n = c->value.n = 0;
    c->reading_value = false;
    text_puts(&c->request->path, "");
    return 0;
}

static int count_header(struct http_connection *c, size_t n)
{
    c->header_bytes += n;
    return c->header_bytes > c->server->handler.header_max ? -1 : 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t n)
{
    struct http_connection *c = connection_of(parser);
    text_add(&c->request->path, at, n);
    return count_header(c, n);
}

static void end_header(struct http_connection *c)
{
    if (!c->field.n)
        return;
    text_add(&c->value, "", 0);
    strv_add(&c->request->headers, xstrdup(c->field.at));
    strv_add(&c->request->headers, xstrdup(c->value.at));
    c->field.n = c->value.n = 0;
    c->reading_value = false;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t n)
{
    struct http_connection *c = connection_of(parser);
    if (c->reading_value)
        end_header(c);
    text_add(&c->field, at, n);
    return count_header(c, n);
}

static int on_header_value(llhttp_t *parser, const char *at, size_t n)
{
    struct http_connection *c = connection_of(parser);
    c->reading_value = true;
    text_add(&c->value, at, n);
    return count_header(c, n);
}

static int on_headers_complete(llhttp_t *parser)
{
    struct http_connection *c = connection_of(parser);
    static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
    end_header(c);
    c->request->method = llhttp_method_name((llhttp_method_t)parser->method);
    c->request->path.n = strcspn(c->request->path.at, "?");
    c->request->path.at[c->request->path.n] = 0;
    const char *expect = http_header(c->request, "Expect");
    if (expect && strcasecmp(expect, "100-continue") == 0)
        bufferevent_write(c->io, CONTINUE, sizeof CONTINUE - 1);
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t n)
{
    struct http_connection *c = connection_of(parser);
    struct http_request *r = c->request;
    r->body_size += n;
    if (r->body.n + n <= c->server->handler.body_max && !r->too_large)
        text_add(&r->body, at, n);
    else {
        r->too_large = true;
        text_done(&r->body);
    }
    return r->body_size > DISCARD_MAX ? -1 : 0;
}

static int on_message_complete(llhttp_t *parser)
{
    end_header(connection_of(parser));
    text_puts(&connection_of(parser)->request->body, "");
    return HPE_PAUSED;
}

static void refuse(struct http_connection *c, const char *status)
{
    char text[160];
    struct http_request *broken = take_ptr(&c->request);
    if (broken)
        request_free(broken);
    snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);
    bufferevent_write(c->io, text, strlen(text));
    bufferevent_disable(c->io, EV_READ);
    c->closing = true;
}

/* Feeds what has arrived to the parser, up to the end of one request at a time. */
static void feed(struct http_connection *c)
{
    struct evbuffer *in = bufferevent_get_input(c->io);
    while (!c->busy && !c->closing && evbuffer_get_length(in)) {
        struct evbuffer_iovec chunk;
        if (evbuffer_peek(in, -1, NULL, &chunk, 1) < 1)
            return;
        llhttp_errno_t status = llhttp_execute(&c->parser, chunk.iov_base, chunk.iov_len);
        if (status == HPE_OK) {
            evbuffer_drain(in, chunk.iov_len);
        } else if (status == HPE_PAUSED_UPGRADE) { /* "Upgrade: h2c" is an offer, which not answering declines */
            evbuffer_drain(in, (size_t)(llhttp_get_error_pos(&c->parser) - (const char *)chunk.iov_base));
            llhttp_resume_after_upgrade(&c->parser);
        } else if (status == HPE_PAUSED) {
            evbuffer_drain(in, (size_t)(llhttp_get_error_pos(&c->parser) - (const char *)chunk.iov_base));
            llhttp_resume(&c->parser);
            c->busy = true;
            c->server->handler.on_request(c->server->handler.to, c->request); /* may free nothing but the request */
        } else {
            refuse(c, c->header_bytes > c->server->handler.header_max ? "431 Request Header Fields Too Large" : "400 Bad Request");
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
    (void)io;
    if (c->closing && !c->busy)
        connection_free(c);
}

static void on_end(struct bufferevent *io, short what, void *arg)
{
    (void)io, (void)what;
    connection_free(arg);
}

struct http_connection *http_adopt(struct http_server *s, int fd)
{
    struct http_connection *c = xcalloc(1, sizeof *c);
    c->server = s;
    c->io = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
    c->next = s->connections;
    s->connections = c;
    s->count++;
    llhttp_init(&c->parser, HTTP_REQUEST, &s->settings);
    c->parser.data = c;
    bufferevent_setcb(c->io, on_readable, on_written, on_end, c);
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
    if (s->count >= CONNECTIONS_MAX)
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
    llhttp_settings_init(&s->settings);
    s->settings.on_message_begin = on_message_begin;
    s->settings.on_url = on_url;
    s->settings.on_header_field = on_header_field;
    s->settings.on_header_value = on_header_value;
    s->settings.on_headers_complete = on_headers_complete;
    s->settings.on_body = on_body;
    s->settings.on_message_complete = on_message_complete;
    if (listener >= 0) {
        s->accept = event_new(base, listener, EV_READ | EV_PERSIST, on_accept, s);
        event_add(s->accept, NULL);
    }
    return s;
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
    for (size_t i = request->headers.n; i >= 2; i -= 2)
        if (strcasecmp(request->headers.at[i - 2], name) == 0)
            return request->headers.at[i - 1];
    return NULL;
}

static const struct {
    int status;
    const char *reason;
} REASONS[] = {{200, "OK"}, {202, "Accepted"}, {400, "Bad Request"}, {403, "Forbidden"}, {404, "Not Found"},
               {405, "Method Not Allowed"}, {413, "Request Entity Too Large"}, {500, "Internal Server Error"}};

void http_answer(struct http_request *request, int status, const char *headers, const void *body, size_t n)
{
    struct http_connection *c = request->connection;
    const char *reason = "Unknown";
    char head[160];
    for (size_t i = 0; i < COUNT(REASONS); i++)
        if (REASONS[i].status == status)
            reason = REASONS[i].reason;
    bool keep = llhttp_should_keep_alive(&c->parser);
    snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n%s", status, reason, n, keep ? "" : "Connection: close\r\n");
    struct evbuffer *out = bufferevent_get_output(c->io);
    evbuffer_add(out, head, strlen(head));
    evbuffer_add(out, headers, strlen(headers));
    evbuffer_add(out, "\r\n", 2);
    evbuffer_add(out, body, n);
    c->request = NULL;
    request_free(request);
    c->closing = !keep;
    c->busy = false;
    /* The next request of a pipeline may lie in the buffer already. Called from within feed(), that loop goes on. */
    if (keep && evbuffer_get_length(bufferevent_get_input(c->io)))
        bufferevent_trigger(c->io, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}
