/* SPDX-License-Identifier: Apache-2.0 */
/* http_client.h: requests over one connection, one at a time. Bodies of answers are thrown away, unless they are asked for. */
#ifndef LRUN_HTTP_CLIENT_H
#define LRUN_HTTP_CLIENT_H

#include "lambda/http_parse.h"

#include <event2/event.h>

struct http_client;

/* status 0: the connection ended, or nothing was written for timeout_s, before the answer was complete; negative: this status,
 * and the connection ends with it. Either way the client is of no more use. May
 * call http_client_done(). */
typedef void (*http_reply_fn)(void *to, int status);

/* fd: non-blocking, connected or being connected; taken over. */
struct http_client *http_client_new(struct event_base *base, int fd, unsigned timeout_s, http_reply_fn on_reply, void *to);
/* Sends one request; the next one only after its reply. body: n bytes, borrowed until the reply, or http_client_done(). */
void http_client_send(struct http_client *c, const char *method, const char *host, const char *path, const char *type, const void *body,
                      size_t n);
/* The same with headers, "Name: value\r\n" lines, instead of a type. Without a body no length is sent. */
void http_client_request(struct http_client *c, const char *method, const char *host, const char *path, const char *headers,
                         const void *body, size_t n);

/* A request whose body comes in pieces, which are copied; after http_client_end() its reply comes, or before it, negative. trailers:
 * lines as of headers, or "". */
void http_client_begin(struct http_client *c, const char *method, const char *host, const char *path, const char *headers);
void http_client_piece(struct http_client *c, const void *bytes, size_t n);
void http_client_end(struct http_client *c, const char *trailers);
size_t http_client_unsent(const struct http_client *c);
void http_client_on_drained(struct http_client *c, void (*on_drained)(void *to)); /* all pieces are sent */

/* From now on the body of an answer is kept, up to max bytes of it. For the reply function: the head of the answer, its body, how long
 * that was; and why there was no answer (errno; 0: the other side ended the connection). */
void http_client_keep(struct http_client *c, size_t max);
const struct http_head *http_client_head(const struct http_client *c);
struct text *http_client_body(struct http_client *c, uint64_t *ret_size);
int http_client_errno(const struct http_client *c);
void http_client_done(struct http_client *c);

#endif
