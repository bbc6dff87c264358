/* SPDX-License-Identifier: Apache-2.0 */
/* read_terraform.c: Terraform's functions, from the output of `terraform show -json` for a plan or a state. Paths in it are relative to the
 * directory of the file, which is taken to be the root module's. UNVERIFIED, see terraform.h: a note of each model says so. API routes are
 * not read. */
#include "base/own.h"
#include "project/newer.h"
#include "project/terraform.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char UNVERIFIED[] =
    "the reader of Terraform's JSON follows its published schema and was not verified with Terraform: compare memory, "
    "layers and variables with what you expect";

static const char *const SOURCES[] = {".tf", ".tf.json", ".tfvars", NULL};

/* Arguments of aws_lambda_function that are one text or number each. A block is the first of its list. */
static const struct {
    const char *block, *name;
    size_t at; /* in struct model_function */
    bool number, lower;
} ARGUMENTS[] = {
    {.name = "function_name", .at = offsetof(struct model_function, name)},
    {.name = "handler", .at = offsetof(struct model_function, handler)},
    {.name = "runtime", .at = offsetof(struct model_function, runtime)},
    {.name = "memory_size", .at = offsetof(struct model_function, memory_mb), .number = true},
    {.name = "timeout", .at = offsetof(struct model_function, timeout_s), .number = true},
    {.block = "ephemeral_storage", .name = "size", .at = offsetof(struct model_function, tmp_mb), .number = true},
    {.block = "image_config", .name = "working_directory", .at = offsetof(struct model_function, workdir)},
    {.block = "logging_config", .name = "log_format", .at = offsetof(struct model_function, log_format), .lower = true},
    {.block = "logging_config", .name = "application_log_level", .at = offsetof(struct model_function, application_log_level)},
    {.block = "logging_config", .name = "system_log_level", .at = offsetof(struct model_function, system_log_level)},
    {.block = "logging_config", .name = "log_group", .at = offsetof(struct model_function, log_group)},
};

static const char *lowered(struct arena *a, const char *text)
{
    char *s = arena_text(a, text, strlen(text));
    for (char *c = s; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return s;
}

/* One argument: known, or unknown and imported, or refused; absent stays absent. */
static void argument_read(struct terraform *t, struct model_function *f, const struct node *resource, size_t row)
{
    const char *block = ARGUMENTS[row].block, *name = ARGUMENTS[row].name;
    const struct node *values = node_find(resource, "values"), *unknown = terraform_unknown(t, resource);
    const struct node *v = node_find(block ? terraform_block(values, block) : values, name);
    const char *text = node_text(v), *address = node_text(node_find(resource, "address"));
    void *at = (char *)f + ARGUMENTS[row].at;
    if (!text && node_true(node_find(block ? terraform_block(unknown, block) : unknown, name))) {
        const char *asked = arena_printf(t->arena, "%s.%s", address ? address : "?", name);
        text = ask_value(&t->ask->imports, asked);
        if (!text)
            model_refuse(t->model, f, resource, arena_printf(t->arena, "--import %s=VALUE", asked),
                         "%s of %s is not known before terraform apply", name, f->id);
        v = text ? node_new_text(t->arena, text, resource) : NULL;
    }
    if (!text || !*text)
        return;
    if (!ARGUMENTS[row].number)
        *(const char **)at = ARGUMENTS[row].lower ? lowered(t->arena, text) : text;
    else if (!node_number(v, at))
        model_refuse(t->model, f, resource, NULL, "%s of %s is no whole number: %.40s", name, f->id, text);
}

/* What apply alone would tell is refused in one message, unless all of it is imported. */
static void variables_unknown(struct terraform *t, struct model_function *f, const struct node *resource)
{
    const struct node *unknown = terraform_unknown(t, resource), *block = terraform_block(unknown, "environment");
    const struct node *names = node_find(block, "variables");
    const char *missing = NULL, *address = node_text(node_find(resource, "address"));
    for (size_t i = 0; names && names->kind == NODE_MAP && i < names->n; i++) {
        if (!node_true(names->members[i].value))
            continue;
        const char *name = names->members[i].name;
        const char *value = ask_value(&t->ask->imports, arena_printf(t->arena, "%s.environment.%s", address ? address : "?", name));
        if (value)
            model_add_variable(t->model, f, name, value);
        else
            missing = missing ? arena_printf(t->arena, "%s, %s", missing, name) : name;
    }
    if (missing)
        model_refuse(t->model, f, resource, arena_printf(t->arena, "--import %s.environment.NAME=VALUE for each", address ? address : "?"),
                     "variables of %s are not known before terraform apply: %s", f->id, missing);
    if (node_true(names) || node_true(block) || node_true(node_find(unknown, "environment")))
        model_refuse(t->model, f, resource, "terraform show -json of the applied state, in place of the plan",
                     "the environment of %s is not known before terraform apply", f->id);
}

static void variables_read(struct terraform *t, struct model_function *f, const struct node *resource)
{
    const struct node *map = node_find(terraform_block(node_find(resource, "values"), "environment"), "variables");
    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->n; i++)
        if (node_text(map->members[i].value))
            model_add_variable(t->model, f, map->members[i].name, node_text(map->members[i].value));
    variables_unknown(t, f, resource);
}

