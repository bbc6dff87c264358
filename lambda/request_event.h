/* SPDX-License-Identifier: Apache-2.0 */
/* request_event.h: an HTTP request as an event: what function URLs and API Gateway's two payload formats share.
 *
 * Events are written as text, member by member: nothing of the request is parsed as JSON or converted. Each function adds to out and takes
 * nothing of the request's. */
#ifndef LRUN_REQUEST_EVENT_H
#define LRUN_REQUEST_EVENT_H

#include "lambda/http_server.h"
#include "lambda/invocation.h"

/* Is the header one that AWS sets itself, so that a client's own is not believed? */
bool event_sets_header(const char *name);

/* The address of the client and the time, as events have them. */
struct event_moment {
    char peer[64], time[40]; /* 26/Nov/2026:18:00:00 +0000 */
    int64_t epoch_ms;
};
void event_moment(const struct http_request *r, struct event_moment *ret);

/* One parameter of the query, decoded: its values in their order. Names and values may hold NUL. */
struct event_parameter {
    struct text name;
    struct text *values;
    size_t n;
};
struct event_parameters { /* in the order of the first of each name */
    struct event_parameter *at;
    size_t n;
};
struct event_parameters event_parameters(const struct http_request *r);
void event_parameters_done(struct event_parameters *all);

/* The values of a header: "a,b" for two lines of that name. */
void event_joined_header(const struct http_request *r, const char *name, struct text *out);

/* May the body be text in the event? By its content type, and by its bytes. */
bool event_is_text(const struct http_request *r);
/* Adds the value of "body": a string as it is, or its base64. */
void event_body_value(const struct http_request *r, bool base64, struct text *out);

/* Payload format 2.0. */
struct event_2 {
    const char *account, *api, *domain, *prefix, *stage, *route_key;
    uint16_t port;
    const struct text *path;      /* rawPath */
    const struct text *http_path; /* of requestContext */
    bool cookie_header;           /* Cookie stays among the headers, beside cookies[] */
    bool bodiless;                /* an authorizer's event has no body */
    const struct text *members;   /* more of the event, as "key":value,..., or NULL */
    const struct text *context;   /* more of requestContext, or NULL */
};
void event_2(const struct event_2 *e, const struct http_request *r, const struct invocation *inv, struct text *out);

/* Adds members that are JSON already, and the comma before them; nothing for NULL or no bytes. */
void event_members(const struct text *members, struct text *out);

#endif
