/* SPDX-License-Identifier: Apache-2.0 */
/* serve_url.c: function URLs: HTTP requests as jobs, and what the function returns as HTTP answers. The event and the answer's form
 * are lambda/function_url.c's and function_url_answer.c's; the Invoke API is serve_invoke.c. In streaming mode a runtime may send a
 * prelude (status, headers) first, ended by eight NUL bytes, which may come in pieces. Once the answer has begun a failure can only be
 * shown by breaking the connection off. */
#include "lambda/invoke_api.h"
#include "launcher/serve/server.h"
#include "launcher/serve/stream.h"

#include "base/own.h"

#include <string.h>
#include <strings.h>

struct url_job {
    struct client client; /* first */
    struct stream stream;
    char *content_type;  /* as the runtime sent it */
    struct text prelude; /* what has arrived of it */
    bool in_prelude, begun, broken;
};

static struct url_job *url_of(struct job *j)
{
    return (struct url_job *)(void *)j;
}

static void job_free(struct url_job *u)
{
    stream_done(&u->stream);
    text_done(&u->client.payload);
    text_done(&u->prelude);
    free(u->content_type);
    free(u);
}

static void fail_client(struct url_job *u)
{
    struct http_request *r = take_ptr(&u->client.request);
    if (r && u->begun)
        http_abort(r);
    else if (r)
        function_url_fail(r, &u->client.job.call.invocation, &u->client.function->url);
    u->broken = true;
}

/* Adds what every answer has. */
static void finish_headers(const struct url_job *u, struct text *headers)
{
    invoke_ids(&u->client.job.call.invocation, headers);
    if (u->client.function->url.cors)
        function_url_cors(&u->client.function->url, u->client.request, headers);
}

/* ---- as a whole ---- */

static void answer_whole(struct url_job *u, const struct text *payload)
{
    struct url_answer a = {.status = 0};
    if (!u->client.request)
        return;
    if (function_url_infer(payload->at ? payload->at : "", payload->n, &a)) {
        finish_headers(u, &a.headers);
        http_answer(take_ptr(&u->client.request), a.status, a.headers.at, a.body.at, a.body.n);
    } else {
        fail_client(u);
    }
    url_answer_done(&a);
}

/* ---- as it comes ---- */

static void begin(struct url_job *u, int status, struct text *headers)
{
    u->begun = true;
    if (!u->client.request)
        return;
    finish_headers(u, headers);
    http_begin(u->client.request, status, headers->at);
}

/* Without a prelude: the status is 200, and the content type the runtime's own. */
static void begin_plain(struct url_job *u, const char *content_type)
{
    struct text headers = {0};
    text_printf(&headers, "Content-Type: %s\r\n", content_type ? content_type : "application/octet-stream");
    begin(u, 200, &headers);
    text_done(&headers);
}

/* The answer begins with the first byte: until then a failure of the function is the client's answer. */
static void send_bytes(struct url_job *u, const char *bytes, size_t n)
{
    if (!n)
        return;
    if (!u->begun)
        begin_plain(u, u->content_type);
    if (!u->client.request)
        return;
    http_send(u->client.request, bytes, n);
    stream_wrote(&u->stream, n);
}

static void on_stream(struct job *j, const char *content_type, struct http_request *from)
{
    struct url_job *u = url_of(j);
    stream_begin(&u->stream, u->client.function->server->base, u->client.request, from, u->client.function->request.stream_shape);
    u->content_type = content_type ? xstrdup(content_type) : NULL;
    u->in_prelude = content_type && strcasecmp(content_type, PRELUDE_TYPE) == 0;
}

/* The separator may be split over pieces. */
static void read_prelude(struct url_job *u, const char *bytes, size_t n)
{
    bool found;
    text_add(&u->prelude, bytes, n);
    size_t size = function_url_find_prelude(u->prelude.at, u->prelude.n, &found);
    if (!found) {
        if (u->prelude.n > PRELUDE_MAX)
            fail_client(u);
        return;
    }
    struct url_answer a = {.status = 0};
    u->in_prelude = false;
    if (function_url_prelude(u->prelude.at, size, &a)) {
        begin(u, a.status, &a.headers);
        send_bytes(u, u->prelude.at + size + PRELUDE_END, u->prelude.n - size - PRELUDE_END);
    } else {
        fail_client(u);
    }
    url_answer_done(&a);
}

