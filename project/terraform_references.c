/* SPDX-License-Identifier: Apache-2.0 */
/* terraform_references.c: which resources a value comes from that only apply would tell. The configuration part of a plan names, for each
 * argument, what its expression refers to; variables lead to the caller of a module, outputs into one. Locals are not in the schema: what
 * passes through one is not found. UNVERIFIED, see terraform.h. */
#include "project/terraform.h"

#include <stdlib.h>
#include <string.h>

struct referred { /* what terraform_referred() collects */
    struct terraform *t;
    const char *type;
    const struct node *of;
    const struct node **at;
    size_t n;
    unsigned steps, depth; /* expressions looked at, and being looked at */
};

enum { EXPRESSIONS_MAX = 10000, EXPRESSIONS_DEEP = 100, INDEX_SIZE = 512 };

static void referred_expression(struct referred *r, const struct terraform_module *m, const struct node *expression);

const struct node *terraform_value(const struct node *resource, const char *name)
{
    const struct node *v = node_at(resource, "values", name, NULL);
    return v && v->kind != NODE_NULL ? v : NULL;
}

const struct node *terraform_block(const struct node *values, const char *name)
{
    const struct node *v = node_find(values, name);
    if (v && v->kind == NODE_LIST)
        return v->n ? v->items[0] : NULL;
    return v && v->kind == NODE_MAP ? v : NULL;
}

const struct node *terraform_unknown(struct terraform *t, const struct node *resource)
{
    const struct node *changes = node_find(t->top, "resource_changes");
    const char *address = node_text(node_find(resource, "address"));
    if (t->asked == resource)
        return t->unknown;
    t->asked = resource;
    t->unknown = NULL;
    for (size_t i = 0; address && changes && changes->kind == NODE_LIST && i < changes->n && !t->unknown; i++)
        if (node_is(node_find(changes->items[i], "address"), address))
            t->unknown = node_at(changes->items[i], "change", "after_unknown", NULL);
    return t->unknown;
}

const struct terraform_module *terraform_child(struct terraform *t, const struct terraform_module *m, const struct node *values)
{
    const char *address = node_text(node_find(values, "address"));
    size_t above = strlen(m->address);
    if (!address || m->depth >= MODULES_DEEP || strncmp(address, m->address, above) != 0)
        return NULL;
    const char *name = address + above + (above && address[above] == '.');
    if (strncmp(name, "module.", 7) != 0)
        return NULL;
    name += 7;
    struct terraform_module *c = arena_zeroed(t->arena, 1, sizeof(*c));
    c->address = address;
    c->call = arena_text(t->arena, name, strcspn(name, "["));
    c->values = values;
    c->config = node_at(m->config, "module_calls", c->call, "module", NULL);
    c->parent = m;
    c->depth = m->depth + 1;
    return c;
}

/* The resource as the configuration has it, whatever its instances. */
static const struct node *configured(const struct terraform_module *m, const struct node *resource)
{
    const struct node *list = node_find(m->config, "resources");
    const char *type = node_text(node_find(resource, "type")), *name = node_text(node_find(resource, "name"));
    for (size_t i = 0; type && name && list && list->kind == NODE_LIST && i < list->n; i++)
        if (node_is(node_find(list->items[i], "type"), type) && node_is(node_find(list->items[i], "name"), name))
            return list->items[i];
    return NULL;
}

const struct node *terraform_expression(const struct terraform_module *m, const struct node *resource, const char *argument)
{
    return node_at(configured(m, resource), "expressions", argument, NULL);
}

const char *terraform_region(struct terraform *t, const struct terraform_module *m, const struct node *resource)
{
    const char *key = node_text(node_find(configured(m, resource), "provider_config_key"));
    const struct node *region = node_at(t->top, "configuration", "provider_config", key ? key : "aws", "expressions", "region", NULL);
    const struct node *references = node_find(region, "references");
    const char *constant = node_text(node_find(region, "constant_value"));
    const char *first = references && references->kind == NODE_LIST && references->n ? node_text(references->items[0]) : NULL;
    if (constant || !first || strncmp(first, "var.", 4) != 0)
        return constant;
    return node_text(node_at(t->top, "variables", first + 4, "value", NULL));
}

static void referred_add(struct referred *r, const struct node *resource)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i] == resource)
            return;
    r->at = arena_grown(r->t->arena, r->at, r->n, r->n + 1, sizeof(*r->at));
    r->at[r->n++] = resource;
}

