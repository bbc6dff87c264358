/* SPDX-License-Identifier: Apache-2.0 */
/* http_room.c: who gives way when connections together want more memory or descriptors than there are. http_room.h has the rules for
 * bodies, answers and connections; reading is http_server.c, writing http_answer.c. A victim is chosen by a "worth", one function for
 * each kind of shortage, over all connections of all servers of the room. Nothing is freed while it may be on the stack: cut_off()
 * only marks it and lets libevent report an error in the next turn. A request whose need is reserved can always be finished; so no two
 * wait for each other. */
#include "lambda/http_connection.h"

#include "base/clock.h"
#include "base/own.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

enum { STUCK_MS = 1000, TICK_MS = 500, PACE_MS = 20000 /* in which a body must come, whole, while others wait */ };

struct http_room {
    struct http_room_limits limits;
    size_t bodies, unsent;
    unsigned connections;
    struct http_server *servers;
    struct http_connection *waiting, **last; /* for room for their bodies, in the order they came */
    struct event *wake, *tick;
};

/* ---- who gives way ---- */

/* Higher ones go first; negative: never. */
typedef double (*worth_fn)(const struct http_connection *c, double now);

static struct http_connection *choose(const struct http_room *room, worth_fn worth)
{
    struct http_connection *best = NULL;
    double now = clock_ms(), highest = 0;
    for (const struct http_server *s = room->servers; s; s = s->next)
        for (struct http_connection *c = s->connections; c; c = c->next) {
            double one = c->cut ? -1 : worth(c, now);
            if (one >= 0 && (!best || one > highest)) {
                highest = one;
                best = c;
            }
        }
    return best;
}

/* Idle connections before those whose request is incomplete; of each kind the oldest. */
static double as_place(const struct http_connection *c, double now)
{
    if (c->busy || c->closing || c->unsent)
        return -1;
    return now - c->since_ms + (c->idle ? 1e12 : 0);
}

static double as_answer(const struct http_connection *c, double now)
{
    return c->unsent ? now - c->moved_ms : -1;
}

/* Whether a body has stalled for a second, or is too slow to be complete in time: a byte now and then must not keep the room. */
static double as_body(const struct http_connection *c, double now)
{
    const struct http_request *r = c->request;
    double since = now - c->room_ms;
    if (!r || c->busy || c->waiting || !r->charge.n || since < STUCK_MS)
        return -1;
    bool slow = (double)(r->head.bytes + r->body.n) < (double)r->charge.n * since / PACE_MS;
    return slow || now - c->moved_ms >= STUCK_MS ? since : -1;
}

static void leave(struct http_connection *c)
{
    struct http_room *room = c->server->room;
    struct http_connection **at = &room->waiting;
    while (*at != c)
        at = &(*at)->next_waiting;
    *at = c->next_waiting;
    c->waiting = false;
    if (room->last == &c->next_waiting)
        room->last = at;
}

void http_room_leave(struct http_connection *c)
{
    if (c->waiting)
        leave(c);
}

bool http_room_enter(struct http_room *room)
{
    return room->connections < room->limits.connections || http_room_make_place(room);
}

bool http_room_make_place(struct http_room *room)
{
    struct http_connection *c = choose(room, as_place);
    if (c)
        http_connection_free(c); /* at once: its descriptor is wanted. It reads, so it is on no stack but the loop's */
    return c != NULL;
}

/* ---- what is sent ---- */

static size_t count(struct http_connection *c)
{
    size_t n = evbuffer_get_length(bufferevent_get_output(c->io)), before = c->unsent;
    if (n < before || !before)
        c->moved_ms = clock_ms();
    c->server->room->unsent += n - before;
    c->unsent = n;
    return n;
}

