/* SPDX-License-Identifier: Apache-2.0 */
/* http_connection.h: what a server's connections are. For http_server.c, which reads, and http_answer.c, which writes. */
#ifndef LRUN_HTTP_CONNECTION_H
#define LRUN_HTTP_CONNECTION_H

#include "lambda/http_server.h"
#include "lambda/http_write.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

struct http_connection {
    struct http_server *server;
    struct http_connection *next; /* in the server's list */
    struct bufferevent *io;
    struct event *late; /* request_s or idle_s is over */
    struct http_parser *parser;
    struct http_request *request; /* being read, or waiting for its answer */
    bool busy /* with the handler */, keep_alive, closing /* once all is written */;
    struct text held; /* its answer, while on_request() tells others what the request brought */
};

struct http_server {
    struct event_base *base;
    struct event *accept;
    struct http_handler handler;
    struct http_connection *connections;
    struct http_connection *holding; /* the one whose on_request() runs, or NULL */
    unsigned count;
    int listener;
    bool stopped;
};

void http_request_free(struct http_request *r);
void http_arm(struct http_connection *c, unsigned seconds); /* until it is late; 0: never */
void http_close_soon(struct http_connection *c);            /* once all is written */

#endif
