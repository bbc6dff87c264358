/* SPDX-License-Identifier: Apache-2.0 */
/* serve_invoke.c: the Invoke API's requests as jobs, and their results as answers, whole or as an event stream. What a client may ask,
 * and AWS's refusals, are lambda/invoke_api.c's; frames are lambda/event_stream.c's; function URLs are serve_url.c's. A job lives
 * longer than its client: the invocation goes on when the connection is gone, as on Lambda. So r and the job point to one another, and
 * whichever ends first clears the other's pointer. */
#include "lambda/event_stream.h"
#include "lambda/invoke_api.h"
#include "launcher/serve/server.h"
#include "launcher/serve/stream.h"

#include "base/own.h"

#include <stddef.h>
#include <string.h>

struct invoke_job {
    struct client client; /* first */
    struct invoke asked;
    char *tenant, *keeper;
    struct stream stream;
    bool begun;       /* the streamed answer */
    struct text held; /* a response that waits for the log's tail */
    struct text code; /* of a streamed answer's failure; n 0: none */
};

static struct invoke_job *invoke_of(struct job *j)
{
    return (struct invoke_job *)(void *)j; /* the job is first in the client, which is first here */
}

static void job_free(struct invoke_job *i)
{
    stream_done(&i->stream);
    invoke_done(&i->asked);
    text_done(&i->held);
    text_done(&i->code);
    free(i->tenant);
    free(i->keeper);
    free(i);
}

static void common_headers(const struct invoke_job *i, struct text *headers)
{
    invoke_ids(&i->client.job.call.invocation, headers);
    text_puts(headers, "X-Amz-Executed-Version: $LATEST\r\n");
}

/* ---- a response as a whole ---- */

static void answer_whole(struct invoke_job *i, const char *body, size_t n, const char *tail, size_t tail_size)
{
    struct text headers = {0};
    struct http_request *r = take_ptr(&i->client.request);
    if (!r)
        return;
    text_puts(&headers, "Content-Type: application/json\r\nX-Amzn-Remapped-Content-Length: 0\r\n");
    common_headers(i, &headers);
    if (i->client.job.call.status != STATUS_SUCCESS)
        text_puts(&headers, "X-Amz-Function-Error: Unhandled\r\n");
    if (tail)
        invoke_log(tail, tail_size, &headers);
    http_answer(r, 200, headers.at, body, n);
    text_done(&headers);
}

/* ---- a streamed response ---- */

static void begin_stream(struct invoke_job *i, const char *content_type, struct http_request *from)
{
    struct text headers = {0};
    i->begun = true;
    stream_begin(&i->stream, i->client.function->server->base, i->client.request, from, i->client.function->request.stream_shape);
    if (!i->client.request)
        return;
    text_puts(&headers, "Content-Type: application/vnd.amazon.eventstream\r\n");
    if (content_type && !strpbrk(content_type, "\r\n"))
        text_printf(&headers, "X-Amzn-Remapped-Content-Type: %s\r\n", content_type);
    common_headers(i, &headers);
    http_begin(i->client.request, 200, headers.at);
    text_done(&headers);
}

static void send_frames(struct invoke_job *i, const struct text *frames)
{
    if (!i->client.request)
        return;
    http_send(i->client.request, frames->at, frames->n);
    stream_wrote(&i->stream, frames->n);
}

static void on_stream(struct job *j, const char *content_type, struct http_request *from)
{
    begin_stream(invoke_of(j), content_type, from);
}

static void on_piece(struct job *j, const char *bytes, size_t n)
{
    struct text frames = {0};
    event_stream_chunk(bytes, n, &frames);
    send_frames(invoke_of(j), &frames);
    text_done(&frames);
}

static void end_stream(struct invoke_job *i, const char *tail, size_t tail_size)
{
    struct text frames = {0};
    struct http_request *r = i->client.request;
    if (!r)
        return;
    event_stream_complete(i->code.n ? i->code.at : NULL, i->code.n && i->held.n ? &i->held : NULL, tail, tail_size, &frames);
    http_send(r, frames.at, frames.n);
    i->client.request = NULL;
    http_end(r);
    text_done(&frames);
}

static void answer_stream(struct invoke_job *i, const struct outcome *o)
{
    if (!i->begun)
        begin_stream(i, o->status == STATUS_SUCCESS ? "application/json" : NULL, NULL);
    stream_done(&i->stream);
    if (o->status == STATUS_SUCCESS) {
        on_piece(&i->client.job, o->payload.at, o->payload.n);
    } else {
        text_puts(&i->code, o->type);
        text_add(&i->held, o->payload.at, o->payload.n);
    }
    if (!i->asked.tail)
        end_stream(i, NULL, 0);
}

/* ---- the job ---- */

static void on_answer(struct job *j, const struct outcome *o)
{
    struct invoke_job *i = invoke_of(j);
    if (i->asked.stream)
        answer_stream(i, o);
    else if (i->asked.tail)
        text_add(&i->held, o->payload.at, o->payload.n);
    else
        answer_whole(i, o->payload.at, o->payload.n, NULL, 0);
}