static size_t texts_read(struct arena *a, const struct node *list, const char ***ret)
{
    size_t n = 0;
    if (!list || list->kind != NODE_LIST || !list->n)
        return 0;
    *ret = arena_zeroed(a, list->n, sizeof(**ret));
    for (size_t i = 0; i < list->n; i++)
        if (node_text(list->items[i]))
            (*ret)[n++] = node_text(list->items[i]);
    return n;
}

static void code_read(struct terraform *t, const struct terraform_module *m, struct model_function *f, const struct node *resource)
{
    const struct node *config = terraform_block(node_find(resource, "values"), "image_config");
    f->image = node_text(terraform_value(resource, "image_uri"));
    if (!f->image && node_is(terraform_value(resource, "package_type"), "Image"))
        model_refuse(t->model, f, resource, NULL, "image_uri of %s is not known before terraform apply", f->id);
    else if (!f->image)
        f->code = terraform_file(t, m, f, resource);
    f->entrypoint_count = texts_read(t->arena, node_find(config, "entry_point"), &f->entrypoint);
    f->command_count = texts_read(t->arena, node_find(config, "command"), &f->command);
}

static void mounts_read(struct terraform *t, struct model_function *f, const struct node *resource)
{
    const struct node *list = terraform_value(resource, "file_system_config");
    size_t n = list && list->kind == NODE_LIST ? list->n : 0;
    f->mounts = n ? arena_zeroed(t->arena, n, sizeof(*f->mounts)) : NULL;
    for (size_t i = 0; i < n; i++) {
        const char *path = node_text(node_find(list->items[i], "local_mount_path"));
        if (path)
            f->mounts[f->mount_count++].target = path;
    }
}

/* module.orders["eu"].aws_lambda_function.this[0] is orders_eu_this_0: an id has letters, digits, _ and - only. */
static const char *id_of(struct terraform *t, const char *address)
{
    char *id = arena_zeroed(t->arena, strlen(address) + 1, 1);
    size_t n = 0;
    for (const char *p = address; *p;) {
        bool starts = p == address || p[-1] == '.';
        if (starts && strncmp(p, "module.", 7) == 0) {
            p += 7;
        } else if (starts && strncmp(p, "aws_lambda_function.", 20) == 0) {
            p += 20;
        } else {
            bool plain = isalnum((unsigned char)*p) || *p == '-' || *p == '_';
            if (plain || (n && id[n - 1] != '_'))
                id[n++] = plain ? *p : '_';
            p++;
        }
    }
    while (n && id[n - 1] == '_')
        id[--n] = 0;
    return n ? id : "function";
}

static void function_read(struct terraform *t, const struct terraform_module *m, const struct node *resource)
{
    const char *address = node_text(node_find(resource, "address"));
    if (!address)
        return;
    struct model_function *f = model_add_function(t->model, id_of(t, address), resource);
    for (size_t i = 0; i < COUNT(ARGUMENTS); i++)
        argument_read(t, f, resource, i);
    const struct node *architectures = terraform_value(resource, "architectures");
    if (architectures && architectures->kind == NODE_LIST && architectures->n)
        f->architecture = node_text(architectures->items[0]);
    const struct node *tenancy = terraform_block(node_find(resource, "values"), "tenancy_config");
    f->per_tenant = node_is(node_find(tenancy, "tenant_isolation_mode"), "PER_TENANT");
    variables_read(t, f, resource);
    code_read(t, m, f, resource);
    terraform_layers(t, m, f, resource);
    mounts_read(t, f, resource);
    model_add_name(t->model, f, address);
    model_add_name(t->model, f, node_text(node_find(resource, "name")));
    model_add_name(t->model, f, f->name);
    const char *arn = node_text(terraform_value(resource, "arn")), *told = t->ask->region;
    if (!told || strcmp(told, "us-east-1") == 0)
        told = f->region = terraform_region(t, m, resource);
    if (!arn && f->name)
        arn = arena_printf(t->arena, "arn:aws:lambda:%s:%s:function:%s", told ? told : "us-east-1",
                           t->ask->account ? t->ask->account : "123456789012", f->name);
    model_add_name(t->model, f, arn);
}

static struct model_function *function_named(struct model *m, const char *name)
{
    for (size_t i = 0; name && i < m->function_count; i++)
        for (size_t k = 0; k < m->functions[i].name_count; k++)
            if (strcmp(m->functions[i].names[k], name) == 0)
                return &m->functions[i];
    return NULL;
}

