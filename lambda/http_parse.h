/* SPDX-License-Identifier: Apache-2.0 */
/* http_parse.h: HTTP/1.1 messages out of bytes, one after the other; the only includer of llhttp.
 *
 * The parser stops at the end of each message, so that its caller decides when the next one is read. */
#ifndef LRUN_HTTP_PARSE_H
#define LRUN_HTTP_PARSE_H

#include "base/str.h"

#include <stdint.h>

struct http_head {
    const char *method;      /* of a request */
    int status;              /* of a response */
    struct text path;        /* of a request, without the query, not decoded */
    struct text query;       /* without its question mark; n 0: none */
    struct strv headers;     /* name, value, name, value... */
    struct strv trailers;    /* the same, after a chunked body: a proxy that checked the headers on the way has not checked these */
    bool keep_alive, chunks; /* chunks: the other side understands them (HTTP/1.1) */
    bool complete;           /* all headers are there */
    size_t bytes;            /* approximate memory that it takes */
    int64_t length;          /* Content-Length; -1: none */
};
void http_head_done(struct http_head *h);

/* Value of a header, or of a trailer, any case; NULL if absent. The last one counts. */
const char *http_head_value(const struct http_head *h, const char *name);
const char *http_head_trailer(const struct http_head *h, const char *name);

/* Is it a header's name? RFC 9110, section 5.6.2. */
bool http_is_token(const struct text *name);

enum http_parsed { HTTP_MORE, HTTP_MESSAGE, HTTP_BROKEN, HTTP_HEAD_TOO_LARGE };
struct http_parser_calls {
    void *to;
    struct http_head *(*on_begin)(void *to); /* where the next message's head goes; borrowed until the message is over */
    void (*on_headers)(void *to);
    int (*on_body)(void *to, const char *bytes, size_t n); /* -1: stop, as broken */
};

struct http_parser;
struct http_parser *http_parser_new(bool responses, size_t header_max, const struct http_parser_calls *calls);
void http_parser_free(struct http_parser *p);

/* ret_used: how many of the n bytes were taken; all of them with HTTP_MORE. HTTP_MESSAGE: one message is complete. */
enum http_parsed http_parser_feed(struct http_parser *p, const char *bytes, size_t n, size_t *ret_used);

/* No more bytes come: HTTP_MESSAGE if that is how a response without a length ends. */
enum http_parsed http_parser_end(struct http_parser *p);

const char *http_parser_version(void);

#endif
