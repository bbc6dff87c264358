/* SPDX-License-Identifier: Apache-2.0 */
/* template_function.c: the properties of AWS::Serverless::Function and AWS::Lambda::Function: which are read, and which only concern
 * AWS. Only those that are read are resolved: a role that an account alone knows refuses nobody. Each that cannot be resolved refuses
 * the function, with the property's name. */
#include "project/template_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reading_refuse(struct reading *r, const char *property, const struct refusal *why)
{
    const struct node at = {.line = why->line ? why->line : r->f->line, .source = why->source};
    model_refuse(r->s->model, r->f, &at, why->remedy, "%s of %s: %s", property, r->id, why->what);
}

void reading_refuse_at(struct reading *r, const char *property, const struct node *at, const char *remedy, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n >= 0)
        model_refuse(r->s->model, r->f, at, remedy, "%s of %s: %s", property, r->id, text);
    free(n < 0 ? NULL : text);
}

const struct node *reading_value(struct reading *r, const char *property, const struct node *v)
{
    struct refusal why = {0};
    const struct node *ret = value_of(r->s, v, &why);
    if (!ret && why.what)
        reading_refuse(r, property, &why);
    return ret;
}

const char *reading_text(struct reading *r, const char *property, const struct node *v)
{
    const struct node *ret = reading_value(r, property, v);
    if (ret && !node_text(ret))
        reading_refuse_at(r, property, v, NULL, "a text is wanted, not %s",
                          ret->kind == NODE_LIST  ? "a list (Fn::Join makes a text of one)"
                          : ret->kind == NODE_MAP ? "a map"
                                                  : "null");
    return ret ? node_text(ret) : NULL;
}

uint64_t reading_number(struct reading *r, const char *property, const struct node *v)
{
    uint64_t n = 0;
    const struct node *ret = reading_value(r, property, v);
    if (ret && !node_number(ret, &n))
        reading_refuse_at(r, property, v, NULL, "it is not a whole number");
    return n;
}

size_t reading_texts(struct reading *r, const char *property, const struct node *v, const char ***ret)
{
    const struct node *list = reading_value(r, property, v);
    size_t n = 0;
    *ret = NULL;
    if (list && list->kind != NODE_LIST)
        reading_refuse_at(r, property, v, NULL, "a list is wanted");
    if (!list || list->kind != NODE_LIST)
        return 0;
    *ret = arena_zeroed(r->s->arena, list->n + 1, sizeof(**ret));
    for (size_t i = 0; i < list->n; i++)
        if (node_text(list->items[i]))
            (*ret)[n++] = node_text(list->items[i]);
    return n;
}

static void read_handler(struct reading *r, const char *property, const struct node *v)
{
    r->f->handler = reading_text(r, property, v);
}

static void read_runtime(struct reading *r, const char *property, const struct node *v)
{
    r->f->runtime = reading_text(r, property, v);
}

static void read_memory(struct reading *r, const char *property, const struct node *v)
{
    r->f->memory_mb = reading_number(r, property, v);
}

static void read_timeout(struct reading *r, const char *property, const struct node *v)
{
    r->f->timeout_s = reading_number(r, property, v);
}

/* A map of a function's, with Fn::If decided; NULL: none, or refused. */
static const struct node *map_of(struct reading *r, const char *property, const struct node *v)
{
    struct refusal why = {0};
    const char *name = NULL;
    const struct node *arg = NULL, *map = value_chosen(r->s, v, &why);
    if (!map && why.what)
        reading_refuse(r, property, &why);
    if (map && value_is_function(map, &name, &arg))
        map = reading_value(r, property, map);
    if (map && map->kind != NODE_MAP)
        reading_refuse_at(r, property, v, NULL, "a map is wanted");
    return map && map->kind == NODE_MAP ? map : NULL;
}

