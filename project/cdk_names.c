/* SPDX-License-Identifier: Apache-2.0 */
/* cdk_names.c: what people call the functions of cdk.out. Templates of CDK's CLI have their constructs' paths (template.c); for others
 * they are looked up in tree.json, in which a nested stack is a construct beside those that it holds. Functions that only deployments
 * call are left out. */
#include "project/cdk.h"

#include "base/own.h"

#include <string.h>

enum { CONSTRUCTS_MAX = 5000, TREE_DEEP = 150 };

/* Functions of the tree, whose ids are looked up where a template has no aws:cdk:path, and nested stacks, which come before what is in
 * them: Shop/Nested.NestedStack/Nested.NestedStackResource has what lies below Shop/Nested. */
void cdk_tree_walk(struct cdk *c, const struct node *at, unsigned depth)
{
    const struct node *attributes = node_find(at, "attributes"), *children = node_find(at, "children");
    const struct node *type = node_find(attributes, "aws:cdk:cloudformation:type");
    const char *id = node_text(node_find(attributes, "aws:cdk:cloudformation:logicalId")), *path = node_text(node_find(at, "path"));
    const char *nested = path && node_is(type, "AWS::CloudFormation::Stack") ? strstr(path, ".NestedStack/") : NULL;
    if (id && path && c->construct_count < CONSTRUCTS_MAX && (nested || node_is(type, "AWS::Lambda::Function"))) {
        LIST_ROOM(c->arena, c->constructs, c->construct_count);
        c->constructs[c->construct_count++] = (struct cdk_construct){id, path, nested ? (size_t)(nested - path) : 0};
    }
    for (size_t i = 0; children && children->kind == NODE_MAP && depth < TREE_DEEP && i < children->n; i++)
        cdk_tree_walk(c, children->members[i].value, depth + 1);
}

static bool lies_below(const char *path, const char *above, size_t n)
{
    return strncmp(path, above, n) == 0 && path[n] == '/';
}

/* The id of a function with those of the nested stacks around it before it, as template.c names it. */
static const char *full_id(const struct cdk *c, size_t of)
{
    const char *id = "";
    for (size_t n = 1, found = 1; found; n++) { /* outer ones first: their paths are shorter */
        found = 0;
        size_t next = SIZE_MAX;
        for (size_t i = 0; i < c->construct_count; i++) {
            const struct cdk_construct *k = &c->constructs[i];
            if (k->stack >= n && k->stack < next && lies_below(c->constructs[of].path, k->path, k->stack)) {
                next = k->stack;
                found = i + 1;
            }
        }
        if (found)
            id = arena_printf(c->arena, "%s%s/", id, c->constructs[found - 1].logical_id);
        n = next;
    }
    return arena_printf(c->arena, "%s%s", id, c->constructs[of].logical_id);
}

static bool is_named(const struct model_function *f, const char *name)
{
    for (size_t i = 0; i < f->name_count; i++)
        if (strcmp(f->names[i], name) == 0)
            return true;
    return strcmp(f->id, name) == 0;
}

/* The construct's id, and its path, of each function of a stack: "Shop/Orders/Resource" is Orders, and
 * Shop/Orders. */
void cdk_stack_name(struct cdk *c, const struct cdk_stack *stack)
{
    for (size_t i = 0; i < c->construct_count; i++) {
        const char *path = c->constructs[i].path, *end = strrchr(path, '/');
        if (c->constructs[i].stack || !lies_below(path, stack->path, strlen(stack->path)))
            continue;
        const char *id = full_id(c, i),
                   *whole = arena_text(c->arena, path, strcmp(end, "/Resource") == 0 ? (size_t)(end - path) : strlen(path));
        const char *slash = strrchr(whole, '/');
        for (size_t k = stack->first; k < stack->end; k++) {
            if (!is_named(&c->model->functions[k], id))
                continue;
            model_add_name(c->model, &c->model->functions[k], slash ? slash + 1 : whole);
            model_add_name(c->model, &c->model->functions[k], whole);
            break;
        }
    }
}

/* Functions that CDK adds for deployments, besides those with a handler of its own (template.c): their ids end with a hash of its. */
void cdk_leave_out(struct model *m)
{
    static const char *const OWN[] = {"AWS679f53fac002430cb0da5b7982bd2287", "LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8a",
                                      "BucketNotificationsHandler050a0587b7544547bf325f094a3db834", "CustomS3AutoDelete",
                                      "CustomCDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C"};
    for (size_t i = m->function_count; i--;) {
        struct model_function *f = &m->functions[i];
        bool own = f->handler && strcmp(f->handler, "framework.onEvent") == 0;
        for (size_t k = 0; k < COUNT(OWN); k++) {
            own = own || strncmp(f->id, OWN[k], strlen(OWN[k])) == 0;
            for (size_t n = 0; n < f->name_count; n++)
                own = own || strncmp(f->names[n], OWN[k], strlen(OWN[k])) == 0; /* the second of its id is cut */
        }
        if (!own)
            continue;
        struct node at = {.source = f->source, .line = f->line};
        model_note(m, &at, false, "%s is left out: CDK's function for deployments", f->id);
        memmove(f, f + 1, (--m->function_count - i) * sizeof(*f));
    }
}