static void on_piece(struct job *j, const char *bytes, size_t n)
{
    struct url_job *u = url_of(j);
    if (u->broken)
        return;
    if (u->in_prelude)
        read_prelude(u, bytes, n);
    else
        send_bytes(u, bytes, n);
}

/* ---- the job ---- */

/* A stream of nothing is an empty body, and what a prelude would have said is not known [AWS]; one that ended within its prelude is no
 * answer. */
static void end_stream(struct url_job *u)
{
    if (u->in_prelude && u->prelude.n) {
        fail_client(u);
        return;
    }
    if (!u->begun)
        begin_plain(u, u->in_prelude ? NULL : u->content_type);
    if (u->client.request)
        http_end(take_ptr(&u->client.request));
}

static void on_answer(struct job *j, const struct outcome *o)
{
    struct url_job *u = url_of(j);
    stream_done(&u->stream);
    if (o->status != STATUS_SUCCESS)
        fail_client(u);
    else if (!j->call.streamed)
        answer_whole(u, &o->payload);
    else
        end_stream(u);
}

static void on_done(struct job *j, const struct call_figures *figures, const char *tail, size_t tail_size)
{
    (void)figures, (void)tail, (void)tail_size;
    job_free(url_of(j));
}

static void on_lost(struct job *j, const struct err *err)
{
    (void)err; /* the pool has reported it */
    fail_client(url_of(j));
    job_free(url_of(j));
}

static void on_client_gone(struct client *c)
{
    stream_client_gone(&((struct url_job *)(void *)c)->stream);
}

static void on_drained(void *to, struct http_request *r)
{
    (void)to;
    stream_drained(&((struct url_job *)r->owner)->stream);
}

static const struct job_owner OWNER = {on_answer, on_done, on_lost, on_stream, on_piece};

static void answer_preflight(const struct function_url *url, struct http_request *r)
{
    struct text headers = {0};
    function_url_cors(url, r, &headers);
    http_answer(r, 200, headers.at, "", 0);
    text_done(&headers);
}

static void refuse(struct http_request *r, int status, const char *type, const char *message)
{
    OWN_PTR char *headers = xasprintf("Content-Type: application/json\r\nx-amzn-ErrorType: %s\r\n", type);
    OWN_PTR char *body = xasprintf("{\"Message\":\"%s\"}", message);
    http_answer(r, status, headers, body, strlen(body));
}

void serve_url_request(void *to, struct http_request *r)
{
    struct served *f = to;
    if (server_refuses(&f->request, f->url.cors && !f->request.allow_origins.n, r))
        return;
    if (f->url.cors && function_url_preflight(r)) {
        answer_preflight(&f->url, r);
        return;
    }
    struct url_job *u = xcalloc(1, sizeof *u);
    struct invocation *inv = &u->client.job.call.invocation;
    u->client.function = f;
    u->client.gone = on_client_gone;
    u->client.job.owner = &OWNER;
    server_begin(f, inv, NULL, http_header(r, "X-Amzn-Trace-Id"));
    if (!r->too_large)
        function_url_event(&f->url, r, inv, &u->client.payload);
    if (r->too_large || u->client.payload.n > INVOKE_MAX) {
        refuse(r, 413, "RequestEntityTooLargeException", REQUEST_TEXT);
        job_free(u);
        return;
    }
    inv->event = u->client.payload.at;
    inv->event_size = u->client.payload.n;
    inv->streaming = f->request.url_mode == URL_STREAM;
    text_done(&r->body); /* it is in the event */
    http_take_charge(r, inv->event_size, &u->client.job.charge);
    u->client.request = r;
    r->owner = u;
    r->on_drained = on_drained;
    if (pool_submit(f->pool, &u->client.job))
        return;
    refuse(r, 429, "TooManyRequestsException", "Rate Exceeded.");
    job_free(u);
}