/* One by one, so that what is refused says which of them it is. */
static void read_environment(struct reading *r, const char *property, const struct node *v)
{
    const struct node *map = map_of(r, property, v), *variables = node_find(map, "Variables");
    variables = variables ? map_of(r, property, variables) : NULL;
    for (size_t i = 0; variables && i < variables->n; i++) {
        const struct node_member *m = &variables->members[i];
        const char *what = arena_printf(r->s->arena, "environment variable %s", m->name), *text = reading_text(r, what, m->value);
        if (text)
            model_add_variable(r->s->model, r->f, m->name, text);
    }
}

static void read_architectures(struct reading *r, const char *property, const struct node *v)
{
    const char **list = NULL;
    if (reading_texts(r, property, v, &list) > 0)
        r->f->architecture = list[0];
}

static void read_tmp(struct reading *r, const char *property, const struct node *v)
{
    const struct node *map = map_of(r, property, v), *size = node_find(map, "Size");
    r->f->tmp_mb = size ? reading_number(r, property, size) : 0;
}

static void read_logging(struct reading *r, const char *property, const struct node *v)
{
    const struct node *map = map_of(r, property, v), *format = node_find(map, "LogFormat"), *group = node_find(map, "LogGroup");
    const struct node *application = node_find(map, "ApplicationLogLevel"), *system = node_find(map, "SystemLogLevel");
    const char *name = format ? reading_text(r, property, format) : NULL;
    if (name && strcmp(name, "JSON") != 0 && strcmp(name, "Text") != 0)
        reading_refuse_at(r, property, format, NULL, "LogFormat is Text or JSON");
    r->f->log_format = !name ? NULL : strcmp(name, "JSON") == 0 ? "json" : "text";
    r->f->application_log_level = application ? reading_text(r, property, application) : NULL;
    r->f->system_log_level = system ? reading_text(r, property, system) : NULL;
    r->f->log_group = group ? reading_text(r, property, group) : NULL;
}

static void read_image_config(struct reading *r, const char *property, const struct node *v)
{
    const struct node *map = map_of(r, property, v), *command = node_find(map, "Command"), *entry = node_find(map, "EntryPoint");
    const struct node *workdir = node_find(map, "WorkingDirectory");
    if (command)
        r->f->command_count = reading_texts(r, property, command, &r->f->command);
    if (entry)
        r->f->entrypoint_count = reading_texts(r, property, entry, &r->f->entrypoint);
    r->f->workdir = workdir ? reading_text(r, property, workdir) : NULL;
}

static void read_tenancy(struct reading *r, const char *property, const struct node *v)
{
    const struct node *map = map_of(r, property, v), *mode = node_find(map, "TenantIsolationMode");
    const char *text = mode ? reading_text(r, property, mode) : NULL;
    r->f->per_tenant = text && strcmp(text, "PER_TENANT") == 0;
}

/* Where they are mounted; which they are (Arn) an account alone knows, and nobody asks. */
static void read_file_systems(struct reading *r, const char *property, const struct node *v)
{
    struct refusal why = {0};
    const struct node *list = value_chosen(r->s, v, &why);
    if (!list && why.what)
        reading_refuse(r, property, &why);
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++) {
        const struct node *one = value_chosen(r->s, list->items[i], &why), *at = node_find(one, "LocalMountPath");
        const char *target = at ? reading_text(r, property, at) : NULL;
        if (!one && why.what)
            reading_refuse(r, property, &why);
        if (!target)
            continue;
        LIST_ROOM(r->s->arena, r->f->mounts, r->f->mount_count);
        r->f->mounts[r->f->mount_count++] = (struct model_mount){.target = target};
    }
}

/* Of functions on managed instances, whose environments take several invocations at once. */
static void read_capacity(struct reading *r, const char *property, const struct node *v)
{
    const struct node *map = map_of(r, property, v), *config = node_find(map, "LambdaManagedInstancesCapacityProviderConfig");
    const struct node *max = node_find(config ? config : map, "PerExecutionEnvironmentMaxConcurrency");
    r->f->max_concurrency = max ? reading_number(r, property, max) : 0;
}

