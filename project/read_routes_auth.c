/* SPDX-License-Identifier: Apache-2.0 */
/* read_routes_auth.c: SAM's property Auth of APIs and of events: authorizers that are functions of the project, and those of Cognito,
 * JWT and IAM, which are named and never run. A route whose authorizer is not known is open, as it would be with sam local, and a loud
 * note says so. */
#include "project/read_routes.h"

#include <string.h>

static const char IAM[] = "AWS_IAM";

/* Identity's lists; of a REST API's and of an HTTP API's the same names. */
static void add_identity(struct scope *s, struct model_authorizer *a, const struct node *identity)
{
    static const struct {
        const char *member, *before;
    } LISTS[] = {{"Headers", "header."}, {"QueryStrings", "querystring."}, {"StageVariables", "stageVariables."}, {"Context", "context."}};
    for (size_t i = 0; i < sizeof(LISTS) / sizeof(*LISTS); i++) {
        const struct node *list = node_find(identity, LISTS[i].member);
        for (size_t k = 0; list && list->kind == NODE_LIST && k < list->n; k++)
            if (node_text(list->items[k]))
                routes_add_identity(s, a, arena_printf(s->arena, "%s%s", LISTS[i].before, node_text(list->items[k])));
    }
}

static void add_lambda(struct scope *s, struct model_api *api, const char *name, const struct node *v)
{
    const struct node *arn = node_find(v, "FunctionArn"), *identity = node_find(v, "Identity");
    const char *function = template_function_of(s, arn);
    bool request = api->http || node_is(node_find(v, "FunctionPayloadType"), "REQUEST");
    const char *header = node_text(node_find(identity, "Header")), *payload = node_text(node_find(v, "AuthorizerPayloadFormatVersion"));
    if (!function) {
        model_note(s->model, v, true, "authorizer %s of %s is left out: no function of the project is behind it", name, api->id);
        return;
    }
    struct model_authorizer *a = routes_add_authorizer(s, api, name, request ? "request" : "token");
    a->function = function;
    a->payload = !api->http ? "1.0" : payload && strcmp(payload, "1.0") == 0 ? "1.0" : "2.0";
    a->simple = node_true(node_find(v, "EnableSimpleResponses"));
    a->header = request ? NULL : header ? header : "Authorization";
    a->expression = node_text(node_find(identity, "ValidationExpression"));
    if (request)
        add_identity(s, a, identity);
}

static void add_one(struct scope *s, struct model_api *api, const char *name, const struct node *v)
{
    if (node_find(v, "FunctionArn"))
        add_lambda(s, api, name, v);
    else if (node_find(v, "UserPoolArn"))
        routes_add_authorizer(s, api, name, "cognito");
    else if (node_find(v, "JwtConfiguration") || node_find(v, "OpenIdConnectUrl"))
        routes_add_authorizer(s, api, name, "jwt");
    else
        model_note(s->model, v, true, "authorizer %s of %s is not understood", name, api->id);
}

/* A name that routes may have: of an authorizer that is there, or AWS_IAM, which every API has. */
static const char *known(struct scope *s, struct model_api *api, const struct node *at, const char *name)
{
    if (name && strcmp(name, IAM) == 0 && !routes_has_authorizer(api, IAM))
        routes_add_authorizer(s, api, IAM, "iam");
    if (!name || strcmp(name, "NONE") == 0 || routes_has_authorizer(api, name))
        return name;
    model_note(s->model, at, true, "authorizer %s of %s is unknown: routes with it are open", name, api->id);
    return NULL;
}

void routes_add_auth(struct scope *s, struct model_api *api, const char *id, const struct node *v)
{
    struct refusal why = {0};
    const struct node *auth = v ? value_chosen(s, v, &why) : NULL, *all = node_find(auth, "Authorizers");
    for (size_t i = 0; all && all->kind == NODE_MAP && i < all->n; i++)
        add_one(s, api, all->members[i].name, all->members[i].value);
    const char *name = routes_text(s, id, "DefaultAuthorizer", node_find(auth, "DefaultAuthorizer"));
    name = known(s, api, auth, name);
    api->default_authorizer = name && strcmp(name, "NONE") == 0 ? NULL : name;
    if (node_true(node_find(auth, "ApiKeyRequired")))
        model_note(s->model, auth, false, "ApiKeyRequired of %s is not asked for: keys are known to the account alone", id);
}

const char *routes_event_authorizer(struct scope *s, struct model_api *api, const struct node *auth)
{
    return known(s, api, auth, routes_text(s, api->id, "Authorizer", node_find(auth, "Authorizer")));
}
