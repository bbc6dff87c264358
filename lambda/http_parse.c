/* SPDX-License-Identifier: Apache-2.0 */
/* http_parse.c: llhttp's callbacks, gathered into a head, pieces of a body and the end of a message. What a request means, and limits
 * of bodies, are http_server.c's. The parser pauses at each message's end (HPE_PAUSED), so that a pipeline is read one request at a
 * time. What llhttp tolerates and RFC 9112 forbids is refused here, since a proxy before lrun may have read it otherwise: spaces in
 * names, names without characters. */
#include "lambda/http_parse.h"

#include "base/own.h"

#include <llhttp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct http_parser {
    llhttp_t parser;
    llhttp_settings_t settings;
    struct http_parser_calls calls;
    struct http_head *head;   /* of the message being read */
    struct text field, value; /* the header being read */
    size_t header_bytes, header_max;
    bool reading_value;
};

const char *http_parser_version(void)
{
    static char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
    return version;
}

void http_head_done(struct http_head *h)
{
    text_done(&h->path);
    text_done(&h->query);
    strv_done(&h->headers);
    strv_done(&h->trailers);
}

static const char *last_of(const struct strv *pairs, const char *name)
{
    for (size_t i = pairs->n; i >= 2; i -= 2)
        if (strcasecmp(pairs->at[i - 2], name) == 0)
            return pairs->at[i - 1];
    return NULL;
}

const char *http_head_value(const struct http_head *h, const char *name)
{
    return last_of(&h->headers, name);
}

const char *http_head_trailer(const struct http_head *h, const char *name)
{
    return last_of(&h->trailers, name);
}

static int on_message_begin(llhttp_t *parser)
{
    struct http_parser *p = parser->data;
    p->header_bytes = 0;
    p->field.n = p->value.n = 0;
    p->reading_value = false;
    p->head = p->calls.on_begin(p->calls.to);
    p->head->length = -1;
    text_puts(&p->head->path, "");
    text_puts(&p->head->query, "");
    return 0;
}

static int count_header(struct http_parser *p, size_t n)
{
    p->header_bytes += n;
    p->head->bytes = p->header_bytes;
    return p->header_bytes > p->header_max ? -1 : 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t n)
{
    struct http_parser *p = parser->data;
    text_add(&p->head->path, at, n);
    return count_header(p, n);
}

bool http_is_token(const struct text *name)
{
    static const char TOKEN[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return name->n && strspn(name->at, TOKEN) == name->n;
}

/* Each costs two allocations, however short it is: a head of many empty ones must not come to much more than it says. llhttp takes spaces
 * in a name, and none at all, as RFC 9112 has servers refuse: a proxy on the way may have seen other headers. White space
 * behind a value is no part of it, and llhttp hands it over. */
static int end_header(struct http_parser *p)
{
    enum { COST = 2 * (16 + sizeof(char *)) };
    if (!p->field.n && !p->reading_value)
        return 0;
    if (!http_is_token(&p->field))
        return -1;
    while (p->value.n && (p->value.at[p->value.n - 1] == ' ' || p->value.at[p->value.n - 1] == '\t'))
        p->value.at[--p->value.n] = 0;
    text_add(&p->value, "", 0);
    struct strv *to = p->head->complete ? &p->head->trailers : &p->head->headers;
    strv_add(to, xstrdup(p->field.at));
    strv_add(to, xstrdup(p->value.at));
    p->field.n = p->value.n = 0;
    p->reading_value = false;
    return count_header(p, COST);
}

static int on_header_field(llhttp_t *parser, const char *at, size_t n)
{
    struct http_parser *p = parser->data;
    if (p->reading_value && end_header(p) < 0)
        return -1;
    text_add(&p->field, at, n);
    return count_header(p, n);
}

static int on_header_value(llhttp_t *parser, const char *at, size_t n)
{
    struct http_parser *p = parser->data;
    p->reading_value = true;
    text_add(&p->value, at, n);
    return count_header(p, n);
}

static int on_headers_complete(llhttp_t *parser)
{
    struct http_parser *p = parser->data;
    struct http_head *h = p->head;
    if (end_header(p) < 0)
        return -1;
    h->length = parser->flags & F_CONTENT_LENGTH ? (int64_t)parser->content_length : -1;
    h->method = llhttp_method_name((llhttp_method_t)parser->method);
    h->status = parser->status_code;
    size_t path = strcspn(h->path.at, "?");
    if (h->path.at[path])
        text_puts(&h->query, h->path.at + path + 1);
    h->path.at[h->path.n = path] = 0;
    h->keep_alive = llhttp_should_keep_alive(parser);
    h->chunks = parser->http_major > 1 || (parser->http_major == 1 && parser->http_minor >= 1);
    h->complete = true;
    if (p->calls.on_headers)
        p->calls.on_headers(p->calls.to);
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t n)
{
    struct http_parser *p = parser->data;
    return p->calls.on_body(p->calls.to, at, n);
}

static int on_message_complete(llhttp_t *parser)
{
    struct http_parser *p = parser->data;
    int status = end_header(p);
    p->head = NULL;
    return status < 0 ? -1 : HPE_PAUSED;
}

struct http_parser *http_parser_new(bool responses, size_t header_max, const struct http_parser_calls *calls)
{
    struct http_parser *p = xcalloc(1, sizeof *p);
    p->calls = *calls;
    p->header_max = header_max;
    llhttp_settings_init(&p->settings);
    p->settings.on_message_begin = on_message_begin;
    p->settings.on_url = on_url;
    p->settings.on_header_field = on_header_field;
    p->settings.on_header_value = on_header_value;
    p->settings.on_headers_complete = on_headers_complete;
    p->settings.on_body = on_body;
    p->settings.on_message_complete = on_message_complete;
    llhttp_init(&p->parser, responses ? HTTP_RESPONSE : HTTP_REQUEST, &p->settings);
    p->parser.data = p;
    return p;
}

void http_parser_free(struct http_parser *p)
{
    if (!p)
        return;
    text_done(&p->field);
    text_done(&p->value);
    free(p);
}

enum http_parsed http_parser_feed(struct http_parser *p, const char *bytes, size_t n, size_t *ret_used)
{
    size_t used = 0;
    while (used < n) {
        llhttp_errno_t status = llhttp_execute(&p->parser, bytes + used, n - used);
        if (status == HPE_OK) {
            used = n;
            break;
        }
        used = (size_t)(llhttp_get_error_pos(&p->parser) - bytes);
        *ret_used = used;
        if (status == HPE_PAUSED) {
            llhttp_resume(&p->parser);
            return HTTP_MESSAGE;
        }
        if (status != HPE_PAUSED_UPGRADE) /* "Upgrade: h2c" is an offer; no answer declines it */
            return p->header_bytes > p->header_max ? HTTP_HEAD_TOO_LARGE : HTTP_BROKEN;
        llhttp_resume_after_upgrade(&p->parser);
    }
    *ret_used = used;
    return HTTP_MORE;
}

enum http_parsed http_parser_end(struct http_parser *p)
{
    llhttp_errno_t status = llhttp_finish(&p->parser);
    return status == HPE_PAUSED ? HTTP_MESSAGE : status == HPE_OK ? HTTP_MORE : HTTP_BROKEN;
}
