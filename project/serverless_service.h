/* SPDX-License-Identifier: Apache-2.0 */
/* serverless_service.h: a raw serverless.yml as it becomes a template. For read_serverless.c and serverless_*.c only. */
#ifndef LRUN_SERVERLESS_SERVICE_H
#define LRUN_SERVERLESS_SERVICE_H

#include "project/serverless.h"

struct scope;

struct service_refusal { /* of a function, till the model has it */
    const char *id;
    struct refusal why;
};

struct service {
    struct variables v;
    const char *name, *region; /* region: NULL: the user tells another, or none */
    struct node *resources;    /* of the template */
    struct node *functions;    /* key: its node, shallow */
    struct service_refusal *refused;
    size_t refused_n;
    const struct scope *scope; /* of the template that was made of it */
    unsigned whole;            /* functions whose code is the service's directory */
};

void service_resource(struct service *s, const char *id, const char *type, const struct node *properties);
/* of: the setting it is about, as serverless.yml names it. */
void service_refuse(struct service *s, const char *id, const struct refusal *why, const char *of);

void service_function(struct service *s, const char *key, const struct node *fn);
void service_layer(struct service *s, const char *key, const struct node *layer);
/* cors of a URL or an HTTP API (true, or a map) as CloudFormation has it, with Serverless's defaults but for methods; NULL: none. */
struct node *service_cors(struct arena *a, const struct node *cors, bool api);
void service_routes(struct service *s); /* events http and httpApi, into the model */

#endif