/* Terraform's names of what CORS says, in CloudFormation's form. */
static const struct node *cors_read(struct terraform *t, const struct node *cors)
{
    static const char *const NAMES[][2] = {{"allow_credentials", "AllowCredentials"}, {"allow_headers", "AllowHeaders"},
                                           {"allow_methods", "AllowMethods"},         {"allow_origins", "AllowOrigins"},
                                           {"expose_headers", "ExposeHeaders"},       {"max_age", "MaxAge"}};
    struct node *map = node_new(t->arena, NODE_MAP, cors);
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        const struct node *v = node_find(cors, NAMES[i][0]);
        if (v && v->kind != NODE_NULL)
            node_set(t->arena, map, NAMES[i][1], v);
    }
    return map;
}

static void url_read(struct terraform *t, const struct terraform_module *m, const struct node *resource)
{
    struct model_function *f = function_named(t->model, node_text(terraform_value(resource, "function_name")));
    const struct node **referred = NULL;
    if (!f && terraform_referred(t, m, terraform_expression(m, resource, "function_name"), "aws_lambda_function", resource, &referred) == 1)
        f = function_named(t->model, node_text(node_find(referred[0], "address")));
    if (!f) {
        model_note(t->model, resource, false, "%s belongs to no function of this project", node_text(node_find(resource, "address")));
        return;
    }
    const struct node *cors = terraform_block(node_find(resource, "values"), "cors");
    f->url.given = true;
    f->url.iam = node_is(terraform_value(resource, "authorization_type"), "AWS_IAM");
    f->url.stream = node_is(terraform_value(resource, "invoke_mode"), "RESPONSE_STREAM");
    f->url.cors = cors != NULL;
    f->url.cors_config = cors ? cors_read(t, cors) : NULL;
}

typedef void read_resource(struct terraform *t, const struct terraform_module *m, const struct node *resource);

static void routes_note(struct terraform *t, const struct terraform_module *m, const struct node *resource)
{
    (void)m;
    model_note(t->model, resource, false, "%s is not read: Terraform's API routes are not understood",
               node_text(node_find(resource, "address")));
}

/* In this order, since a URL names its function. */
static const struct {
    const char *type;
    read_resource *read;
} TYPES[] = {
    {"aws_lambda_function", function_read},
    {"aws_lambda_function_url", url_read},
    {"aws_apigatewayv2_route", routes_note},
    {"aws_api_gateway_method", routes_note},
};

static void module_read(struct terraform *t, const struct terraform_module *m, size_t type)
{
    const struct node *list = node_find(m->values, "resources"), *children = node_find(m->values, "child_modules");
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++)
        if (node_is(node_find(list->items[i], "type"), TYPES[type].type) && !node_is(node_find(list->items[i], "mode"), "data"))
            TYPES[type].read(t, m, list->items[i]);
    for (size_t i = 0; children && children->kind == NODE_LIST && i < children->n; i++) {
        const struct terraform_module *c = terraform_child(t, m, children->items[i]);
        if (c)
            module_read(t, c, type);
        else if (!type)
            model_note(t->model, children->items[i], true, "a module is left out: it has no address, or more than %d are around it",
                       MODULES_DEEP);
    }
}

/* A plan has planned_values, a state values. Of a format that is not 0.x or 1.x nothing is taken. */
static int document_check(const struct node *top, const char *path, const struct node **ret, struct err *err)
{
    const char *version = node_text(node_find(top, "format_version"));
    *ret = node_at(top, "planned_values", "root_module", NULL);
    if (!*ret)
        *ret = node_at(top, "values", "root_module", NULL);
    if (!*ret) {
        fail(err, 0, path, "read Terraform's plan or state: it has neither planned_values nor values");
        return fail_hint(err, "make it by `terraform plan -out=tfplan && terraform show -json tfplan > FILE`");
    }
    if (!version || ((version[0] != '0' && version[0] != '1') || version[1] != '.'))
        return fail(err, 0, path, "read Terraform's plan: its format_version is %.20s, and 1.x is known", version ? version : "missing");
    return 0;
}

int read_terraform(const struct ask *ask, struct files *files, const char *path, struct model *m, struct err *err)
{
    const struct node *top = files_document(files, path, err), *root = NULL;
    if (!top || document_check(top, path, &root, err) < 0)
        return -1;
    m->reader = "terraform";
    m->source = path;
    struct terraform t = {.arena = m->arena, .ask = ask, .files = files, .model = m, .top = top, .dir = files_dir(m->arena, path)};
    struct terraform_module module = {
        .address = "", .call = "", .values = root, .config = node_at(top, "configuration", "root_module", NULL)};
    for (size_t i = 0; i < COUNT(TYPES); i++)
        module_read(&t, &module, i);
    model_note(m, top, false, "%s", UNVERIFIED);
    newer_note(files, m, path, t.dir, SOURCES, "run terraform plan again");
    return 0;
}
