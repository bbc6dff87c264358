/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: what serve's files share: its functions, and the doors to them. */
#ifndef LRUN_SERVER_H
#define LRUN_SERVER_H

#include "lambda/api_gateway.h"
#include "lambda/function_url.h"
#include "launcher/launch/request.h"
#include "launcher/serve/pool.h"
#include "launcher/serve/watch.h"

struct server;

struct served { /* one function */
    struct server *server;
    struct request request; /* the command line's, with what is its own */
    bool named;             /* by NAME= or in the configuration: it answers to no other name */
    struct launch *launch;  /* until its pool has it */
    struct pool *pool;
    struct cgroup *cgroups; /* one an environment; NULL: none */
    struct function_url url;
    int url_listener, debug_listener; /* -1: none */
    struct http_server *url_server;
    struct watch *watch;
    unsigned events; /* of the event queue, waiting or running */
    size_t event_bytes;
};

struct api_door { /* a port of --api, with one API behind it or several */
    struct server *server;
    struct api *apis;
    size_t n;
    int listener;
    uint16_t port;
    struct http_server *http;
};

struct server {
    const struct request *request;
    struct event_base *base;
    struct served *functions;
    size_t n;
    int listener;
    uint16_t port;
    struct http_server *http;
    struct http_room *room; /* of all its clients: the Invoke API's, the URLs' and the APIs' */
    struct line_room lines; /* of these, what waits in line */
    struct event *interrupts[2], *grace;
    bool ready, stopping;
    int signal;               /* the second one: stop at once */
    struct event_job *events; /* serve_events.c */
    struct quota event_bytes;
    struct api_door *doors;
    size_t door_n;
    int static_dir; /* -1: none */
};

/* Whether the function has this name: its own on Lambda, or one that its project gives it. Whether any has. */
bool server_has_name(const struct served *f, const char *name, size_t n);
bool server_serves(const struct server *s, const char *name, size_t n);

/* The function that answers to this name, or NULL. */
struct served *server_find(struct server *s, const char *name, size_t n);

/* Fills what invocations have in common. qualifier: NULL for none. */
void server_begin(const struct served *f, struct invocation *inv, const char *qualifier, const char *trace);

/* server.c: the Invoke API's port. */
struct http_handler server_handler(struct server *s);
void server_share(struct server *s); /* fills room, lines and event_bytes; the limit of descriptors is final */

/* True: the request comes from a page of another site, or names a host that is not ours, and is answered with 403. */
bool server_refuses(const struct request *asked, bool any_origin, struct http_request *r);

/* serve_invoke.c, serve_url.c, serve_api.c: the doors. */
void serve_invoke(struct server *s, struct http_request *r, const char *word, bool stream);
void serve_url_request(void *to, struct http_request *r); /* to: the struct served */
void serve_api_request(void *to, struct http_request *r); /* to: the struct api_door */

/* serve_static.c: answers with a file of --static. False: there is none. */
bool serve_static(const struct server *s, struct http_request *r);

/* serve_open.c: the ports of APIs. serve_open_apis() takes those that have a port. */
int serve_open_apis(struct server *s, struct api *apis, size_t n, struct err *err);
void serve_doors_start(struct server *s);
void serve_doors_tell(const struct server *s); /* says where the APIs are */
void serve_doors_stop(struct server *s);
bool serve_doors_idle(const struct server *s);
void serve_doors_done(struct server *s);

/* serve_events.c: invocations nobody waits for, tried three times. Takes payload. False: there are too many. */
struct event_asked { /* borrowed; NULL: none */
    const char *qualifier, *trace, *tenant, *keeper /* pool.h */;
};
bool serve_event(struct served *f, struct text *payload, const struct event_asked *asked, char id[UUID_SIZE]);
bool serve_events_idle(const struct server *s);
void serve_events_hurry(struct server *s); /* lrun stops: events that wait for another try are tried now */
void serve_events_done(struct server *s);

/* What a job of a client has in common: request->owner. */
struct client {
    struct job job; /* first */
    struct served *function;
    struct http_request *request; /* NULL: answered, or gone */
    struct text payload;
    void (*gone)(struct client *c); /* its request is no more */
};

#endif
