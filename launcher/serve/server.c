/* SPDX-License-Identifier: Apache-2.0 */
/* server.c: the Invoke API's port: its routes, what all doors share, and the bounds on what clients may hold in memory. Invocations
 * are serve_invoke.c's, the process from start to end is launcher/command/cmd_serve.c's. Every door asks server_refuses() first: a web
 * page of another site must not invoke a function (lambda/cross_site.c). */
#include "launcher/serve/server.h"

#include "base/own.h"
#include "lambda/cross_site.h"
#include "lambda/invoke_api.h"
#include "lambda/routes.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { HEADERS_MAX = 16 << 10, DISCARD = 64 << 20, REQUEST_S = 60, IDLE_S = 75 };

static bool is_name(const char *own, const char *name, size_t n)
{
    return strlen(own) == n && strncmp(own, name, n) == 0;
}

/* Its launch is its own until its pool has it. */
bool server_has_name(const struct served *f, const char *name, size_t n)
{
    for (size_t i = 0; i < f->request.part.names.n; i++)
        if (is_name(f->request.part.names.at[i], name, n))
            return true;
    return is_name(f->launch ? f->launch->inputs.name : pool_name(f->pool), name, n);
}

bool server_serves(const struct server *s, const char *name, size_t n)
{
    for (size_t i = 0; i < s->n; i++)
        if (server_has_name(&s->functions[i], name, n))
            return true;
    return false;
}

/* A single function answers to any name, as RIE's "function" and SAM's logical ids, unless it was given one. */
struct served *server_find(struct server *s, const char *name, size_t n)
{
    for (size_t i = 0; i < s->n; i++) { /* what a project itself calls it comes first: its routes name functions so */
        const struct strv *names = &s->functions[i].request.part.names;
        if (names->n && is_name(names->at[0], name, n))
            return &s->functions[i];
    }
    for (size_t i = 0; i < s->n; i++) {
        struct served *f = &s->functions[i];
        if ((s->n == 1 && !f->named) || server_has_name(f, name, n))
            return f;
    }
    return NULL;
}

void server_begin(const struct served *f, struct invocation *inv, const char *qualifier, const char *trace)
{
    invocation_begin(inv);
    invocation_arn(f->request.region, pool_name(f->pool), qualifier, inv->arn, sizeof inv->arn);
    if (trace && strncmp(trace, "Root=", 5) == 0 && strlen(trace) < sizeof inv->trace)
        snprintf(inv->trace, sizeof inv->trace, "%s", trace);
}

static void do_invoke(void *service, struct http_request *r, const char *word)
{
    serve_invoke(service, r, word, false);
}

static void do_stream(void *service, struct http_request *r, const char *word)
{
    serve_invoke(service, r, word, true);
}

/* invoke-async, the API of 2014: an Event by its path. */
static void do_async(void *service, struct http_request *r, const char *word)
{
    strv_add(&r->head.headers, xstrdup("X-Amz-Invocation-Type"));
    strv_add(&r->head.headers, xstrdup("Event"));
    serve_invoke(service, r, word, false);
}

static void do_ping(void *service, struct http_request *r, const char *word)
{
    const struct server *s = service;
    bool ready = s->ready && !s->stopping;
    (void)word;
    http_answer(r, ready ? 200 : 503, "Content-Type: text/plain; charset=utf-8\r\n",
                ready         ? "pong"
                : s->stopping ? "stopping"
                              : "starting",
                ready ? 4 : 8);
}

