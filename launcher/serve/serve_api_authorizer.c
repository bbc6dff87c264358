/* SPDX-License-Identifier: Apache-2.0 */
/* serve_api_authorizer.c: the job of a Lambda authorizer, before the function's. The request waits unanswered; what it is allowed to is
 * lambda/api_policy.c's. A request without its identity sources never becomes a job. The function's
 * job is submitted in the loop's next turn: this one is still within a pool's callback. */
#include "launcher/serve/serve_api.h"

#include "base/own.h"

#include <string.h>

static struct api_job *job_of(struct job *j)
{
    return (struct api_job *)(void *)j;
}

static const struct api_authorizer *authorizer_of(const struct api_ask *a)
{
    return &a->match.api->authorizers[a->match.route->authorizer];
}

static enum api_verdict judge(struct api_job *j, const struct outcome *o, const char **why)
{
    const struct text *payload = &o->payload;
    struct api_place place;
    struct text arn = {0};
    *why = "it ended with an error";
    if (o->status != STATUS_SUCCESS)
        return api_verdict_of_error(j->ask.match.api, payload->at ? payload->at : "", payload->n);
    api_place_of(j->ask.door, &place);
    api_method_arn(&j->ask.match, &place, j->client.request->head.method, &arn);
    enum api_verdict verdict =
        api_verdict(&j->ask.match, authorizer_of(&j->ask), arn.at, payload->at ? payload->at : "", payload->n, &j->ask.authorizer, why);
    text_done(&arn);
    return verdict;
}

static void on_answer(struct job *job, const struct outcome *o)
{
    static const enum api_error ERRORS[] = {
        [VERDICT_DENIED] = API_DENIED,
        [VERDICT_DENIED_EXPLICITLY] = API_DENIED_EXPLICITLY,
        [VERDICT_UNAUTHORIZED] = API_UNAUTHORIZED,
        [VERDICT_UNUSABLE] = API_AUTHORIZER_FAILED,
    };
    struct api_job *j = job_of(job);
    const char *why;
    event_del(j->deadline);
    if (!j->client.request)
        return;
    enum api_verdict verdict = judge(j, o, &why);
    if (verdict == VERDICT_ALLOWED) {
        api_ask_function(&j->ask, take_ptr(&j->client.request), true);
        return;
    }
    if (verdict == VERDICT_UNUSABLE)
        api_job_note(j, "the authorizer's response", why);
    api_job_fail(j, ERRORS[verdict]);
}

static void on_done(struct job *job, const struct call_figures *figures, const char *tail, size_t tail_size)
{
    (void)figures, (void)tail, (void)tail_size;
    api_job_free(job_of(job));
}

static void on_lost(struct job *job, const struct err *err)
{
    (void)err; /* the pool has reported it */
    api_job_fail(job_of(job), API_AUTHORIZER_FAILED);
    api_job_free(job_of(job));
}

static const struct job_owner OWNER = {.on_answer = on_answer, .on_done = on_done, .on_lost = on_lost};

void api_ask_authorizer(struct api_ask *taken, struct http_request *r)
{
    const struct api_authorizer *a = authorizer_of(taken);
    struct served *f = server_find(taken->door->server, a->function, strlen(a->function));
    bool identified = api_identified(&taken->match, a, r);
    struct api_place place;
    if (!f || !identified) {
        api_fail(taken->match.api, r, identified ? API_AUTHORIZER_FAILED : API_UNAUTHORIZED, NULL);
        api_ask_done(taken);
        return;
    }
    struct api_job *j = api_job_new(taken, f, &OWNER, r);
    api_place_of(j->ask.door, &place);
    api_authorizer_event(&j->ask.match, a, &place, r, &j->client.job.call.invocation, &j->client.payload);
    api_job_submit(j);
}
