/* SPDX-License-Identifier: Apache-2.0 */
/* http_server.h: an HTTP/1.1 server on libevent.
 *
 *   1. http_serve() takes over a listening socket.
 *   2. For each request on_headers() is called, if there is one; it may set on_piece, and then gets the body piece by
 *      piece instead of at the end.
 *   3. When the whole body is there, on_request() is called. It answers at once or later, with http_answer() or with
 *      http_begin(), http_send() and http_end(); until then no further request of that connection is read. An answer may
 *      begin before the request is complete.
 *   4. on_gone() says that a request will not be answered or completed: its connection ended. After it the request is no
 *      more. A request whose body was cut off is handed to on_gone() alone, with truncated set.
 *
 * Bodies beyond body_max are read and thrown away (too_large), since clients write all before they read the answer. Hardly
 * any of a request is read before the last answer is on its way. What all connections together may keep,
 * and which of them give way, is http_room.h's. */
#ifndef LRUN_HTTP_SERVER_H
#define LRUN_HTTP_SERVER_H

#include "lambda/http_parse.h"
#include "lambda/http_room.h"

#include <event2/event.h>

struct http_connection;

struct http_request {
    struct http_connection *connection;
    struct http_head head;
    struct text body;
    uint64_t body_size; /* all of it, also what was thrown away */
    bool too_large, truncated;
    struct http_charge charge;    /* for head and body; a handler that takes the body may take it too, with http_take_charge() */
    void *owner;                  /* the handler's */
    struct http_request **holder; /* another object's pointer to the request, set to NULL once the request no longer exists; or NULL */
    void (*on_piece)(void *to, struct http_request *request, const char *bytes, size_t n);
    void (*on_drained)(void *to, struct http_request *request); /* after http_send(): little of it is left to be sent */
    bool begun, chunked, headless;                              /* of its answer; headless: HEAD, which takes no body */
};

struct http_handler {
    void (*on_headers)(void *to, struct http_request *request);
    void (*on_request)(void *to, struct http_request *request);
    void (*on_gone)(void *to, struct http_request *request);
    void *to;
    size_t body_max, header_max;
    uint64_t discard_max;   /* a body beyond this breaks the connection; 0: 256 MiB */
    struct http_room *room; /* shared with other servers; NULL: its own, as limits say */
    struct http_room_limits limits;
    void (*on_full)(void *to, int no); /* or NULL; once: no descriptors or memory for new connections, which wait */
    unsigned request_s, idle_s;        /* a request must be complete, and a next one begin, within so many seconds; 0: whenever */
};

struct http_server;

/* Within on_request() the answer to that request waits until on_request() returns, or until this: others, who may be waiting
 * for what the request brought, are told first. */
void http_release(struct http_server *s);

/* listener: non-blocking, taken over; -1: connections come by http_adopt() alone. */
struct http_server *http_serve(struct event_base *base, int listener, const struct http_handler *handler);
void http_server_done(struct http_server *s);

/* Takes no more connections, and answers what it has with Connection: close. */
void http_server_stop(struct http_server *s);

/* Whether no connection is open or waits to be accepted: everything that clients sent before they ended has been read. */
bool http_server_idle(const struct http_server *s);
/* Whether input has come that the handler has not seen: a connection to accept, bytes or an end to read, a part of a request. The
 * kernel is asked: a loop that is late hears a timer that is due in the same round as what came before it. */
bool http_server_reading(const struct http_server *s);

/* As http_head_value(). */
const char *http_header(const struct http_request *request, const char *name);

/* headers: "Name: value\r\n" lines, or "". The request is no more afterwards. */
void http_answer(struct http_request *request, int status, const char *headers, const void *body, size_t n);

/* An answer whose length is not known yet. http_end() and http_abort() are the end of the request; an aborted one is seen
 * to be cut off. */
void http_begin(struct http_request *request, int status, const char *headers);
void http_send(struct http_request *request, const void *bytes, size_t n); /* copied; may be cut off, see http_room.h */
size_t http_unsent(const struct http_request *request);                    /* bytes that the client has not taken yet */
void http_end(struct http_request *request);
void http_abort(struct http_request *request);

/* While paused nothing more of the request's body is read. */
void http_pause(struct http_request *request, bool paused);

/* The caller owns the body, which now takes n bytes, and its charge, until http_charge_done(). */
void http_take_charge(struct http_request *request, size_t n, struct http_charge *ret);

/* Address of the client, as text. */
void http_peer(const struct http_request *request, char *text, size_t size);

/* Serves a connected, non-blocking socket as if it had been accepted. */
struct http_connection *http_adopt(struct http_server *s, int fd);

#endif
