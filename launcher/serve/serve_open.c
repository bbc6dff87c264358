/* SPDX-License-Identifier: Apache-2.0 */
/* serve_open.c: ports of APIs (--api) and the files behind them (--static), and the start and end of all ports beside the Invoke API's. All
 * are opened before root's uid is given up, served from serve_doors_start() on, and end together. Ports of single functions are opened in
 * serve_ports.c, the Invoke API's own in launcher/command/cmd_serve.c. */
#include "base/num.h"
#include "base/own.h"
#include "base/place.h"
#include "lambda/api_authorizer.h"
#include "launcher/launch/exit_status.h"
#include "launcher/launch/launch.h"
#include "launcher/sandbox/listener.h"
#include "launcher/serve/server.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- APIs ---- */

static struct api *find_api(struct api *apis, size_t n, const char *name, size_t length)
{
    for (size_t i = 0; i < n; i++)
        if (apis[i].name && strlen(apis[i].name) == length && strncmp(apis[i].name, name, length) == 0)
            return &apis[i];
    return NULL;
}

/* Moves the API behind the door: what is left has no name. */
static void move_api(struct api *from, struct api_door *door)
{
    door->apis = xrealloc(door->apis, door->n + 1, sizeof *door->apis);
    door->apis[door->n++] = *from;
    *from = (struct api){0};
}

static int open_door(struct server *s, const char *text, struct api *apis, size_t n, struct err *err)
{
    const char *equals = strchr(text, '='), *port = equals ? equals + 1 : text;
    uint64_t number;
    struct api_door *door = &s->doors[s->door_n++];
    *door = (struct api_door){.server = s, .listener = -1};
    if (num_parse(port, 0, 65535, &number, err) < 0)
        return fail_usage(err, "--api '%.80s': expected PORT or NAME=PORT, with a port of 0 to 65535", text);
    struct api *one = equals ? find_api(apis, n, text, (size_t)(equals - text)) : NULL;
    if (equals && !one)
        return fail_usage(err, "--api %.80s: no API has this name, or it has a port already (--api NAME=PORT)", text);
    if (one)
        move_api(one, door);
    for (size_t i = 0; !equals && i < n; i++)
        if (apis[i].name)
            move_api(&apis[i], door);
    if (!door->n)
        return fail_usage(err, "--api %.40s: every API has a port already; several ports need names (--api NAME=PORT)", text);
    return listener_open(s->request->host, (uint16_t)number, "listen for an API at", &door->listener, &door->port, err);
}

/* What the user must know of an API, once. */
static void tell_api(const struct server *s, const struct api *api)
{
    for (size_t i = 0; i < api->authorizer_n; i++) {
        const struct api_authorizer *a = &api->authorizers[i];
        if (a->type == AUTHORIZER_NOT_RUN)
            fprintf(stderr, "lrun: API %s: authorizer %s (JWT, Cognito or IAM) is not checked: its routes take every request\n", api->name,
                    a->name);
        else if (!server_serves(s, a->function, strlen(a->function)))
            fprintf(stderr, "lrun: API %s: authorizer %s needs function '%s', which is not served: its routes answer with an error\n",
                    api->name, a->name, a->function);
        if (a->unread)
            fprintf(stderr, "lrun: API %s: the validation expression of authorizer %s cannot be read, and is not checked\n", api->name,
                    a->name);
    }
    for (size_t i = 0; i < api->route_n; i++)
        if (!server_serves(s, api->routes[i].function, strlen(api->routes[i].function)))
            fprintf(stderr, "lrun: API %s: %s %s needs function '%s', which is not served: it answers with 502\n", api->name,
                    api->routes[i].method, api->routes[i].path, api->routes[i].function);
}

/* Ports with names first: the one without has all that are left. */
static int open_doors(struct server *s, struct api *apis, size_t n, struct err *err)
{
    const struct strv *ports = &s->request->apis;
    s->doors = xcalloc(ports->n, sizeof *s->doors);
    for (size_t named = 0; named < 2; named++)
        for (size_t i = 0; i < ports->n; i++)
            if (!strchr(ports->at[i], '=') == (named == 1) && open_door(s, ports->at[i], apis, n, err) < 0)
                return -1;
    return 0;
}

int serve_open_apis(struct server *s, struct api *apis, size_t n, struct err *err)
{
    const struct request *r = s->request;
    if (r->static_dir && !r->apis.n)
        return fail_usage(err, "--static: the files are served behind --api PORT");
    if (r->apis.n && !n) {
        fail_usage(err, "--api: there are no APIs to serve");
        return fail_hint(err, "they are \"apis\" of the file of --config");
    }
    if (r->apis.n && open_doors(s, apis, n, err) < 0)
        return -1;
    for (size_t i = 0; !r->quiet && i < n; i++)
        if (apis[i].name)
            fprintf(stderr, "lrun: API %s is not served: give it a port with --api %s%s3000\n", apis[i].name, r->apis.n ? apis[i].name : "",
                    r->apis.n ? "=" : "");
    if (r->static_dir) {
        s->static_dir = place_open(r->static_dir, O_RDONLY | O_DIRECTORY, 0, "open the directory of --static", err);
        if (s->static_dir < 0)
            return -1;
    }
    for (size_t i = 0; !r->quiet && i < s->door_n; i++)
        for (size_t k = 0; k < s->doors[i].n; k++)
            tell_api(s, &s->doors[i].apis[k]);
    return 0;
}

/* ---- all of them ---- */

void serve_doors_start(struct server *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct served *f = &s->functions[i];
        struct http_handler handler = server_handler(s);
        handler.on_request = serve_url_request;
        handler.to = f;
        if (f->url_listener >= 0)
            f->url_server = http_serve(s->base, take_fd(&f->url_listener), &handler);
    }
    for (size_t i = 0; i < s->door_n; i++) {
        struct http_handler handler = server_handler(s);
        handler.on_request = serve_api_request;
        handler.to = &s->doors[i];
        s->doors[i].http = http_serve(s->base, take_fd(&s->doors[i].listener), &handler);
    }
}

void serve_doors_tell(const struct server *s)
{
    for (size_t i = 0; i < s->door_n; i++)
        for (size_t k = 0; k < s->doors[i].n; k++) {
            const struct api *api = &s->doors[i].apis[k];
            fprintf(stderr, "lrun: API %s: http://%s:%u/\n", api->name, s->request->host, s->doors[i].port);
            for (size_t n = 0; n < api->route_n; n++)
                fprintf(stderr, "lrun:   %s %s: %s\n", api->routes[n].method, api->routes[n].path, api->routes[n].function);
        }
}

void serve_doors_stop(struct server *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->functions[i].url_server)
            http_server_stop(s->functions[i].url_server);
    for (size_t i = 0; i < s->door_n; i++)
        http_server_stop(s->doors[i].http);
}

bool serve_doors_idle(const struct server *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->functions[i].url_server && !http_server_idle(s->functions[i].url_server))
            return false;
    for (size_t i = 0; i < s->door_n; i++)
        if (!http_server_idle(s->doors[i].http))
            return false;
    return true;
}

void serve_doors_done(struct server *s)
{
    for (size_t i = 0; i < s->n; i++) {
        http_server_done(s->functions[i].url_server);
    }
    for (size_t i = 0; i < s->door_n; i++) {
        http_server_done(s->doors[i].http);
        own_close(&s->doors[i].listener);
        for (size_t k = 0; k < s->doors[i].n; k++)
            api_done(&s->doors[i].apis[k]);
        free(s->doors[i].apis);
    }
    free(s->doors);
    own_close(&s->static_dir);
}
