/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_client.h: the other side of the Runtime API 2018-06-01: asks one that somebody else serves for events, and posts what became of
 * them, as a runtime does. One exchange at a time, over one connection as long as the server keeps it. When to ask, again too, is its
 * owner's. */
#ifndef LRUN_RUNTIME_CLIENT_H
#define LRUN_RUNTIME_CLIENT_H

#include "base/err.h"
#include "lambda/http_parse.h"

#include <event2/event.h>
#include <sys/socket.h>

struct runtime_address {
    struct sockaddr_storage socket;
    socklen_t n;
    char host[128];   /* as in the URL, with its port */
    char prefix[256]; /* of all paths: "/.rt/fn", or "" */
};

/* url: http://HOST:PORT/PREFIX or HOST:PORT/PREFIX, as AWS_LAMBDA_RUNTIME_API has it. -1: an err of usage. */
int runtime_address_read(const char *url, struct runtime_address *ret, struct err *err);

struct runtime_client_owner {
    void *to;
    /* The reply to what was asked or posted. status 0: the connection ended, or there was none, for the reason no (errno; 0: the server
     * closed it). body: of size bytes, of which as many are kept as an event may have; both are borrowed. */
    void (*on_reply)(void *to, int status, int no, const struct http_head *head, const struct text *body, uint64_t size);
    void (*on_idle_end)(void *to, int no); /* the connection ended while nothing was asked */
    void (*on_drained)(void *to);          /* of a stream: all pieces are sent */
};

struct runtime_client;
struct runtime_client *runtime_client_new(struct event_base *base, const struct runtime_address *a,
                                          const struct runtime_client_owner *owner);
void runtime_client_done(struct runtime_client *c);

void runtime_client_next(struct runtime_client *c);
void runtime_client_connect(struct runtime_client *c); /* if it is not connected: on_idle_end() if that fails */

/* The body is borrowed until the reply. content_type: or NULL. */
void runtime_client_respond(struct runtime_client *c, const char *id, const char *content_type, const struct text *body);
void runtime_client_fail(struct runtime_client *c, const char *id /* NULL: of the init */, const char *type, const struct text *body);

/* A response of which pieces are sent as they come. full: more than is good waits to be sent. type NULL: it ends well; else with an error
 * in its trailers. */
void runtime_client_stream(struct runtime_client *c, const char *id, const char *content_type);
bool runtime_client_piece(struct runtime_client *c, const char *bytes, size_t n);
void runtime_client_stream_end(struct runtime_client *c, const char *type, const struct text *body);

/* Is this errno of a server that is not there, rather than of one that closed a connection? */
bool runtime_client_is_gone(int no);

#endif