static bool same_index(const struct node *a, const struct node *b)
{
    const char *x = node_text(node_find(a, "index")), *y = node_text(node_find(b, "index"));
    return x && y && strcmp(x, y) == 0;
}

/* TYPE.NAME, TYPE.NAME[INDEX].attribute: its instances in this module. Without an index it is all of them, unless the expression picks by
 * the index of its own resource. */
static void referred_resource(struct referred *r, const struct terraform_module *m, const char *reference, bool own_index)
{
    const struct node *list = node_find(m->values, "resources");
    const char *name = reference + strlen(r->type) + 1;
    size_t length = strcspn(name, ".[");
    const char *index = name[length] == '[' ? name + length : "";
    size_t index_length = *index ? strcspn(index, "]") + 1 : 0;
    if (index_length >= INDEX_SIZE || index_length > strlen(index))
        return;
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++) {
        const struct node *x = list->items[i];
        const char *its = node_text(node_find(x, "name")), *address = node_text(node_find(x, "address"));
        if (!its || !address || !node_is(node_find(x, "type"), r->type) || strlen(its) != length || strncmp(its, name, length) != 0)
            continue;
        size_t n = strlen(address);
        if (index_length && (n < index_length || strncmp(address + n - index_length, index, index_length) != 0))
            continue;
        if (!index_length && own_index && node_find(x, "index") && !same_index(x, r->of))
            continue;
        referred_add(r, x);
    }
}

/* module.NAME.OUTPUT, module.NAME[INDEX].OUTPUT: what the output refers to, in each instance of the module. */
static void referred_output(struct referred *r, const struct terraform_module *m, const char *reference)
{
    const char *name = reference + strlen("module.");
    size_t length = strcspn(name, ".[");
    const char *dot = strchr(name + length, '.');
    const char *bracket = name[length] == '[' ? strchr(name + length, ']') : NULL;
    if (bracket)
        dot = strchr(bracket, '.');
    const struct node *list = node_find(m->values, "child_modules");
    if (!dot || !list || list->kind != NODE_LIST)
        return;
    const char *output = arena_text(r->t->arena, dot + 1, strcspn(dot + 1, ".["));
    for (size_t i = 0; i < list->n; i++) {
        const struct terraform_module *c = terraform_child(r->t, m, list->items[i]);
        if (!c || strlen(c->call) != length || strncmp(c->call, name, length) != 0)
            continue;
        size_t n = strlen(c->address), k = bracket ? (size_t)(bracket + 1 - (name + length)) : 0;
        if (k && (n < k || strncmp(c->address + n - k, name + length, k) != 0))
            continue;
        referred_expression(r, c, node_at(c->config, "outputs", output, "expression", NULL));
    }
}

static void referred_one(struct referred *r, const struct terraform_module *m, const char *reference, bool own_index)
{
    size_t n = strlen(r->type);
    if (strncmp(reference, r->type, n) == 0 && reference[n] == '.') {
        referred_resource(r, m, reference, own_index);
    } else if (strncmp(reference, "module.", 7) == 0) {
        referred_output(r, m, reference);
    } else if (strncmp(reference, "var.", 4) == 0 && m->parent) {
        const char *name = arena_text(r->t->arena, reference + 4, strcspn(reference + 4, ".["));
        referred_expression(r, m->parent, node_at(m->parent->config, "module_calls", m->call, "expressions", name, NULL));
    }
}

static void referred_expression(struct referred *r, const struct terraform_module *m, const struct node *expression)
{
    const struct node *list = node_find(expression, "references");
    if (!list || list->kind != NODE_LIST || ++r->steps > EXPRESSIONS_MAX || r->depth >= EXPRESSIONS_DEEP)
        return;
    r->depth++;
    bool own = false;
    for (size_t i = 0; i < list->n; i++)
        own = own || node_is(list->items[i], "each.key") || node_is(list->items[i], "each.value") || node_is(list->items[i], "count.index");
    for (size_t i = 0; i < list->n; i++)
        if (node_text(list->items[i]))
            referred_one(r, m, node_text(list->items[i]), own);
    r->depth--;
}

size_t terraform_referred(struct terraform *t, const struct terraform_module *m, const struct node *expression, const char *type,
                          const struct node *of, const struct node ***ret)
{
    struct referred r = {.t = t, .type = type, .of = of};
    referred_expression(&r, m, expression);
    *ret = r.at;
    return r.n;
}
