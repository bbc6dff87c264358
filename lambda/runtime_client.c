/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_client.c: requests to a Runtime API that somebody else serves. A request on a connection that was there already may meet its
 * end, since servers close idle ones: it is sent once more, on a new one. But for that nothing is repeated here. Hosts are addresses: lrun
 * is static and has no resolver. What comes from the server goes through the bounds of http_client.c and is checked by who uses it. */
#include "lambda/runtime_client.h"

#include "base/base64.h"
#include "base/num.h"
#include "base/own.h"
#include "base/version.h"
#include "lambda/http_client.h"
#include "lambda/limits.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define BASE "/2018-06-01/runtime"

enum { SEND_TIMEOUT_S = 60, UNSENT_MAX = 1 << 20, PORT_HTTP = 80 };

struct runtime_client {
    struct event_base *base;
    struct runtime_address address;
    struct runtime_client_owner owner;
    struct http_client *http;
    bool asked, streams, fresh /* nothing was sent on the connection before */, drop /* it ends with this reply */;
    int no; /* errno of the connection that could not be begun */
    struct event *failed;
    const char *method; /* of the request, for the second time */
    char *path, *headers;
    const struct text *body;
};

/* ---- the address ---- */

static int bad_url(const char *url, const char *hint, struct err *err)
{
    fail_usage(err, "--runtime-api '%.160s': must be http://ADDRESS:PORT, or with a path after it", url);
    return fail_hint(err, "%s", hint);
}

static bool read_address(const char *host, uint16_t port, struct runtime_address *ret)
{
    struct sockaddr_in *four = (struct sockaddr_in *)&ret->socket;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&ret->socket;
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        ret->n = sizeof *four;
        return true;
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    ret->n = sizeof *six;
    return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
}

int runtime_address_read(const char *url, struct runtime_address *ret, struct err *err)
{
    const char *at = str_begins(url, "http://") ? url + strlen("http://") : url, *slash = strchrnul(at, '/');
    uint64_t port = PORT_HTTP;
    *ret = (struct runtime_address){0};
    if (strstr(url, "://") && at == url)
        return bad_url(url, "lrun speaks plain HTTP to it", err);
    for (const char *c = url; *c; c++)
        if (!isgraph((unsigned char)*c) || strchr("?#\\\"<>@", *c))
            return bad_url(url, "it has no query, no user and no blanks", err);
    size_t n = (size_t)(slash - at), path = strlen(slash);
    while (path && slash[path - 1] == '/')
        path--;
    if (n == 0 || n >= sizeof ret->host || path >= sizeof ret->prefix)
        return bad_url(url, "the value of AWS_LAMBDA_RUNTIME_API that the server gives to its runtimes is taken, too", err);
    memcpy(ret->host, at, n);
    memcpy(ret->prefix, slash, path);
    OWN_PTR char *host = xstrdup(ret->host);
    char *colon = host[0] == '[' ? strstr(host, "]:") : strchr(host, ':'), *bare = host;
    if (colon) {
        colon += *colon == ']';
        if (num_plain(colon + 1, 10, &port) < 0 || port < 1 || port > UINT16_MAX)
            return bad_url(url, "the port is a number from 1 to 65535", err);
        *colon = 0;
    }
    if (host[0] == '[') {
        bare = host + 1;
        bare[strcspn(bare, "]")] = 0;
    }
    if (!read_address(bare, (uint16_t)port, ret))
        return bad_url(url, "lrun resolves no names: give the address that `getent hosts NAME` prints", err);
    return 0;
}

bool runtime_client_is_gone(int no)
{
    return no && no != ECONNRESET && no != EPIPE;
}

/* ---- requests ---- */

static void disconnect(struct runtime_client *c)
{
    http_client_done(c->http);
    c->http = NULL;
}

static void forget_request(struct runtime_client *c)
{
    free(c->path);
    free(c->headers);
    c->path = c->headers = NULL;
    c->asked = c->streams = false;
}

static void transmit(struct runtime_client *c);

static void on_reply(void *to, int status)
{
    struct runtime_client *c = to;
    int no = http_client_errno(c->http);
    if (!c->asked) {
        disconnect(c);
        c->owner.on_idle_end(c->owner.to, no);
        return;
    }
    if (status == 0 && !c->fresh && !c->streams) {
        disconnect(c);
        transmit(c);
        return;
    }
    forget_request(c);
    c->fresh = false;
    uint64_t size = 0;
    struct http_client *http = c->http;
    const struct text *body = http_client_body(http, &size);
    if (status <= 0)
        c->http = NULL; /* what the owner asks next is asked on a new one */
    c->owner.on_reply(c->owner.to, status < 0 ? -status : status, no, http_client_head(http), body, size);
    if (status <= 0)
        http_client_done(http);
}

