/* SPDX-License-Identifier: Apache-2.0 */
/* http.h: an HTTP/1.1 server on libevent and llhttp; the only includer of llhttp.
 *
 *   1. http_serve() takes over a listening socket.
 *   2. For each request, when its whole body is there, on_request() is called. It answers at once or later with
 *      http_answer(); until then no further request of that connection is read.
 *   3. on_gone() says that a request will not be answered or completed: its connection ended. After it the request is
 *      no more. A request whose body was cut off is handed to on_gone() alone, with truncated set.
 *
 * Bodies beyond body_max are read and thrown away (too_large), since clients write all before they read the answer. */
#ifndef LRUN_HTTP_H
#define LRUN_HTTP_H

#include "base/str.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct http_connection;

struct http_request {
    struct http_connection *connection;
    const char *method;
    struct text path; /* without the query */
    struct strv headers; /* name, value, name, value...; trailers come last */
    struct text body;
    uint64_t body_size; /* all of it, also what was thrown away */
    bool too_large, truncated;
    void *owner; /* the handler's */
};

struct http_handler {
    void (*on_request)(void *to, struct http_request *request);
    void (*on_gone)(void *to, struct http_request *request);
    void *to;
    size_t body_max, header_max;
};

struct http_server;

/* listener: non-blocking, taken over. */
struct http_server *http_serve(struct event_base *base, int listener, const struct http_handler *handler);
void http_server_done(struct http_server *s);

/* No connection is open: all that clients sent before they ended has been read. */
bool http_server_idle(const struct http_server *s);

/* Value of a header, any case; NULL if absent. The last one counts, so a trailer beats a header. */
const char *http_header(const struct http_request *request, const char *name);

/* headers: "Name: value\r\n" lines, or "". The request is no more afterwards. */
void http_answer(struct http_request *request, int status, const char *headers, const void *body, size_t n);

/* Serves a connected, non-blocking socket as if it had been accepted. */
struct http_connection *http_adopt(struct http_server *s, int fd);

const char *http_parser_version(void);

#endif
