/* SPDX-License-Identifier: Apache-2.0 */
/* forward.c: joins connections to a debugger's port here with sockets made inside. Making a socket inside is init's (message SOCKET);
 * what listens there is the runtime's debugger. Bytes are copied both ways, each with a bound (FLOW_BYTES), so that a side that does
 * not read stops the other. TCP ends in each direction by itself (shutdown(2), SHUT_WR): a side that has sent all may still wait for
 * its answer. */
#include "launcher/sandbox/forward.h"

#include "base/clock.h"
#include "base/own.h"
#include "base/str.h"
#include "launcher/sandbox/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdbool.h>
#include <sys/socket.h>

struct pair { /* one connection: its end here and its end inside */
    struct forward *forward;
    struct pair *next;
    int client;                 /* until its other end is there */
    struct bufferevent *end[2]; /* here, inside */
    bool over[2];               /* nothing more comes from that end */
};

struct forward {
    struct event_base *base;
    struct event *accepts;
    int listener;
    uint16_t port;
    void (*ask)(void *to);
    void *to;
    struct pair *pairs; /* the oldest last */
};

enum { FLOW_BYTES = 256 * 1024, FINISH_MS = 1000, FINISH_TICK_US = 50000 };

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int forward_listen(uint16_t port, int *ret_listener, struct err *err)
{
    return listener_open("127.0.0.1", port, "listen for a debugger at", ret_listener, NULL, err);
}

static void pair_done(struct pair *p)
{
    for (struct pair **at = &p->forward->pairs; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    for (int i = 0; i < 2; i++)
        if (p->end[i])
            bufferevent_free(p->end[i]);
    own_close(&p->client);
    free(p);
}

static size_t unwritten(const struct pair *p, int end)
{
    return evbuffer_get_length(bufferevent_get_output(p->end[end]));
}

/* A TCP connection ends in each direction by itself: one that has sent all still waits for its answer. */
static void pass_end(struct pair *p, int to)
{
    if (!p->over[!to] || unwritten(p, to))
        return;
    shutdown(bufferevent_getfd(p->end[to]), SHUT_WR);
    if (p->over[to] && !unwritten(p, !to))
        pair_done(p);
}

static void on_drained(struct bufferevent *end, void *to)
{
    struct pair *p = to;
    int i = end == p->end[1];
    if (p->over[!i])
        pass_end(p, i);
    else
        bufferevent_enable(p->end[!i], EV_READ);
}

static void on_read(struct bufferevent *end, void *to)
{
    struct pair *p = to;
    struct bufferevent *other = p->end[end == p->end[0]];
    evbuffer_add_buffer(bufferevent_get_output(other), bufferevent_get_input(end));
    if (evbuffer_get_length(bufferevent_get_output(other)) > FLOW_BYTES)
        bufferevent_disable(end, EV_READ); /* until the other has taken it */
}

static void on_event(struct bufferevent *end, short what, void *to)
{
    struct pair *p = to;
    int i = end == p->end[1];
    if (what & BEV_EVENT_ERROR) {
        pair_done(p);
    } else if (what & BEV_EVENT_EOF) {
        p->over[i] = true;
        pass_end(p, !i);
    }
}

static void on_accept(evutil_socket_t fd, short what, void *to)
{
    (void)what;
    struct forward *f = to;
    int client = accept4((int)fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return;
    struct pair *p = xcalloc(1, sizeof *p);
    *p = (struct pair){.forward = f, .next = f->pairs, .client = client};
    f->pairs = p;
    f->ask(f->to);
}

struct forward *forward_new(struct event_base *base, int listener, uint16_t port, void (*ask)(void *to), void *to)
{
    struct forward *f = xcalloc(1, sizeof *f);
    *f = (struct forward){
        .base = base,
        .listener = listener,
        .port = port,
        .ask = ask,
        .to = to,
    };
    f->accepts = event_new(base, listener, EV_READ | EV_PERSIST, on_accept, f);
    event_add(f->accepts, NULL);
    return f;
}

void forward_socket(struct forward *f, int socket)
{
    struct sockaddr_in a = loopback(f->port);
    struct pair *p = NULL;
    for (struct pair *at = f->pairs; at; at = at->next) /* the oldest that waits */
        if (at->client >= 0)
            p = at;
    if (!p || socket < 0) {
        own_close(&socket);
        if (p)
            pair_done(p);
        return;
    }
    p->end[0] = bufferevent_socket_new(f->base, take_fd(&p->client), BEV_OPT_CLOSE_ON_FREE);
    p->end[1] = bufferevent_socket_new(f->base, socket, BEV_OPT_CLOSE_ON_FREE);
    for (int i = 0; i < 2; i++)
        bufferevent_setcb(p->end[i], on_read, on_drained, on_event, p);
    if (bufferevent_socket_connect(p->end[1], (struct sockaddr *)&a, sizeof a) < 0) {
        pair_done(p); /* nobody listens there yet: the debugger tries again */
        return;
    }
    for (int i = 0; i < 2; i++)
        bufferevent_enable(p->end[i], EV_READ | EV_WRITE);
}

/* Has something that came from inside not reached its client yet? */
static bool delivers(const struct forward *f)
{
    for (const struct pair *p = f->pairs; p; p = p->next)
        if (p->end[0] && (!p->over[1] || unwritten(p, 0)))
            return true;
    return false;
}

void forward_finish(struct forward *f)
{
    double end = clock_ms() + FINISH_MS;
    while (f && delivers(f) && clock_ms() < end) {
        event_base_loopexit(f->base, &(struct timeval){.tv_usec = FINISH_TICK_US});
        if (event_base_loop(f->base, EVLOOP_ONCE) < 0)
            return;
    }
}

void forward_done(struct forward *f)
{
    if (!f)
        return;
    while (f->pairs)
        pair_done(f->pairs);
    event_free(f->accepts);
    own_close(&f->listener);
    free(f);
}