static void read_reserved(struct reading *r, const char *property, const struct node *v)
{
    (void)property;
    struct refusal why = {0};
    uint64_t n = 0;
    const struct node *number = value_of(r->s, v, &why);
    if (number && node_number(number, &n))
        model_note(r->s->model, v, false, "ReservedConcurrentExecutions of %s, %ju, is not kept: serve's --concurrency does that", r->id,
                   (uintmax_t)n);
}

static void note_difference(struct reading *r, const char *property, const struct node *v)
{
    model_note(r->s->model, v, false, "%s of %s is not emulated", property, r->id);
}

/* Code and what replaces it is read by reading_code(), APIs by template_apis(). Rows without a function only concern AWS. */
static const struct {
    const char *name;
    reading_part *read;
} PROPERTIES[] = {
    {"Handler", read_handler},
    {"Runtime", read_runtime},
    {"MemorySize", read_memory},
    {"Timeout", read_timeout},
    {"Environment", read_environment},
    {"Layers", reading_layers},
    {"Architectures", read_architectures},
    {"EphemeralStorage", read_tmp},
    {"LoggingConfig", read_logging},
    {"FunctionUrlConfig", reading_url},
    {"ImageConfig", read_image_config},
    {"TenancyConfig", read_tenancy},
    {"FileSystemConfigs", read_file_systems},
    {"CapacityProviderConfig", read_capacity},
    {"ReservedConcurrentExecutions", read_reserved},
    {"DurableConfig", note_difference},
    {"RuntimeConfig", note_difference},
    {"Code", NULL},
    {"CodeUri", NULL},
    {"InlineCode", NULL},
    {"ImageUri", NULL},
    {"PackageType", NULL},
    {"FunctionName", NULL},
    {"Events", NULL},
    {"AssumeRolePolicyDocument", NULL},
    {"AutoPublishAlias", NULL},
    {"AutoPublishAliasAllProperties", NULL},
    {"AutoPublishCodeSha256", NULL},
    {"CodeSigningConfigArn", NULL},
    {"DeadLetterConfig", NULL},
    {"DeadLetterQueue", NULL},
    {"DeploymentPreference", NULL},
    {"Description", NULL},
    {"EventInvokeConfig", NULL},
    {"FunctionScalingConfig", NULL},
    {"KmsKeyArn", NULL},
    {"PermissionsBoundary", NULL},
    {"Policies", NULL},
    {"PropagateTags", NULL},
    {"ProvisionedConcurrencyConfig", NULL},
    {"PublishToLatestPublished", NULL},
    {"RecursiveLoop", NULL},
    {"Role", NULL},
    {"RolePath", NULL},
    {"RuntimeManagementConfig", NULL},
    {"RuntimePolicy", NULL},
    {"SnapStart", NULL},
    {"SourceKMSKeyArn", NULL},
    {"Tags", NULL},
    {"Tracing", NULL},
    {"TracingConfig", NULL},
    {"VersionDeletionPolicy", NULL},
    {"VersionDescription", NULL},
    {"VpcConfig", NULL},
};

static void read_property(struct reading *r, const struct node_member *m)
{
    for (size_t i = 0; i < sizeof(PROPERTIES) / sizeof(*PROPERTIES); i++)
        if (strcmp(PROPERTIES[i].name, m->name) == 0) {
            if (PROPERTIES[i].read)
                PROPERTIES[i].read(r, m->name, m->value);
            return;
        }
    if (strncmp(m->name, "Fn::", 4) == 0) /* what it would give may be any of them */
        reading_refuse_at(r, m->name, m->value, NULL, "lrun does not apply it among properties");
    else
        model_note(r->s->model, m->value, false, "%s of %s is not understood", m->name, r->id);
}

void reading_function(struct reading *r)
{
    const struct node *p = r->properties;
    const char *name = NULL;
    const struct node *arg = NULL;
    if (p && (p->kind != NODE_MAP || value_is_function(p, &name, &arg))) {
        reading_refuse_at(r, "Properties", p, NULL, "a map is wanted");
        return;
    }
    for (size_t i = 0; p && i < p->n; i++)
        read_property(r, &p->members[i]);
    reading_code(r);
}
