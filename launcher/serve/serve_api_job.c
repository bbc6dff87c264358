/* SPDX-License-Identifier: Apache-2.0 */
/* serve_api_job.c: what the jobs of an API have in common, be they for an authorizer or for the function: their deadline and their end. The
 * API answers when its time is up; the invocation goes on to its own timeout, as on AWS, and its answer is thrown away.
 * A client that goes away ends nothing either. */
#include "launcher/serve/serve_api.h"

#include "base/own.h"

#include <string.h>

void api_ask_done(struct api_ask *a)
{
    api_match_done(&a->match);
    text_done(&a->authorizer);
}

void api_place_of(const struct api_door *door, struct api_place *ret)
{
    *ret = (struct api_place){.region = door->server->request->region, .port = door->port};
}

void api_job_free(struct api_job *j)
{
    api_ask_done(&j->ask);
    text_done(&j->client.payload);
    if (j->deadline)
        event_free(j->deadline);
    if (j->later)
        event_free(j->later);
    if (!j->submitted)
        http_charge_done(&j->client.job.charge); /* else it is the pool's */
    free(j->tenant);
    free(j);
}

void api_job_fail(struct api_job *j, enum api_error error)
{
    struct http_request *r = take_ptr(&j->client.request);
    if (r)
        api_fail(j->ask.match.api, r, error, &j->client.job.call.invocation);
}

void api_job_note(const struct api_job *j, const char *whose, const char *why)
{
    const struct served *f = j->client.function;
    if (!f->request.quiet)
        fprintf(stderr, "lrun: %s: API %s cannot use %s: %s\n", pool_name(f->pool), j->ask.match.api->name, whose, why);
}

static void on_deadline(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    api_job_fail(to, API_TIMED_OUT);
}

static void on_later(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    api_job_submit(to);
}

/* A job that no pool has yet has nobody else who would free it. */
static void on_client_gone(struct client *c)
{
    struct api_job *j = (struct api_job *)(void *)c;
    if (!j->submitted)
        api_job_free(j);
    else
        event_del(j->deadline);
}

struct api_job *api_job_new(struct api_ask *taken, struct served *f, const struct job_owner *owner, struct http_request *r)
{
    struct api_job *j = xcalloc(1, sizeof *j);
    j->ask = *taken;
    *taken = (struct api_ask){0};
    j->client.function = f;
    j->client.gone = on_client_gone;
    j->client.job.owner = owner;
    j->client.request = r;
    r->owner = j;
    j->deadline = evtimer_new(f->server->base, on_deadline, j);
    server_begin(f, &j->client.job.call.invocation, NULL, http_header(r, "X-Amzn-Trace-Id"));
    return j;
}

void api_job_submit(struct api_job *j)
{
    struct invocation *inv = &j->client.job.call.invocation;
    const unsigned ms = j->ask.match.route->timeout_ms;
    inv->event = j->client.payload.at;
    inv->event_size = j->client.payload.n;
    event_add(j->deadline, &(struct timeval){.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000});
    j->submitted = true;
    if (pool_submit(j->client.function->pool, &j->client.job))
        return;
    api_job_fail(j, API_THROTTLED);
    api_job_free(j);
}

void api_job_submit_later(struct api_job *j)
{
    j->later = evtimer_new(j->client.function->server->base, on_later, j);
    event_add(j->later, &(struct timeval){.tv_sec = 0});
}
