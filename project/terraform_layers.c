/* SPDX-License-Identifier: Apache-2.0 */
/* terraform_layers.c: the files of functions and layers in a Terraform project. What goes up to S3 in the same project is a file here; a
 * layer's ARN that only apply would tell is found through the references of the function's argument, in their order, if there are as
 * many as there are unknown ARNs. UNVERIFIED, see terraform.h. */
#include "project/terraform.h"

#include <string.h>

static const char LAYER[] = "aws_lambda_layer_version";

static const char *address_of(const struct node *resource)
{
    const char *a = node_text(node_find(resource, "address"));
    return a ? a : "?";
}

/* A path as Terraform has it: relative to the root module's directory, where the file with the plan is taken to lie. */
static const char *terraform_path(struct terraform *t, struct model_function *f, const struct node *at, const char *path)
{
    const char *joined = files_join(t->arena, t->dir, path, t->ask->root_path);
    if (!joined) {
        model_refuse(t->model, f, at, "--project-root DIR", "%s of %s lies outside of the project", path, f->id);
        return NULL;
    }
    const struct seen *s = files_look(t->files, joined);
    if (s->kind == SEEN_FILE || s->kind == SEEN_DIR)
        return joined;
    model_refuse(t->model, f, at, "build it, or run terraform plan: archive_file writes its archive then", "%s of %s does not exist", path,
                 f->id);
    return NULL;
}

/* The object that the project itself uploads under this key: the names are the provider's, old and new. */
static const struct node *object_of(const struct terraform_module *m, const struct node *key)
{
    const struct node *list = node_find(m->values, "resources");
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++) {
        const struct node *type = node_find(list->items[i], "type");
        if ((node_is(type, "aws_s3_object") || node_is(type, "aws_s3_bucket_object")) && node_text(key) &&
            node_is(terraform_value(list->items[i], "key"), node_text(key)) && terraform_value(list->items[i], "source"))
            return list->items[i];
    }
    return NULL;
}

const char *terraform_file(struct terraform *t, const struct terraform_module *m, struct model_function *f, const struct node *resource)
{
    const struct node *filename = terraform_value(resource, "filename"), *key = terraform_value(resource, "s3_key");
    const char *address = address_of(resource);
    if (node_text(filename))
        return terraform_path(t, f, filename, node_text(filename));
    const char *asked = arena_printf(t->arena, "%s.filename", address);
    const char *import = ask_value(&t->ask->imports, asked);
    if (import)
        return terraform_path(t, f, resource, import);
    const struct node *object = object_of(m, key);
    if (object)
        return terraform_path(t, f, object, node_text(terraform_value(object, "source")));
    const char *remedy = arena_printf(t->arena, "--import %s=FILE", asked);
    if (key)
        model_refuse(t->model, f, resource, remedy, "the code of %s is in S3 (%s)", address, node_text(key) ? node_text(key) : "?");
    else
        model_refuse(t->model, f, resource, remedy, "filename of %s is not known before terraform apply", address);
    return NULL;
}

static void layer_add(struct terraform *t, const struct terraform_module *m, struct model_function *f, const struct node *layer)
{
    const char *path = terraform_file(t, m, f, layer);
    if (!path)
        return;
    struct model_layer *l = model_add_layer(t->model, f);
    l->path = path;
    l->id = address_of(layer);
}

/* The layer of this project that has the ARN already, in any module. */
static const struct node *layer_with_arn(struct terraform *t, const struct terraform_module *m, const char *arn,
                                         const struct terraform_module **ret)
{
    const struct node *list = node_find(m->values, "resources"), *children = node_find(m->values, "child_modules");
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++)
        if (node_is(node_find(list->items[i], "type"), LAYER) && !node_is(node_find(list->items[i], "mode"), "data") &&
            node_is(terraform_value(list->items[i], "arn"), arn)) {
            *ret = m;
            return list->items[i];
        }
    for (size_t i = 0; children && children->kind == NODE_LIST && i < children->n; i++) {
        const struct terraform_module *c = terraform_child(t, m, children->items[i]);
        const struct node *found = c ? layer_with_arn(t, c, arn, ret) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static const struct terraform_module *root_of(const struct terraform_module *m)
{
    while (m->parent)
        m = m->parent;
    return m;
}

/* The module that a layer's file is looked up in: its address begins with the module's. For objects in S3 alone, hence the root's will do
 * where it is not found. */
static const struct terraform_module *module_of(struct terraform *t, const struct terraform_module *m, const struct node *layer)
{
    const struct node *children = node_find(m->values, "child_modules");
    const char *address = address_of(layer);
    for (size_t i = 0; children && children->kind == NODE_LIST && i < children->n; i++) {
        const struct terraform_module *c = terraform_child(t, m, children->items[i]);
        size_t n = c ? strlen(c->address) : 0;
        if (c && strncmp(address, c->address, n) == 0 && address[n] == '.')
            return module_of(t, c, layer);
    }
    return m;
}

/* Which of the layers referred to have no known ARN: those stand for the unknown items, in their order. */
static size_t layers_unknown(const struct node **referred, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!terraform_value(referred[i], "arn"))
            referred[kept++] = referred[i];
    return kept;
}

static void layer_known(struct terraform *t, const struct terraform_module *m, struct model_function *f, const char *arn)
{
    const struct terraform_module *where = NULL;
    const struct node *own = layer_with_arn(t, root_of(m), arn, &where);
    if (own)
        layer_add(t, where, f, own);
    else
        model_add_layer(t->model, f)->arn = arn;
}

void terraform_layers(struct terraform *t, const struct terraform_module *m, struct model_function *f, const struct node *resource)
{
    const struct node *layers = terraform_value(resource, "layers"), *unknown = node_find(terraform_unknown(t, resource), "layers");
    size_t count = layers && layers->kind == NODE_LIST ? layers->n : 0, missing = 0;
    for (size_t i = 0; i < count; i++)
        missing += !node_text(layers->items[i]);
    bool whole = !count && unknown && (node_true(unknown) || unknown->kind == NODE_LIST);
    const struct node **referred = NULL;
    size_t n = 0;
    if (missing || whole) {
        n = terraform_referred(t, m, terraform_expression(m, resource, "layers"), LAYER, resource, &referred);
        n = layers_unknown(referred, n);
    }
    if ((missing && missing != n) || (whole && !n)) {
        model_refuse(t->model, f, resource, "terraform show -json of the applied state, in place of the plan",
                     "layers of %s are not known before terraform apply, and their references do not tell which they are",
                     address_of(resource));
        return;
    }
    for (size_t i = 0, next = 0; i < count; i++)
        if (node_text(layers->items[i]))
            layer_known(t, m, f, node_text(layers->items[i]));
        else if (next < n && referred)
            layer_add(t, module_of(t, root_of(m), referred[next]), f, referred[next]), next++;
    for (size_t i = 0; whole && i < n; i++)
        layer_add(t, module_of(t, root_of(m), referred[i]), f, referred[i]);
}
