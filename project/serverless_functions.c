/* SPDX-License-Identifier: Apache-2.0 */
/* serverless_functions.c: functions and layers of a raw serverless.yml as the resources that `serverless package` writes for them, so that
 * one reader of templates reads both. What stands in functions.X holds before what stands in provider; of the layers it replaces them. A
 * value that cannot be resolved refuses its function alone. Events are serverless_routes.c's. */
#include "base/own.h"
#include "project/serverless_id.h"
#include "project/serverless_service.h"

#include <string.h>

/* The member at an address below any of the nodes, the first that has it; all of it resolved. NULL: none, or refused, which is kept. */
static const struct node *setting(struct service *s, const char *id, const struct node *own, const char *address, const char *general)
{
    struct refusal why = {0};
    const struct node *found = own ? variables_find(&s->v, own, address, &why) : NULL;
    if (!found && !why.what && general)
        found = variables_find(&s->v, s->v.top, general, &why);
    if (found)
        found = variables_deep(&s->v, found, &why);
    if (why.what)
        service_refuse(s, id, &why, address);
    return found;
}

static void environment_add(struct service *s, const char *id, struct node *variables, const struct node *from, const char *address)
{
    struct refusal why = {0};
    const struct node *map = variables_find(&s->v, from, address, &why);
    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->n; i++) {
        const char *name = map->members[i].name;
        const struct node *value = variables_deep(&s->v, map->members[i].value, &why);
        if (!value)
            service_refuse(s, id, &why, arena_printf(s->v.arena, "environment.%s", name));
        else if (value->kind != NODE_NULL)
            node_set(s->v.arena, variables, name, value);
    }
    if (why.what && !map)
        service_refuse(s, id, &why, "environment");
}

/* Single values: their names in serverless.yml, in provider, and in CloudFormation. */
static const struct {
    const char *own, *general, *block, *name, *otherwise;
} SETTINGS[] = {
    {"handler", NULL, NULL, "Handler", NULL},
    {"runtime", "provider.runtime", NULL, "Runtime", NULL},
    {"memorySize", "provider.memorySize", NULL, "MemorySize", "1024"},
    {"timeout", "provider.timeout", NULL, "Timeout", "6"},
    {"layers", "provider.layers", NULL, "Layers", NULL},
    {"ephemeralStorageSize", "provider.ephemeralStorageSize", "EphemeralStorage", "Size", NULL},
    {"logs.logFormat", "provider.logs.lambda.logFormat", "LoggingConfig", "LogFormat", NULL},
    {"logs.applicationLogLevel", "provider.logs.lambda.applicationLogLevel", "LoggingConfig", "ApplicationLogLevel", NULL},
    {"logs.systemLogLevel", "provider.logs.lambda.systemLogLevel", "LoggingConfig", "SystemLogLevel", NULL},
    {"logs.logGroup", "provider.logs.lambda.logGroup", "LoggingConfig", "LogGroup", NULL},
};

static void settings_add(struct service *s, const char *id, struct node *properties, const struct node *fn)
{
    struct arena *a = s->v.arena;
    struct node *blocks[COUNT(SETTINGS)] = {0};
    for (size_t i = 0; i < COUNT(SETTINGS); i++) {
        const struct node *v = setting(s, id, fn, SETTINGS[i].own, SETTINGS[i].general);
        if (!v && SETTINGS[i].otherwise)
            v = node_new_text(a, SETTINGS[i].otherwise, fn);
        if (!v)
            continue;
        struct node *into = properties;
        if (SETTINGS[i].block) {
            bool same = i && SETTINGS[i - 1].block && strcmp(SETTINGS[i - 1].block, SETTINGS[i].block) == 0;
            into = same ? blocks[i - 1] : NULL;
            if (!into) {
                into = node_new(a, NODE_MAP, v);
                node_set(a, properties, SETTINGS[i].block, into);
            }
            blocks[i] = into;
        }
        node_set(a, into, SETTINGS[i].name, v);
    }
}

static void one_of_list(struct arena *a, struct node *properties, const char *name, const struct node *item)
{
    struct node *list = node_new(a, NODE_LIST, item);
    node_add(a, list, item);
    node_set(a, properties, name, list);
}

/* image: URI, or NAME of provider.ecr.images, or a map with either. True: the function is an image. */
static bool image_add(struct service *s, const char *id, struct node *properties, const struct node *fn)
{
    static const char *const CONFIG[][2] = {{"command", "Command"}, {"entryPoint", "EntryPoint"}, {"workingDirectory", "WorkingDirectory"}};
    struct arena *a = s->v.arena;
    const struct node *image = setting(s, id, fn, "image", NULL);
    if (!image)
        return false;
    const struct node *uri = image->kind == NODE_MAP ? node_find(image, "uri") : image;
    const struct node *name = image->kind == NODE_MAP ? node_find(image, "name") : image;
    if (node_text(name)) {
        const struct node *known = setting(s, id, NULL, "image", arena_printf(a, "provider.ecr.images.%s.uri", node_text(name)));
        uri = known ? known : uri ? uri : name;
    }
    struct node *code = node_new(a, NODE_MAP, image), *config = node_new(a, NODE_MAP, image);
    if (uri)
        node_set(a, code, "ImageUri", uri);
    for (size_t i = 0; i < COUNT(CONFIG); i++)
        if (node_find(image, CONFIG[i][0]))
            node_set(a, config, CONFIG[i][1], node_find(image, CONFIG[i][0]));
    node_set(a, properties, "PackageType", node_new_text(a, "Image", image));
    node_set(a, properties, "Code", code);
    if (config->n)
        node_set(a, properties, "ImageConfig", config);
    return true;
}