/* Ends the connection as if the other side had hung up, and drops its buffers. It is not freed here, since it may be on the stack. */
static void cut_off(struct http_connection *c)
{
    struct evbuffer *out = bufferevent_get_output(c->io);
    c->cut = true;
    http_room_leave(c);
    setsockopt(bufferevent_getfd(c->io), SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    evbuffer_unfreeze(out, 1); /* libevent lets nobody else take from it */
    evbuffer_drain(out, evbuffer_get_length(out));
    evbuffer_freeze(out, 1);
    count(c);
    if (c->request)
        http_charge_done(&c->request->charge);
    bufferevent_trigger_event(c->io, BEV_EVENT_ERROR, BEV_TRIG_DEFER_CALLBACKS);
}

static void count_all(struct http_room *room)
{
    for (struct http_server *s = room->servers; s; s = s->next)
        for (struct http_connection *c = s->connections; c; c = c->next)
            if (c->unsent)
                count(c);
}

void http_count_unsent(struct http_connection *c)
{
    struct http_room *room = c->server->room;
    size_t before = c->unsent;
    if (evbuffer_get_length(bufferevent_get_output(c->io)) == before || count(c) < before || room->unsent <= room->limits.unsent)
        return;
    count_all(room); /* libevent reports what was sent only when little is left */
    for (struct http_connection *victim; room->unsent > room->limits.unsent && (victim = choose(room, as_answer));)
        cut_off(victim);
}

/* ---- what is read ---- */

static void wake_later(struct http_room *room)
{
    if (room && room->waiting)
        event_active(room->wake, EV_TIMEOUT, 0);
}

/* Grows or shrinks the charge to n bytes. False: there is no room for more; nothing has changed then. */
static bool take_charge(struct http_charge *c, struct http_room *room, size_t n)
{
    if (n > c->n && room->bodies && room->bodies + (n - c->n) > room->limits.bodies)
        return false;
    room->bodies += n - c->n;
    if (n < c->n)
        wake_later(room);
    *c = (struct http_charge){room, n};
    return true;
}

void http_charge_done(struct http_charge *c)
{
    if (!c->n)
        return;
    c->room->bodies -= c->n;
    wake_later(c->room);
    *c = (struct http_charge){0};
}

/* Returns the most memory that the request may need, if that exceeds its share. */
static size_t need(const struct http_connection *c)
{
    const struct http_request *r = c->request;
    const struct http_handler *h = &c->server->handler;
    size_t head = r->head.bytes, body = r->body.n;
    if (!r->head.complete)
        return head > HTTP_SHARE ? h->header_max : 0;
    if (r->on_piece || r->too_large || (r->head.length >= 0 && (uint64_t)r->head.length > h->body_max))
        body = 0; /* none is kept */
    else if (r->head.length >= 0)
        body = (size_t)r->head.length;
    else if (head + body > HTTP_SHARE)
        body = h->body_max;
    return head + body > HTTP_SHARE ? head + body : 0;
}

static void tick(struct http_room *room)
{
    event_add(room->tick, &(struct timeval){.tv_usec = TICK_MS * 1000});
}

bool http_room_admit(struct http_connection *c)
{
    struct http_room *room = c->server->room;
    size_t n = c->request ? need(c) : 0;
    if (c->waiting)
        return false;
    if (!c->request || (n <= c->request->charge.n && n + HTTP_SHARE >= c->request->charge.n))
        return true;
    if ((n < c->request->charge.n || !room->waiting) && take_charge(&c->request->charge, room, n)) {
        c->room_ms = c->moved_ms = clock_ms();
        return true;
    }
    c->waiting = true;
    c->next_waiting = NULL;
    *(room->waiting ? room->last : &room->waiting) = c;
    room->last = &c->next_waiting;
    bufferevent_disable(c->io, EV_READ);
    if (room->limits.hurry && !event_pending(room->tick, EV_TIMEOUT, NULL))
        tick(room);
    wake_later(room); /* the next request may fit */
    return false;
}

/* Returns the fraction of its body that has reached this machine, unread. */
static double present(const struct http_connection *c)
{
    int n = 0;
    ioctl(bufferevent_getfd(c->io), FIONREAD, &n);
    return (double)(evbuffer_get_length(bufferevent_get_input(c->io)) + (size_t)n) / (double)need(c);
}

/* Of the requests that fit, the one with most of its body already here, else the first: hundreds of clients that announce a large body and
 * send nothing must not block others. */
static struct http_connection *next_in(const struct http_room *room)
{
    struct http_connection *best = NULL;
    double most = 0;
    for (struct http_connection *c = room->waiting; c; c = c->next_waiting) {
        if (room->bodies && room->bodies + need(c) - c->request->charge.n > room->limits.bodies)
            continue;
        double here = present(c);
        if (!best || here > most) {
            best = c;
            most = here;
        }
    }
    return best;
}

static void on_wake(evutil_socket_t fd, short what, void *to)
{
    struct http_room *room = to;
    (void)fd, (void)what;
    for (struct http_connection *c; (c = next_in(room)) && take_charge(&c->request->charge, room, need(c));) {
        leave(c);
        c->room_ms = c->moved_ms = clock_ms();
        bufferevent_enable(c->io, EV_READ);
        bufferevent_trigger(c->io, EV_READ, BEV_TRIG_DEFER_CALLBACKS | BEV_TRIG_IGNORE_WATERMARKS);
    }
}

/* If the first in line waits only because of heads whose bodies wait too, the last of those gives way. */
static struct http_connection *last_head(const struct http_room *room)
{
    size_t held = 0, more = need(room->waiting) - room->waiting->request->charge.n;
    struct http_connection *last = NULL;
    for (struct http_connection *c = room->waiting->next_waiting; c; c = c->next_waiting)
        if (c->request->charge.n) {
            held += c->request->charge.n;
            last = c;
        }
    return room->bodies - held + more <= room->limits.bodies ? last : NULL;
}

/* While a request waits, a body that has stalled gives way. */
static void on_tick(evutil_socket_t fd, short what, void *to)
{
    struct http_room *room = to;
    (void)fd, (void)what;
    if (!room->waiting)
        return;
    struct http_connection *c = choose(room, as_body);
    if (!c && (c = last_head(room)))
        cut_off(c);
    while ((c = choose(room, as_body)))
        cut_off(c);
    tick(room);
}

/* ---- its servers ---- */

struct http_room *http_room_new(struct event_base *base, const struct http_room_limits *limits)
{
    struct http_room *room = xcalloc(1, sizeof *room);
    room->limits = limits->bodies ? *limits : (struct http_room_limits){.bodies = 16 << 20, .unsent = 16 << 20, .connections = 512};
    room->wake = evtimer_new(base, on_wake, room);
    room->tick = evtimer_new(base, on_tick, room);
    return room;
}

void http_room_done(struct http_room *room)
{
    if (!room)
        return;
    event_free(room->wake);
    event_free(room->tick);
    free(room);
}

void http_room_join(struct http_room *room, struct http_server *s)
{
    s->next = room->servers;
    room->servers = s;
}

void http_room_quit(struct http_room *room, struct http_server *s)
{
    struct http_server **at = &room->servers;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
}

void http_room_count(struct http_connection *c)
{
    c->server->room->connections++;
    c->since_ms = clock_ms();
}

void http_room_forget(struct http_connection *c)
{
    struct http_room *room = c->server->room;
    http_room_leave(c);
    room->connections--;
    room->unsent -= c->unsent;
    c->unsent = 0;
    wake_later(room);
    for (struct http_server *s = room->servers; s; s = s->next)
        http_accept_again(s);
}

void http_take_charge(struct http_request *request, size_t n, struct http_charge *ret)
{
    struct http_room *room = request->connection->server->room;
    *ret = request->charge;
    request->charge = (struct http_charge){0};
    if (!take_charge(ret, room, n))
        http_charge_done(ret); /* a share's worth, beyond all */
}
