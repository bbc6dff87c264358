/* SPDX-License-Identifier: Apache-2.0 */
/* read_routes.h: how routes, authorizers and what else APIs have come into the model. For read_routes*.c only. */
#ifndef LRUN_READ_ROUTES_H
#define LRUN_READ_ROUTES_H

#include "project/template.h"

/* The API that is the resource, or NULL. The pointer holds till an API is added. */
struct model_api *routes_api(struct scope *s, const char *logical_id);
struct model_api *routes_add_api(struct scope *s, const char *logical_id, bool http, const char *stage);
/* The API that a value refers to; NULL: none. */
struct model_api *routes_api_of(struct scope *s, const struct node *v);

/* The value as text; NULL with a note, if it cannot be resolved: "X of ID: why". v may be NULL: none. */
const char *routes_text(struct scope *s, const char *id, const char *what, const struct node *v);
/* The same of a map or list. */
const struct node *routes_value(struct scope *s, const char *id, const char *what, const struct node *v);

/* The function behind an integration of the API, whose ARN may have ${stageVariables.X} in it. */
const char *routes_function_of(struct scope *s, const struct model_api *api, const struct node *uri);

/* Adds a route, unless it is one that no API can have: then a note. method in any case; NULL or any: ANY. payload, operation and authorizer
 * may be NULL; authorizer NONE: none, though the API has a default. */
void routes_add(struct scope *s, struct model_api *api, const struct node *at, struct model_route route);
bool routes_has_authorizer(const struct model_api *api, const char *name);
struct model_authorizer *routes_add_authorizer(struct scope *s, struct model_api *api, const char *name, const char *kind);
void routes_add_identity(struct scope *s, struct model_authorizer *a, const char *text);
void routes_add_variables(struct scope *s, struct model_api *api, const char *id, const struct node *v);
void routes_add_binary(struct scope *s, struct model_api *api, const char *id, const struct node *v);

/* CORS in the form of an HTTP API's, with lists, numbers and bools where they belong. NULL: none. */
const struct node *routes_cors_rest(struct scope *s, const char *id, const struct node *v);
/* The same of a method OPTIONS that API Gateway answers itself, as CDK and Serverless have CORS: its integration, without methods. NULL: it
 * says nothing of CORS. */
const struct node *routes_cors_mock(struct scope *s, const char *id, const struct node *integration);
const struct node *routes_cors_http(struct scope *s, const char *id, const struct node *v);

/* SAM's default of AllowMethods for REST APIs: those that have routes, and OPTIONS. SAM has it path by path; here it is the API's: our
 * choice. */
void routes_cors_methods(struct scope *s, struct model_api *api);

/* SAM's property Auth, or a function's Events.X.Auth: which authorizer a route has. */
void routes_add_auth(struct scope *s, struct model_api *api, const char *id, const struct node *v);
const char *routes_event_authorizer(struct scope *s, struct model_api *api, const struct node *auth);

/* By kind: resources of the template, without nested stacks. */
void routes_of_serverless(struct scope *s);
void routes_of_rest(struct scope *s);
void routes_of_http(struct scope *s);
/* An OpenAPI body: of a resource, or the file that a property names. */
void routes_of_body(struct scope *s, struct model_api *api, const char *id, const struct node *body);

#endif