static void on_done(struct job *j, const struct call_figures *figures, const char *tail, size_t tail_size)
{
    struct invoke_job *i = invoke_of(j);
    (void)figures;
    if (i->asked.stream)
        end_stream(i, tail, tail_size);
    else
        answer_whole(i, i->held.at, i->held.n, tail, tail_size);
    job_free(i);
}

static void on_lost(struct job *j, const struct err *err)
{
    struct invoke_job *i = invoke_of(j);
    struct http_request *r = take_ptr(&i->client.request);
    char text[ERR_TEXT_SIZE];
    err_text(err, text, sizeof text);
    if (r && i->begun)
        http_abort(r);
    else if (r)
        invoke_refuse(r, ERROR_SERVICE, text);
    job_free(i);
}

static void on_client_gone(struct client *c)
{
    struct invoke_job *i = (struct invoke_job *)(void *)c;
    stream_client_gone(&i->stream);
}

static void on_drained(void *to, struct http_request *r)
{
    struct client *c = r->owner;
    (void)to;
    stream_drained(&((struct invoke_job *)(void *)c)->stream);
}

static const struct job_owner OWNER = {on_answer, on_done, on_lost, on_stream, on_piece};

/* A tenant's clients may name environments too: each then has one of the tenant's. */
static char *keeper_of(const char *tenant, const char *named)
{
    return !named ? NULL : tenant ? xasprintf("%s\n%s", tenant, named) : xstrdup(named);
}

static void submit(struct served *f, struct http_request *r, struct invoke *asked, const char *tenant, const char *named)
{
    struct invoke_job *i = xcalloc(1, sizeof *i);
    const char *trace = http_header(r, "X-Amzn-Trace-Id");
    struct invocation *inv = &i->client.job.call.invocation;
    i->asked = *asked;
    i->client.function = f;
    i->client.gone = on_client_gone;
    i->client.job.owner = &OWNER;
    i->tenant = tenant ? xstrdup(tenant) : NULL;
    i->keeper = keeper_of(tenant, named);
    i->client.job.keeper = i->keeper;
    server_begin(f, inv, asked->qualifier.n ? asked->qualifier.at : NULL, trace);
    inv->event = i->asked.payload.at;
    inv->event_size = i->asked.payload.n;
    inv->client_context = i->asked.client_context.n ? i->asked.client_context.at : NULL;
    inv->tenant = i->tenant;
    inv->streaming = asked->stream;
    i->client.request = r;
    r->owner = &i->client;
    r->on_drained = on_drained;
    http_take_charge(r, inv->event_size, &i->client.job.charge);
    if (pool_submit(f->pool, &i->client.job))
        return;
    r->owner = NULL;
    invoke_refuse(r, ERROR_THROTTLED, NULL);
    job_free(i);
}

static void accept_event(struct served *f, struct http_request *r, struct invoke *asked, const char *tenant, const char *named)
{
    OWN_PTR char *keeper = keeper_of(tenant, named);
    char id[UUID_SIZE];
    struct text headers = {0};
    const struct event_asked of = {
        .qualifier = asked->qualifier.n ? asked->qualifier.at : NULL,
        .trace = http_header(r, "X-Amzn-Trace-Id"),
        .tenant = tenant,
        .keeper = keeper,
    };
    if (serve_event(f, &asked->payload, &of, id)) {
        text_printf(&headers, "Content-Type: application/json\r\nx-amzn-RequestId: %s\r\n", id);
        http_answer(r, 202, headers.at, "", 0);
        text_done(&headers);
    } else {
        invoke_refuse(r, ERROR_THROTTLED_EVENTS, NULL);
    }
    invoke_done(asked);
}

static void accept_dry_run(struct http_request *r)
{
    char id[UUID_SIZE], headers[80];
    random_uuid(id);
    snprintf(headers, sizeof headers, "x-amzn-RequestId: %s\r\n", id);
    http_answer(r, 204, headers, "", 0);
}

static void refuse_unknown(struct http_request *r, const char *region, const struct invoke *asked)
{
    char arn[400];
    invocation_arn(region, asked->name.at, asked->qualifier.n ? asked->qualifier.at : "$LATEST", arn, sizeof arn);
    invoke_refuse(r, ERROR_NOT_FOUND, arn);
}

void serve_invoke(struct server *s, struct http_request *r, const char *word, bool stream)
{
    struct invoke asked = {.stream = stream};
    const char *region = s->functions[0].request.region, *tenant, *named;
    bool good = invoke_parse(r, word, region, &asked);
    struct served *f = good ? server_find(s, asked.name.at, asked.name.n) : NULL;
    if (good && !f)
        refuse_unknown(r, region, &asked);
    if (!good || !f || !invoke_tenant(r, request_per_tenant(&f->request), &tenant) || !invoke_keeper(r, &named)) {
        invoke_done(&asked);
    } else if (asked.kind == INVOKE_DRY_RUN) {
        accept_dry_run(r);
        invoke_done(&asked);
    } else if (asked.kind == INVOKE_EVENT) {
        accept_event(f, r, &asked, tenant, named);
    } else {
        submit(f, r, &asked, tenant, named);
    }
}
