/* SPDX-License-Identifier: Apache-2.0 */
/* routes.h: which function answers a request: tables of method and path. */
#ifndef LRUN_ROUTES_H
#define LRUN_ROUTES_H

#include "lambda/http_server.h"

struct route {
    const char *method, *pattern; /* in a pattern, * is one path segment, handed on as word: not decoded */
    void (*run)(void *service, struct http_request *request, const char *word);
};
struct route_table {
    const struct route *at;
    size_t n;
    void *service;
};

/* The route of a method and path, and its service. NULL: there is none; ret_allow is then the method that the path takes,
 * or NULL. ret_word: owned; NULL if the pattern has no *. */
const struct route *route_find(const struct route_table *tables, size_t n, const char *method, const char *path, void **ret_service,
                               char **ret_word, const char **ret_allow);

/* Percent-decodes; + stays +. False: a broken escape; route_decode(): or a NUL. */
bool url_decode(const char *encoded, size_t n, struct text *out);
void url_decode_or_keep(const char *encoded, size_t n, struct text *out); /* what cannot be decoded stays as it is */
bool route_decode(const char *encoded, size_t n, struct text *out);

#endif
