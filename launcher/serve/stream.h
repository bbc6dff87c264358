/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h: a response on its way from the runtime to a client, at the pace of the slower: the runtime is not read while the
 * client has more than a little to take. With a shape it is no faster than Lambda: after the first 6 MiB a token bucket of
 * 2 MiB/s, refilled every 125 ms (lambda-apis, section 1.8). */
#ifndef LRUN_STREAM_H
#define LRUN_STREAM_H

#include "lambda/http_server.h"

struct stream {
    struct http_request *to;   /* NULL: the client is gone */
    struct http_request *from; /* NULL: the runtime is done, or gone */
    uint64_t sent;
    double tokens;
    bool shaped, full, spent;
    struct event *refill;
};

void stream_begin(struct stream *s, struct event_base *base, struct http_request *to, struct http_request *from, bool shaped);
void stream_wrote(struct stream *s, size_t n); /* n bytes were sent to the client */
void stream_drained(struct stream *s);         /* the client took most of it */
void stream_client_gone(struct stream *s);
void stream_done(struct stream *s); /* the runtime sends no more of it */

#endif
