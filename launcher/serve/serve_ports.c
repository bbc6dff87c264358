/* SPDX-License-Identifier: Apache-2.0 */
/* serve_ports.c: which function a port is for, and listening on it; what comes in is serve_url.c's, or forward.c's. A
 * debugged function has one environment, which is there from the start and stays: its debugger shall find what it left. The listener
 * of a debugger outlives it, so that a reload loses no port; between two environments connections wait in its queue. */
#include "launcher/serve/serve_ports.h"

#include "base/num.h"
#include "base/own.h"
#include "launcher/launch/exit_status.h"
#include "launcher/sandbox/forward.h"
#include "launcher/sandbox/listener.h"

#include <stddef.h>
#include <string.h>

static int open_url(struct served *f, uint16_t port, struct err *err)
{
    if (request_per_tenant(&f->request)) { /* CreateFunctionUrlConfig refuses it too */
        fail(err, 0, f->launch->inputs.name, "give a function URL to a function with --tenancy per-tenant");
        fail_hint(err, "requests to a URL name no tenant, and Lambda has no URLs for such functions: use the Invoke API");
        err->exit = EXIT_USAGE;
        return -1;
    }
    own_close(&f->url_listener);
    return listener_open(f->server->request->host, port, "listen for a function URL at", &f->url_listener, &f->url.port, err);
}

static int open_debugger(struct served *f, uint16_t port, struct err *err)
{
    struct request *r = &f->request;
    r->debug = true;
    r->debug_port = (struct number){.value = port, .set = true};
    r->concurrency.value = 1;
    r->idle_timeout.value = 0;
    own_close(&f->debug_listener);
    return r->net == NET_HOST ? 0 : forward_listen(port, &f->debug_listener, err); /* there the debugger is on the host's loopback */
}

static const struct kind {
    const char *option;
    size_t list; /* its strv in struct request */
    unsigned min;
    int (*open)(struct served *f, uint16_t port, struct err *err);
} KINDS[] = {
    {"url", offsetof(struct request, urls), 0, open_url},
    {"debug-port", offsetof(struct request, debug_ports), 1, open_debugger},
};

static const struct strv *list_of(const struct served *f, const struct kind *k)
{
    return (const struct strv *)(const void *)((const char *)&f->request + k->list);
}

/* A port without a name applies to all functions that set none: only 0, any free port, can serve several functions. */
static bool is_shared(const struct served *f, const struct kind *k, const char *port)
{
    unsigned users = 0;
    for (size_t i = 0; i < f->server->n; i++) {
        const struct strv *list = list_of(&f->server->functions[i], k);
        for (size_t n = 0; n < list->n; n++)
            users += strcmp(list->at[n], port) == 0 && strspn(port, "0") < strlen(port);
    }
    return users > 1;
}

static int open_one(struct served *f, const struct kind *k, const char *text, struct err *err)
{
    const char *equals = strchr(text, '='), *port = equals ? equals + 1 : text;
    uint64_t number;
    if (equals && !server_has_name(f, text, (size_t)(equals - text)))
        return 0;
    if (!equals && f->server->n > 1 && (!f->named || is_shared(f, k, text)))
        return fail_usage(err, "--%s %.40s: with several functions, --%s needs a name: --%s NAME=PORT", k->option, text, k->option,
                          k->option);
    if (num_parse(port, k->min, 65535, &number, err) < 0)
        return fail_usage(err, "--%s '%.80s': expected PORT or NAME=PORT, with a port of %u to 65535", k->option, text, k->min);
    return k->open(f, (uint16_t)number, err);
}

/* An id as AWS's are: 32 letters of which a URL's host begins. */
static void describe_url(struct served *f)
{
    const struct request *r = &f->request;
    char digest[UUID_SIZE];
    random_uuid(digest);
    for (size_t i = 0, n = 0; digest[i] && n < sizeof f->url.id - 1; i++)
        if (digest[i] != '-')
            f->url.id[n++] = digest[i];
    f->url.region = r->region;
    f->url.cors = r->cors;
    f->url.cors_listed = r->allow_origins.n > 0;
}

int serve_ports_open(struct served *f, struct err *err)
{
    describe_url(f);
    for (size_t i = 0; i < COUNT(KINDS); i++)
        for (size_t n = 0; n < list_of(f, &KINDS[i])->n; n++)
            if (open_one(f, &KINDS[i], list_of(f, &KINDS[i])->at[n], err) < 0)
                return -1;
    return 0;
}

void serve_ports_close(struct served *f)
{
    own_close(&f->url_listener);
    own_close(&f->debug_listener);
}

int serve_ports_check(const struct server *s, struct err *err)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < COUNT(KINDS); k++) {
            const struct strv *list = list_of(&s->functions[i], &KINDS[k]);
            for (size_t n = 0; n < list->n; n++) {
                const char *text = list->at[n], *equals = strchr(text, '=');
                if (equals && !server_serves(s, text, (size_t)(equals - text)))
                    return fail_usage(err, "--%s %.80s: no function has this name (--%s NAME=PORT)", KINDS[k].option, text,
                                      KINDS[k].option);
            }
        }
    return 0;
}

void serve_ports_tell(const struct served *f)
{
    if (f->url_server)
        fprintf(stderr, "lrun: function URL of %s: http://%s:%u/\n", pool_name(f->pool), f->server->request->host, f->url.port);
    if (f->request.debug_port.set)
        fprintf(stderr, "lrun: debugger of %s: attach to 127.0.0.1:%u\n", pool_name(f->pool), (unsigned)f->request.debug_port.value);
}