static void do_metrics(void *service, struct http_request *r, const char *word)
{
    struct server *s = service;
    struct text out = {0};
    struct function_metrics **all = xcalloc(s->n, sizeof(struct function_metrics *));
    (void)word;
    for (size_t i = 0; i < s->n; i++)
        all[i] = pool_metrics(s->functions[i].pool);
    metrics_render(all, s->n, &out);
    http_answer(r, 200, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", out.at, out.n);
    free(all);
    text_done(&out);
}

static const struct route ROUTES[] = {
    {"POST", "/2015-03-31/functions/*/invocations", do_invoke},
    {"POST", "/2021-11-15/functions/*/response-streaming-invocations", do_stream},
    {"POST", "/2014-11-13/functions/*/invoke-async", do_async},
    {"POST", "/2014-11-13/functions/*/invoke-async/", do_async},
    {"GET", "/ping", do_ping},
    {"GET", "/metrics", do_metrics},
};

bool server_refuses(const struct request *asked, bool any_origin, struct http_request *r)
{
    const struct site_rules rules = {
        .address = asked->host,
        .hosts = &asked->allow_hosts,
        .origins = &asked->allow_origins,
        .any_origin = any_origin,
    };
    OWN_PTR char *why = cross_site_refusal(r, &rules);
    if (why)
        invoke_refuse(r, ERROR_CROSS_SITE, why);
    return why != NULL;
}

static void on_request(void *to, struct http_request *r)
{
    const struct server *s = to;
    const struct route_table table = {ROUTES, COUNT(ROUTES), to};
    OWN_PTR char *word = NULL;
    const char *allow;
    void *service;
    if (server_refuses(s->request, false, r))
        return;
    const struct route *route = route_find(&table, 1, r->head.method, r->head.path.at, &service, &word, &allow);
    if (route)
        route->run(service, r, word);
    else
        invoke_refuse(r, allow ? ERROR_METHOD : ERROR_PATH, NULL);
}

/* The client is gone: its answer is not needed any more. */
static void client_gone(void *to, struct http_request *r)
{
    struct client *c = r->owner;
    (void)to;
    if (!c || c->request != r)
        return;
    c->request = NULL;
    c->gone(c);
}

/* Together with what a thousand connections keep unasked (HTTP_SHARE and a little behind a request, 8 KB) and the event
 * queue's bytes, clients fill less than 64 MB. Three of the largest requests are read, or wait in line, at once; one that
 * has begun to run is its environment's. Where there are several functions, their lines
 * leave room for one of the largest to be read. */
enum { CLIENTS = 1024, BODIES = 20 << 20, UNSENT = 26 << 20, LINES = 13 << 20, EVENT_BYTES = 8 << 20 };

void server_share(struct server *s)
{
    struct http_room_limits limits = {
        .bodies = BODIES,
        .unsent = UNSENT,
        .connections = CLIENTS,
        .hurry = true,
    };
    struct rlimit fds;
    for (size_t i = 0; i < s->n; i++) /* a connection each, of those that one environment takes at once */
        if (s->functions[i].request.max_concurrency.value + CLIENTS > limits.connections)
            limits.connections = (unsigned)s->functions[i].request.max_concurrency.value + CLIENTS;
    mallopt(M_MMAP_THRESHOLD, 256 << 10); /* bodies go back to the kernel at once: else they leave holes, and a third more is resident */
    if (getrlimit(RLIMIT_NOFILE, &fds) == 0 && fds.rlim_cur / 2 < limits.connections)
        limits.connections = (unsigned)(fds.rlim_cur / 2); /* the other half is for environments */
    s->room = http_room_new(s->base, &limits);
    s->lines.bytes = quota_of(s->n == 1 ? BODIES : LINES, s->n);
    s->lines.jobs = quota_of(s->n == 1 ? SIZE_MAX : limits.connections, s->n);
    s->event_bytes = quota_of(EVENT_BYTES, s->n);
}

static void on_full(void *to, int no)
{
    (void)to;
    fprintf(stderr, "lrun: cannot accept more connections: %s; new connections wait until idle ones are closed\n", strerror(no));
}

struct http_handler server_handler(struct server *s)
{
    return (struct http_handler){.on_request = on_request,
                                 .on_gone = client_gone,
                                 .to = s,
                                 .body_max = INVOKE_MAX,
                                 .header_max = HEADERS_MAX,
                                 .discard_max = DISCARD,
                                 .room = s->room,
                                 .on_full = on_full,
                                 .request_s = REQUEST_S,
                                 .idle_s = IDLE_S};
}
