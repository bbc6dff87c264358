/* SPDX-License-Identifier: Apache-2.0 */
/* upstream_event.c: an event from a Runtime API that somebody else serves, as a call of the environment. What the server says is handed on
 * inside where it fits: headers that lrun has room for, a deadline that is a number. In place of anything else stands what lrun would
 * say itself. */
#include "launcher/command/upstream_event.h"

#include "base/num.h"
#include "base/own.h"
#include "lambda/limits.h"

#include <string.h>

static void keep(char **field, const struct http_head *head, const char *name)
{
    const char *value = http_head_value(head, name);
    free(*field);
    *field = value && *value ? xstrdup(value) : NULL;
}

bool upstream_event_take(struct upstream_event *ev, const struct http_head *head, const struct text *body)
{
    static const char OF_IDS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    const char *id = http_head_value(head, "Lambda-Runtime-Aws-Request-Id");
    size_t n = id ? strlen(id) : 0;
    if (!n || n > UPSTREAM_ID_MAX || strspn(id, OF_IDS) != n || id[0] == '.')
        return false;
    memcpy(ev->id, id, n + 1);
    keep(&ev->trace, head, "Lambda-Runtime-Trace-Id");
    keep(&ev->arn, head, "Lambda-Runtime-Invoked-Function-Arn");
    keep(&ev->deadline, head, "Lambda-Runtime-Deadline-Ms");
    keep(&ev->content_type, head, "Content-Type");
    keep(&ev->client_context, head, "Lambda-Runtime-Client-Context");
    keep(&ev->cognito, head, "Lambda-Runtime-Cognito-Identity");
    keep(&ev->tenant, head, "Lambda-Runtime-Aws-Tenant-Id");
    ev->body.n = 0;
    text_add(&ev->body, body->at ? body->at : "", body->n);
    return true;
}

/* 0: --timeout. An event that comes after its deadline has a millisecond; but a deadline long ago is none, as cargo lambda watch has it
 * (600000, whenever it is). Our choice: a day. */
static double limit_of(const char *deadline, const struct number *timeout)
{
    uint64_t ms;
    if (!deadline || num_plain(deadline, 10, &ms) < 0 || !ms || ms > (uint64_t)INT64_MAX)
        return 0;
    const double most = TIMEOUT_MANAGED_MAX_S * 1000.0, long_ago = -24 * 3600 * 1000.0;
    double left = (double)((int64_t)ms - clock_epoch_ms());
    if (left < long_ago)
        return 0;
    left = left < 1 ? 1 : left > most ? most : left;
    return timeout->set && (double)timeout->value < left ? 0 : left;
}

void upstream_event_call(const struct upstream_event *ev, const struct launch *l, struct call *ret)
{
    struct invocation *inv = &ret->invocation;
    ret->limit_ms = limit_of(ev->deadline, &l->request->timeout);
    *inv = (struct invocation){.event = ev->body.at,
                               .event_size = ev->body.n,
                               .content_type = ev->content_type,
                               .client_context = ev->client_context,
                               .cognito = ev->cognito,
                               .tenant = ev->tenant ? ev->tenant : l->request->tenant,
                               .streaming = true,
                               .marked = true};
    invocation_begin(inv);
    invocation_arn(l->request->region, l->inputs.name, NULL, inv->arn, sizeof inv->arn);
    if (strlen(ev->id) < sizeof inv->id)
        strcpy(inv->id, ev->id);
    if (ev->trace && strlen(ev->trace) < sizeof inv->trace)
        strcpy(inv->trace, ev->trace);
    if (ev->arn && strlen(ev->arn) < sizeof inv->arn)
        strcpy(inv->arn, ev->arn);
}

void upstream_event_done(struct upstream_event *ev)
{
    char *texts[] = {ev->trace, ev->arn, ev->deadline, ev->content_type, ev->client_context, ev->cognito, ev->tenant};
    for (size_t i = 0; i < COUNT(texts); i++)
        free(texts[i]);
    text_done(&ev->body);
}
