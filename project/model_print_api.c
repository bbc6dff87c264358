/* SPDX-License-Identifier: Apache-2.0 */
/* model_print_api.c: the APIs of a model, in the form of docs/config.schema.json. Routes and authorizers name functions by their logical
 * ids in the model, and by their names in lrun.json here; one that is refused is named too, since its route is there. Of two APIs of one
 * id, in two stacks, the second gets a number. */
#include "base/json.h"
#include "project/model_print_parts.h"

/* A route says its function's id; its name in lrun.json is that of the first function that has it. */
static const char *name_of(const struct printing *p, const char *id)
{
    size_t i = id ? index_find(&p->ids.index, p->ids.at, p->ids.n, sizeof *p->ids.at, id) : INDEX_NONE;
    return i == INDEX_NONE ? id : p->names[p->first[i]];
}

static void put_route(struct text *out, size_t i, const void *of)
{
    const struct printing *p = of;
    const struct model_route *r = &p->route[i];
    print_text(out, "method", r->method);
    print_text(out, "path", r->path);
    print_text(out, "function", name_of(p, r->function));
    print_text(out, "payload", r->payload);
    print_text(out, "authorizer", r->authorizer);
    print_text(out, "operation", r->operation);
}

static void put_authorizers(struct printing *p, const struct model_api *api)
{
    struct model_name_set seen = {0};
    if (!api->authorizer_count)
        return;
    json_open_key(p->out, "authorizers", '{');
    for (size_t i = 0; i < api->authorizer_count; i++) {
        const struct model_authorizer *a = &api->authorizers[i];
        if (!model_name_first(p->m->arena, &seen, a->name))
            continue;
        json_open_key(p->out, a->name, '{');
        print_text(p->out, "type", a->kind);
        print_text(p->out, "function", name_of(p, a->function));
        print_text(p->out, "payload", a->payload);
        if (a->simple)
            json_flag(p->out, "simple", true);
        print_text(p->out, "header", a->header);
        print_text(p->out, "expression", a->expression);
        print_list(p->out, "identity", a->identity, a->identity_count);
        json_close(p->out, '}');
    }
    json_close(p->out, '}');
}

static void put_api(struct printing *p, const struct model_api *api)
{
    json_put(p->out, "type", api->http ? "http" : "rest");
    print_text(p->out, "stage", api->stage);
    p->route = api->routes;
    json_objects(p->out, "routes", api->route_count, put_route, p);
    put_authorizers(p, api);
    print_text(p->out, "default-authorizer", api->default_authorizer);
    print_list(p->out, "binary", api->binary_types, api->binary_count);
    print_pairs(p, "variables", api->variables, api->variable_count);
    print_value(p->out, "cors", api->cors);
}

void print_apis(struct printing *p)
{
    struct model_name_set taken = {0};
    if (!p->m->api_count)
        return;
    json_open_key(p->out, "apis", '{');
    for (size_t i = 0; i < p->m->api_count; i++) {
        json_open_key(p->out, model_name_own(p->m->arena, &taken, p->m->apis[i].id), '{');
        put_api(p, &p->m->apis[i]);
        json_close(p->out, '}');
    }
    json_close(p->out, '}');
}
