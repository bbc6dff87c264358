/* SPDX-License-Identifier: Apache-2.0 */
/* telemetry.h: the Telemetry API 2022-07-01 and the Logs API 2020-08-15 of one environment: subscriptions, buffers and
 * delivery. Source: lambda-apis, section 3.
 *
 * Deliveries go to a listener inside the sandbox: the owner is asked for a socket of the sandbox's network, hands it over
 * with telemetry_socket(), and it is connected here. Only telemetry drops undelivered events, and reports it (logsDropped). */
#ifndef LRUN_TELEMETRY_H
#define LRUN_TELEMETRY_H

#include "lambda/events.h"
#include "lambda/extensions_api.h"

enum telemetry_type { TYPE_PLATFORM = 1, TYPE_FUNCTION = 2, TYPE_EXTENSION = 4 };

struct telemetry_owner {
    void *to;
    void (*ask_socket)(void *to, void *subscription); /* answered by telemetry_socket() */
    void (*on_subscribed)(void *to, struct event e);  /* to be told as any other event */
    struct event_base *base;
    struct extensions_api *extensions; /* who may subscribe */
    bool expected;                     /* some extensions have not registered yet: earlier events are kept for them */
};

struct telemetry;
struct telemetry *telemetry_new(const struct telemetry_owner *owner);
void telemetry_done(struct telemetry *t);

struct route_table telemetry_routes(struct telemetry *t);

/* Init has begun anew: subscriptions end, and events are kept for those to come until telemetry_close(). */
void telemetry_reset(struct telemetry *t);
void telemetry_close(struct telemetry *t); /* init is over: no more subscriptions */

/* Is there a subscriber of this type, or may one still subscribe? */
bool telemetry_wants(const struct telemetry *t, enum telemetry_type type);

/* Hands the event, or a line of n bytes, to all subscribers of its type, and keeps it for later subscribers. */
void telemetry_event(struct telemetry *t, const struct event *e);
void telemetry_line(struct telemetry *t, enum telemetry_type type, const char *line, size_t n, bool as_json);

void telemetry_socket(struct telemetry *t, void *subscription, int fd); /* fd -1: none could be made */
void telemetry_flush(struct telemetry *t);                              /* sends what is buffered without waiting for more */
void telemetry_pause(struct telemetry *t, bool paused);                 /* while the environment is frozen nothing is sent */

/* Reads and checks a subscription's body. False: ret_why says what is wrong, as AWS joins it. For tests too. */
enum { DESTINATION_HTTP, DESTINATION_TCP };
struct subscription_request {
    enum event_form form;
    unsigned types;
    int protocol;
    bool put; /* the Logs API lets HTTP use PUT */
    char path[512];
    char host[64];
    uint16_t port;
    uint64_t max_items, max_bytes, timeout_ms;
};
bool telemetry_parse(const char *body, size_t n, bool logs, struct subscription_request *ret, struct text *ret_why);

#endif
