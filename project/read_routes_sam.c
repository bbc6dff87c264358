/* SPDX-License-Identifier: Apache-2.0 */
/* read_routes_sam.c: AWS::Serverless::Api and HttpApi, the APIs that SAM makes where events name none (ServerlessRestApi,
 * ServerlessHttpApi, with what Globals says of them), and the events Api and HttpApi of functions. Other events are no concern of
 * lrun's. */
#include "project/read_routes.h"

#include <string.h>

static const char REST[] = "ServerlessRestApi", HTTP[] = "ServerlessHttpApi"; /* SAM's own, where an event names none */

static void fill_api(struct scope *s, struct model_api *api, const char *id, const struct node *properties)
{
    const char *stage = routes_text(s, id, "StageName", node_find(properties, "StageName"));
    const struct node *body = node_find(properties, "DefinitionBody"), *uri = node_find(properties, "DefinitionUri");
    api->stage = stage ? stage : api->stage;
    routes_add_variables(s, api, id, node_find(properties, api->http ? "StageVariables" : "Variables"));
    routes_add_auth(s, api, id, node_find(properties, "Auth"));
    if (api->http)
        api->cors = routes_cors_http(s, id, node_find(properties, "CorsConfiguration"));
    else {
        routes_add_binary(s, api, id, node_find(properties, "BinaryMediaTypes"));
        api->cors = routes_cors_rest(s, id, node_find(properties, "Cors"));
    }
    if (body || uri)
        routes_of_body(s, api, id, body ? body : uri);
}

/* SAM's own API, made when the first event asks for it. */
static struct model_api *implicit(struct scope *s, bool http)
{
    const char *id = http ? HTTP : REST;
    struct model_api *api = routes_api(s, id);
    if (api)
        return api;
    api = routes_add_api(s, id, http, http ? "$default" : "Prod");
    fill_api(s, api, id, node_at(s->top, "Globals", http ? "HttpApi" : "Api", NULL));
    return api;
}

static void add_event(struct scope *s, const char *function, const char *name, const struct node *event)
{
    const struct node *type = node_find(event, "Type"), *p = node_find(event, "Properties");
    bool http = node_is(type, "HttpApi");
    if (!http && !node_is(type, "Api"))
        return;
    const struct node *of = node_find(p, http ? "ApiId" : "RestApiId");
    struct model_api *api = of ? routes_api_of(s, of) : implicit(s, http);
    if (!api) {
        model_note(s->model, event, true, "event %s of %s is left out: its API is not in the project", name, function);
        return;
    }
    const char *path = routes_text(s, name, "Path", node_find(p, "Path")), *method = routes_text(s, name, "Method", node_find(p, "Method"));
    const char *payload = routes_text(s, name, "PayloadFormatVersion", node_find(p, "PayloadFormatVersion"));
    struct model_route route = {
        .method = path ? method : "ANY",
        .path = path   ? path
                : http ? "$default"
                       : NULL,
        .function = function,
        .payload = !api->http                               ? "1.0"
                   : payload && strcmp(payload, "1.0") == 0 ? "1.0"
                                                            : "2.0",
        .authorizer = routes_event_authorizer(s, api, node_find(p, "Auth")),
        .operation = api->http ? NULL : routes_text(s, name, "OperationName", node_find(p, "OperationName")),
    };
    routes_add(s, api, event, route);
}

static bool left_out(struct scope *s, const struct node *resource)
{
    struct refusal ignored = {0};
    return scope_made(s, resource, &ignored) == 0;
}

void routes_of_serverless(struct scope *s)
{
    const struct node *resources = node_find(s->top, "Resources");
    for (size_t i = 0; i < resources->n; i++) {
        const struct node_member *m = &resources->members[i];
        bool http = strcmp(scope_type(m->value), "AWS::Serverless::HttpApi") == 0;
        if ((!http && strcmp(scope_type(m->value), "AWS::Serverless::Api") != 0) || left_out(s, m->value))
            continue;
        struct model_api *api = routes_add_api(s, m->name, http, http ? "$default" : "Prod");
        fill_api(s, api, m->name, template_properties(s, m->value, http ? "HttpApi" : "Api"));
    }
    for (size_t i = 0; s->functions && i < s->functions->n; i++) {
        const struct node *resource = scope_resource(s, s->functions->members[i].name);
        const struct node *events = node_at(resource, "Properties", "Events", NULL);
        for (size_t k = 0; events && events->kind == NODE_MAP && k < events->n; k++)
            add_event(s, node_text(s->functions->members[i].value), events->members[k].name, events->members[k].value);
    }
    for (size_t i = 0; s->apis && i < s->apis->n; i++) {
        struct model_api *api = routes_api(s, s->apis->members[i].name);
        if (api && !api->http)
            routes_cors_methods(s, api);
    }
}
