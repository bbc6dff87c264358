/* SPDX-License-Identifier: Apache-2.0 */
/* http_client.h: requests over one connection, one at a time. */
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
void http_client_done(struct http_client *c);

#endif
