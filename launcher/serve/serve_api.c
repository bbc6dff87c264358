/* SPDX-License-Identifier: Apache-2.0 */
/* serve_api.c: the door of APIs (serve --api): a request finds its route (lambda/api_route.c), asks the route's authorizer
 * (serve_api_authorizer.c), and becomes a job of the route's function. What is said in AWS's words is lambda/api_answer.c's. Requests that
 * no route takes may be for a file of --static. */
#include "launcher/serve/serve_api.h"

#include "base/own.h"
#include "lambda/limits.h"
#include "lambda/tenant.h"

#include <string.h>

/* ---- the function's job ---- */

static struct api_job *job_of(struct job *j)
{
    return (struct api_job *)(void *)j;
}

static void answer(struct api_job *j, const struct text *payload)
{
    const struct api *api = j->ask.match.api;
    struct url_answer a = {.status = 0};
    const char *why = NULL;
    if (api_infer(&j->ask.match, j->client.request, payload->at ? payload->at : "", payload->n, &a, &why)) {
        api_ids(api, &j->client.job.call.invocation, &a.headers);
        api_cors_finish(api, j->client.request, &a.headers);
        http_answer(take_ptr(&j->client.request), a.status, a.headers.at, a.body.at, a.body.n);
    } else {
        api_job_note(j, "the function's response", why);
        api_job_fail(j, API_BAD_OUTPUT);
    }
    url_answer_done(&a);
}

static void on_answer(struct job *job, const struct outcome *o)
{
    struct api_job *j = job_of(job);
    event_del(j->deadline);
    if (!j->client.request)
        return;
    if (o->status == STATUS_SUCCESS)
        answer(j, &o->payload);
    else
        api_job_fail(j, API_BAD_OUTPUT);
}

static void on_done(struct job *job, const struct call_figures *figures, const char *tail, size_t tail_size)
{
    (void)figures, (void)tail, (void)tail_size;
    api_job_free(job_of(job));
}

static void on_lost(struct job *job, const struct err *err)
{
    (void)err; /* the pool has reported it */
    api_job_fail(job_of(job), API_BAD_OUTPUT);
    api_job_free(job_of(job));
}

static const struct job_owner OWNER = {.on_answer = on_answer, .on_done = on_done, .on_lost = on_lost};

/* A function with tenants needs the tenant's name, which on AWS an integration's mapping takes from the request (ours: this header). */
static bool has_tenant(struct api_job *j, const struct http_request *r)
{
    const char *id = http_header(r, "X-Amz-Tenant-Id");
    if (!request_per_tenant(&j->client.function->request))
        return true;
    if (!id || tenant_check(id) != TENANT_GOOD)
        return false;
    j->tenant = xstrdup(id); /* the request may be answered first */
    j->client.job.call.invocation.tenant = j->tenant;
    return true;
}

void api_ask_function(struct api_ask *taken, struct http_request *r, bool later)
{
    const struct api_route *route = taken->match.route;
    struct served *f = server_find(taken->door->server, route->function, strlen(route->function));
    struct api_place place;
    if (!f) {
        api_fail(taken->match.api, r, API_NO_FUNCTION, NULL);
        api_ask_done(taken);
        return;
    }
    struct api_job *j = api_job_new(taken, f, &OWNER, r);
    api_place_of(j->ask.door, &place);
    bool named = has_tenant(j, r);
    if (!named)
        api_job_note(j, "the request", "the function has --tenancy per-tenant, and there is no X-Amz-Tenant-Id");
    else
        api_event(&j->ask.match, &place, r, &j->client.job.call.invocation, &j->ask.authorizer, &j->client.payload);
    if (!named || j->client.payload.n > INVOKE_MAX) {
        api_job_fail(j, named ? API_EVENT_LARGE : API_BAD_OUTPUT);
        api_job_free(j);
        return;
    }
    text_done(&r->body); /* it is in the event */
    http_take_charge(r, j->client.payload.n, &j->client.job.charge);
    if (later)
        api_job_submit_later(j);
    else
        api_job_submit(j);
}

/* ---- the door ---- */

/* May the page that sent it? An API's CORS opens what it has a path for, not the files of --static. */
static bool is_open(const struct api_door *door, const struct api_match *m, const struct http_request *r)
{
    return (m->near || door->server->static_dir < 0) && api_cors_allows(m->api, r);
}

static bool is_too_large(const struct api_match *m, struct http_request *r)
{
    if (!r->too_large)
        return false;
    api_fail(m->api, r, r->body_size > API_BODY_MAX ? API_TOO_LARGE : API_EVENT_LARGE, NULL);
    return true; /* the request is no more */
}

/* Takes the request through what needs no function. False: it is answered. */
static bool has_route(const struct api_door *door, const struct api_match *m, struct http_request *r)
{
    if (server_refuses(door->server->request, is_open(door, m, r), r))
        return false;
    if (api_cors_preflight(m, r)) {
        api_cors_answer(m, r);
        return false;
    }
    if (!m->route && !m->near && serve_static(door->server, r))
        return false;
    if (!m->route)
        api_fail(m->api, r, API_NO_ROUTE, NULL);
    return m->route && !is_too_large(m, r);
}

void serve_api_request(void *to, struct http_request *r)
{
    struct api_door *door = to;
    struct api_ask ask = {.door = door};
    api_find(door->apis, door->n, r->head.method, r->head.path.at, &ask.match);
    if (!has_route(door, &ask.match, r)) {
        api_ask_done(&ask);
        return;
    }
    int authorizer = ask.match.route->authorizer;
    if (authorizer >= 0 && ask.match.api->authorizers[authorizer].type != AUTHORIZER_NOT_RUN)
        api_ask_authorizer(&ask, r);
    else
        api_ask_function(&ask, r, false);
}
