/* SPDX-License-Identifier: Apache-2.0 */
/* http_room.h: how much of lrun's memory and descriptors the connections of one server, or of several, may take together.
 *
 *   bodies   Bodies that are read. Each request may keep HTTP_SHARE bytes unasked, so that small ones are always read. A larger one
 *            takes all that it may need (its length; without one, the most a body may have) before the rest of it is read:
 *            a begun request can finish, and no two can wait for each other. A request without room waits unread. Next is the request
 *            that fits and has the largest part of its body here; of equals, the first.
 *   unsent   Answers that the other side has not taken yet. An answer cannot be refused any more, so one too many cuts off the
 *            connection whose answer has not moved for longest.
 *   connections
 *            When all are taken, or there are no descriptors, a new one takes the place of the one that has had its answer and
 *            been idle for longest, else of the one that has been sending its request for longest. One that is being answered
 *            keeps its place. */
#ifndef LRUN_HTTP_ROOM_H
#define LRUN_HTTP_ROOM_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

enum { HTTP_SHARE = 6 << 10 };

struct http_room_limits {
    size_t bodies, unsent; /* bytes */
    unsigned connections;
    bool hurry; /* a body that stalls for a second, or would take more than 20 s, is given up for one that waits */
};

struct http_room;
struct http_room *http_room_new(struct event_base *base, const struct http_room_limits *limits);
void http_room_done(struct http_room *room); /* after its servers */

/* A part of the room for bodies. n 0: none. */
struct http_charge {
    struct http_room *room;
    size_t n;
};
void http_charge_done(struct http_charge *c);

#endif