/* A packaged artifact of the function's or the service's, else the service's directory. */
static void code_add(struct service *s, const char *id, struct node *properties, const struct node *fn)
{
    struct arena *a = s->v.arena;
    if (image_add(s, id, properties, fn))
        return;
    const struct node *individually = setting(s, id, fn, "package.individually", "package.individually");
    const struct node *artifact = setting(s, id, fn, "package.artifact", node_true(individually) ? NULL : "package.artifact");
    if (!node_text(artifact)) {
        artifact = node_new_text(a, ".", fn);
        s->whole++;
    }
    node_set(a, properties, "Code", artifact);
}

/* url: true, or a map. */
static void url_add(struct service *s, const char *key, const char *id, const struct node *fn)
{
    struct arena *a = s->v.arena;
    const struct node *url = setting(s, id, fn, "url", NULL), *mode = node_find(url, "invokeMode");
    if (!url || (url->kind == NODE_BOOL && !node_true(url)))
        return;
    struct node *properties = node_new(a, NODE_MAP, url), *target = node_new(a, NODE_MAP, url);
    node_set(a, target, "Ref", node_new_text(a, id, url));
    node_set(a, properties, "TargetFunctionArn", target);
    node_set(a, properties, "AuthType", node_new_text(a, node_find(url, "authorizer") ? "AWS_IAM" : "NONE", url));
    if (mode)
        node_set(a, properties, "InvokeMode", mode);
    struct node *cors = service_cors(a, node_find(url, "cors"), false);
    if (cors && !node_at(url, "cors", "allowedMethods", NULL)) /* null: none */
        one_of_list(a, cors, "AllowMethods", node_new_text(a, "*", cors));
    if (cors)
        node_set(a, properties, "Cors", cors);
    service_resource(s, serverless_logical_id(a, key, "LambdaFunctionUrl"), "AWS::Lambda::Url", properties);
}

static void mount_add(struct service *s, const char *id, struct node *properties, const struct node *fn)
{
    const struct node *config = setting(s, id, fn, "fileSystemConfig", NULL), *path = node_find(config, "localMountPath");
    if (!path)
        return;
    struct node *mount = node_new(s->v.arena, NODE_MAP, config);
    node_set(s->v.arena, mount, "LocalMountPath", path);
    one_of_list(s->v.arena, properties, "FileSystemConfigs", mount);
}

void service_function(struct service *s, const char *key, const struct node *fn)
{
    struct arena *a = s->v.arena;
    const char *id = serverless_logical_id(a, key, "LambdaFunction");
    struct node *properties = node_new(a, NODE_MAP, fn), *variables = node_new(a, NODE_MAP, fn), *environment = node_new(a, NODE_MAP, fn);
    const struct node *name = setting(s, id, fn, "name", NULL), *architecture = setting(s, id, fn, "architecture", "provider.architecture");
    if (!name)
        name = node_new_text(a, arena_printf(a, "%s-%s-%s", s->name, s->v.stage, key), fn);
    node_set(a, properties, "FunctionName", name);
    settings_add(s, id, properties, fn);
    if (architecture)
        one_of_list(a, properties, "Architectures", architecture);
    environment_add(s, id, variables, s->v.top, "provider.environment");
    environment_add(s, id, variables, fn, "environment");
    node_set(a, environment, "Variables", variables);
    node_set(a, properties, "Environment", environment);
    code_add(s, id, properties, fn);
    mount_add(s, id, properties, fn);
    service_resource(s, id, "AWS::Lambda::Function", properties);
    url_add(s, key, id, fn);
}

void service_layer(struct service *s, const char *key, const struct node *layer)
{
    struct arena *a = s->v.arena;
    const char *id = serverless_logical_id(a, key, "LambdaLayer");
    struct refusal why = {0};
    const struct node *path = variables_find(&s->v, layer, "package.artifact", &why);
    if (!path && !why.what)
        path = variables_find(&s->v, layer, "path", &why);
    if (!node_text(path)) {
        model_note(s->v.model, layer, true, "layer %s is left out: %s", key,
                   why.what ? why.what : "it has neither path nor package.artifact");
        return;
    }
    struct node *properties = node_new(a, NODE_MAP, layer);
    node_set(a, properties, "LayerName", node_new_text(a, key, layer));
    node_set(a, properties, "Content", path);
    service_resource(s, id, "AWS::Lambda::LayerVersion", properties);
}
