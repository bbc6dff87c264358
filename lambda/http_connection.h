/* SPDX-License-Identifier: Apache-2.0 */
/* http_connection.h: what a server's connections are: http_server.c reads, http_answer.c writes. For http_*.c only. */
#ifndef LRUN_HTTP_CONNECTION_H
#define LRUN_HTTP_CONNECTION_H

#include "lambda/http_room.h"
#include "lambda/http_server.h"
#include "lambda/http_write.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

struct http_connection {
    struct http_server *server;
    struct http_connection *next; /* in the server's list */
    struct http_connection *next_waiting;
    struct bufferevent *io;
    struct event *late; /* request_s or idle_s is over */
    struct http_parser *parser;
    struct http_request *request; /* being read, or waiting for its answer */
    bool busy /* with the handler */, closing /* once all is written */;
    bool idle; /* since its last answer */
    bool waiting /* for room for its body */, narrow /* little is read ahead */, cut /* given up: its end is on its way */;
    double since_ms /* it is idle, or its request began */, moved_ms /* bytes of its body last came, or of its answer last went */,
        room_ms /* it has room for its body */;
    size_t unsent;    /* as the room knows it */
    struct text held; /* its held answer, while on_request() tells others of the request */
};

struct http_server {
    struct event_base *base;
    struct http_server *next; /* in the room */
    struct http_room *room;
    struct event *accept, *again; /* again: accepting pauses until then, or until a connection ends */
    struct http_handler handler;
    struct http_connection *connections;
    struct http_connection *holding; /* the one whose on_request() runs, or NULL */
    int listener;
    bool stopped, own_room, said;
};

void http_request_free(struct http_request *r);
void http_arm(struct http_connection *c, unsigned seconds); /* until it is late; 0: never */
void http_close_soon(struct http_connection *c);            /* once all is written */
void http_connection_free(struct http_connection *c);       /* at once */
void http_accept_again(struct http_server *s);

/* http_room.c: a server's part of it. */
void http_room_join(struct http_room *room, struct http_server *s);
void http_room_quit(struct http_room *room, struct http_server *s);
bool http_room_enter(struct http_room *room);      /* is there a place for one more connection? May end another one for it */
bool http_room_make_place(struct http_room *room); /* ends a connection that may give way; false: there is none */
void http_room_count(struct http_connection *c);   /* it is there */
void http_room_forget(struct http_connection *c);
void http_room_leave(struct http_connection *c);   /* it waits no more */
bool http_room_admit(struct http_connection *c);   /* false: the rest of its request must wait, unread */
void http_count_unsent(struct http_connection *c); /* after bytes were added or went */

#endif