/* Not from within the call that asked. */
static void on_failed(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct runtime_client *c = to;
    static const struct http_head NONE;
    static const struct text EMPTY;
    if (!c->asked) {
        c->owner.on_idle_end(c->owner.to, c->no);
        return;
    }
    forget_request(c);
    c->owner.on_reply(c->owner.to, 0, c->no, &NONE, &EMPTY, 0);
}

static void on_drained(void *to)
{
    struct runtime_client *c = to;
    c->owner.on_drained(c->owner.to);
}

static bool connected(struct runtime_client *c)
{
    if (c->http)
        return true;
    int fd = socket(c->address.socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    c->fresh = true;
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int)); /* a server that vanished in a long poll is noticed */
    }
    if (fd < 0 || (connect(fd, (const struct sockaddr *)&c->address.socket, c->address.n) < 0 && errno != EINPROGRESS)) {
        c->no = errno;
        own_close(&fd);
        event_active(c->failed, 0, 0);
        return false;
    }
    c->http = http_client_new(c->base, fd, SEND_TIMEOUT_S, on_reply, c);
    http_client_keep(c->http, INVOKE_MAX);
    http_client_on_drained(c->http, on_drained);
    return true;
}

static void transmit(struct runtime_client *c)
{
    if (!connected(c))
        return;
    if (c->streams)
        http_client_begin(c->http, c->method, c->address.host, c->path, c->headers);
    else
        http_client_request(c->http, c->method, c->address.host, c->path, c->headers, c->body ? c->body->at ? c->body->at : "" : NULL,
                            c->body ? c->body->n : 0);
}

/* Takes the headers. */
static void ask(struct runtime_client *c, const char *method, const char *id, const char *what, char *headers, const struct text *body)
{
    forget_request(c);
    c->asked = true;
    c->method = method;
    c->path = xasprintf("%s" BASE "%s%s%s", c->address.prefix, id ? "/invocation/" : "", id ? id : "", what);
    c->headers = headers;
    c->body = body;
}

void runtime_client_next(struct runtime_client *c)
{
    ask(c, "GET", NULL, "/invocation/next", xstrdup("User-Agent: lrun/" LRUN_VERSION "\r\n"), NULL);
    transmit(c);
}

void runtime_client_connect(struct runtime_client *c)
{
    (void)connected(c);
}

static char *type_header(const char *content_type)
{
    return content_type ? xasprintf("Content-Type: %s\r\n", content_type) : xstrdup("");
}

void runtime_client_respond(struct runtime_client *c, const char *id, const char *content_type, const struct text *body)
{
    ask(c, "POST", id, "/response", type_header(content_type ? content_type : "application/json"), body);
    transmit(c);
}

void runtime_client_fail(struct runtime_client *c, const char *id, const char *type, const struct text *body)
{
    ask(c, "POST", id, id ? "/error" : "/init/error",
        xasprintf("Content-Type: application/vnd.aws.lambda.error+json\r\nLambda-Runtime-Function-Error-Type: %s\r\n", type), body);
    transmit(c);
}

void runtime_client_stream(struct runtime_client *c, const char *id, const char *content_type)
{
    OWN_PTR char *type = type_header(content_type);
    ask(c, "POST", id, "/response",
        xasprintf("%sLambda-Runtime-Function-Response-Mode: streaming\r\n"
                  "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n",
                  type),
        NULL);
    c->streams = true;
    disconnect(c); /* a stream cannot be sent a second time: it begins on a connection that is known to be new */
    transmit(c);
}

bool runtime_client_piece(struct runtime_client *c, const char *bytes, size_t n)
{
    if (!c->streams || !c->http)
        return false;
    http_client_piece(c->http, bytes, n);
    return http_client_unsent(c->http) > UNSENT_MAX;
}

void runtime_client_stream_end(struct runtime_client *c, const char *type, const struct text *body)
{
    struct text trailers = {0};
    if (!c->streams || !c->http)
        return;
    text_puts(&trailers, "");
    if (type) {
        text_printf(&trailers, "Lambda-Runtime-Function-Error-Type: %s\r\nLambda-Runtime-Function-Error-Body: ", type);
        base64_encode(body->at, body->n, &trailers);
        text_puts(&trailers, "\r\n");
    }
    http_client_end(c->http, trailers.at);
    text_done(&trailers);
}

struct runtime_client *runtime_client_new(struct event_base *base, const struct runtime_address *a,
                                          const struct runtime_client_owner *owner)
{
    struct runtime_client *c = xcalloc(1, sizeof *c);
    c->base = base;
    c->address = *a;
    c->owner = *owner;
    c->failed = event_new(base, -1, 0, on_failed, c);
    return c;
}

void runtime_client_done(struct runtime_client *c)
{
    if (!c)
        return;
    disconnect(c);
    forget_request(c);
    event_free(c->failed);
    free(c);
}
