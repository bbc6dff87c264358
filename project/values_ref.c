/* SPDX-License-Identifier: Apache-2.0 */
/* values_ref.c: Ref, Fn::GetAtt and Fn::ImportValue: parameters, pseudo parameters, resources, outputs of nested stacks. --import
 * ID=VALUE and --import ID.ATTRIBUTE=VALUE come before all that a resource would be here. What stands for a resource that is not there
 * is noted once; what nothing can stand for is refused. */
#include "project/values_parts.h"

#include <ctype.h>
#include <string.h>

/* The same in every run, and SAM's. */
#define STACK_UUID "51af3dc0-da77-11e4-872e-1234567db123"

const char *value_region(const struct scope *s)
{
    return s->ask->region ? s->ask->region : "us-east-1";
}

const char *value_account(const struct scope *s)
{
    return s->ask->account ? s->ask->account : "123456789012";
}

static const struct node *pseudo(struct scope *s, const struct node *at, const char *name, struct refusal *why)
{
    const char *region = value_region(s);
    bool china = str_begins(region, "cn-");
    if (strcmp(name, "AWS::NoValue") == 0)
        return &VALUE_NONE;
    if (strcmp(name, "AWS::NotificationARNs") == 0)
        return node_new(s->arena, NODE_LIST, at);
    const char *text = strcmp(name, "AWS::Region") == 0      ? region
                       : strcmp(name, "AWS::AccountId") == 0 ? value_account(s)
                       : strcmp(name, "AWS::Partition") == 0 ? china                           ? "aws-cn"
                                                               : str_begins(region, "us-gov-") ? "aws-us-gov"
                                                                                               : "aws"
                       : strcmp(name, "AWS::StackName") == 0 ? s->stack
                       : strcmp(name, "AWS::URLSuffix") == 0 ? china ? "amazonaws.com.cn" : "amazonaws.com"
                       : strcmp(name, "AWS::StackId") == 0
                           ? arena_printf(s->arena, "arn:aws:cloudformation:%s:%s:stack/%s/" STACK_UUID, region, value_account(s), s->stack)
                           : NULL;
    return text ? node_new_text(s->arena, text, at) : value_refuse(s, why, at, NULL, "there is no pseudo parameter %s", name);
}

/* {N}, {R} and {A} filled in. */
static const struct node *filled(struct scope *s, const char *format, const char *name, const struct node *at, struct refusal *why)
{
    struct text made = {0};
    for (const char *c = format; *c; c++) {
        if (*c != '{')
            text_add(&made, c, 1);
        else {
            text_puts(&made, c[1] == 'N' ? name : c[1] == 'R' ? value_region(s) : value_account(s));
            c += 2;
        }
    }
    return value_made(s, &made, at, why);
}

/* Said once of each resource and attribute. */
static void note_placeholder(struct scope *s, const struct node *at, const char *what, const char *value)
{
    struct scope *top = scope_top(s);
    const char *key = arena_printf(s->arena, "%s/%s", s->path, what);
    if (!top->noted)
        top->noted = node_new(s->arena, NODE_MAP, NULL);
    if (node_find(top->noted, key))
        return;
    node_set(s->arena, top->noted, key, at);
    model_note(s->model, at, false, "%s stands for itself, as %s (another value: --import %s=VALUE)", what, value, what);
}

const char *value_resource_name(struct scope *s, const char *id, struct refusal *why)
{
    const struct node *resource = scope_resource(s, id);
    const char *property = value_name_property(scope_type(resource));
    const struct node *v = property ? node_at(resource, "Properties", property, NULL) : NULL;
    if (!v)
        return id;
    const struct node *value = value_eval(s, v, why);
    if (!value)
        return NULL;
    return node_text(value) && value != &VALUE_NONE ? node_text(value) : id;
}

static bool named(const struct node *resource)
{
    const char *property = value_name_property(scope_type(resource));
    return property && node_at(resource, "Properties", property, NULL);
}

static bool not_made(struct scope *s, const struct node *at, const char *id, const struct node *resource, struct refusal *why)
{
    struct refusal ignored = {0};
    if (scope_made(s, resource, &ignored) != 0)
        return false;
    value_refuse(s, why, at, arena_printf(s->arena, "--import %s=VALUE", id), "%s is not made, since its condition %s is false", id,
                 node_text(node_find(resource, "Condition")));
    return true;
}

/* Whether AWS::Serverless makes a resource of that name: ServerlessHttpApi, or what belongs to a resource of the template (FnRole,
 * ApiProdStage, FnVersion...). A name that is misspelt is none of them. */
static bool made_by_transform(const struct scope *s, const char *id)
{
    const struct node *resources = node_find(s->top, "Resources");
    bool made = str_begins(id, "Serverless") || str_begins(id, "CodeDeploy");
    for (size_t i = 0; resources && !made && i < resources->n; i++)
        made = str_begins(id, resources->members[i].name);
    return s->serverless && made;
}

static const struct node *ref_resource(struct scope *s, const struct node *at, const char *id, struct refusal *why)
{
    const struct node *resource = scope_resource(s, id);
    const char *import = ask_value(&s->ask->imports, id);
    if (import)
        return node_new_text(s->arena, import, at);
    if (!resource && !made_by_transform(s, id))
        return value_refuse(s, why, at, NULL, "the template has no parameter and no resource %s", id);
    if (resource && not_made(s, at, id, resource, why))
        return NULL;
    const char *name = resource ? value_resource_name(s, id, why) : id, *format = value_placeholder(scope_type(resource), "Ref");
    const struct node *ret = name ? filled(s, format ? format : "{N}", name, at, why) : NULL;
    if (ret && !named(resource))
        note_placeholder(s, at, id, node_text(ret));
    return ret;
}

/* Attributes that are a property of the resource: SAM's MyApi.Stage, whose default is what SAM takes, and a parameter's value. */
static const struct node *of_property(struct scope *s, const struct node *at, const char *id, const char *attribute, struct refusal *why)
{
    static const struct {
        const char *type, *id, *attribute, *property, *otherwise;
    } ROWS[] = {
        {"AWS::Serverless::Api", "ServerlessRestApi", "Stage", "StageName", "Prod"},
        {"AWS::Serverless::HttpApi", "ServerlessHttpApi", "Stage", "StageName", "$default"},
        {"AWS::SSM::Parameter", "", "Value", "Value", NULL},
    };
    const struct node *resource = scope_resource(s, id);
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
        bool here = resource ? strcmp(scope_type(resource), ROWS[i].type) == 0 : strcmp(id, ROWS[i].id) == 0;
        if (!here || strcmp(attribute, ROWS[i].attribute) != 0)
            continue;
        const struct node *v = node_at(resource, "Properties", ROWS[i].property, NULL);
        return v ? value_eval(s, v, why) : ROWS[i].otherwise ? node_new_text(s->arena, ROWS[i].otherwise, at) : NULL;
    }
    return NULL;
}

const struct node *value_ref_name(struct scope *s, const struct node *at, const char *name, struct refusal *why)
{
    if (str_begins(name, "AWS::"))
        return pseudo(s, at, name, why);
    const struct node *parameter = value_parameter(s, name, why);
    if (parameter || why->what)
        return parameter;
    if (node_at(s->top, "Parameters", name, NULL))
        return &VALUE_NONE;
    const char *dot = s->serverless ? strchr(name, '.') : NULL; /* SAM's MyApi.Stage, MyFunction.Version */
    if (dot)
        return value_attribute(s, at, arena_text(s->arena, name, (size_t)(dot - name)), dot + 1, why);
    return ref_resource(s, at, name, why);
}

const struct node *value_ref(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    const char *to = node_text(arg);
    return to ? value_ref_name(s, arg, to, why) : value_refuse(s, why, arg, NULL, "%s takes a name", name);
}

static const struct node *output(struct scope *s, const struct node *at, const char *id, const char *name, struct refusal *why)
{
    struct scope *child = scope_child(s, id, why);
    const struct node *v = child ? node_at(child->top, "Outputs", name, "Value", NULL) : NULL;
    if (v)
        return value_eval(child, v, why);
    const char *remedy = arena_printf(s->arena, "--import %s.Outputs.%s=VALUE", id, name);
    if (child)
        return value_refuse(s, why, at, remedy, "nested stack %s has no output %s", id, name);
    why->what = arena_printf(s->arena, "output %s: %s", name, why->what);
    why->remedy = remedy;
    return NULL;
}

/* arn:aws:SERVICE:REGION:ACCOUNT:ID for a type that is in no table. */
static const struct node *some_arn(struct scope *s, const struct node *at, const char *id, const char *type)
{
    char service[64] = "role";
    const char *from = str_begins(type, "AWS::") ? type + 5 : "custom";
    size_t n = strcspn(from, ":");
    for (size_t i = 0; i <= n && i < sizeof(service) - 1; i++) {
        service[i] = i < n ? (char)tolower((unsigned char)from[i]) : '\0';
        service[i + 1] = '\0';
    }
    const char *arn = arena_printf(s->arena, "arn:aws:%s:%s:%s:%s", service, value_region(s), value_account(s), id);
    return node_new_text(s->arena, arn, at);
}

const struct node *value_attribute(struct scope *s, const struct node *at, const char *id, const char *attribute, struct refusal *why)
{
    const char *whole = arena_printf(s->arena, "%s.%s", id, attribute), *import = ask_value(&s->ask->imports, whole);
    const struct node *resource = scope_resource(s, id);
    if (import)
        return node_new_text(s->arena, import, at);
    if (!resource && !made_by_transform(s, id))
        return value_refuse(s, why, at, NULL, "the template has no resource %s", id);
    if (resource && not_made(s, at, id, resource, why))
        return NULL;
    if (resource && str_begins(attribute, "Outputs."))
        return output(s, at, id, attribute + strlen("Outputs."), why);
    const struct node *property = of_property(s, at, id, attribute, why);
    if (property || why->what)
        return property;
    const char *type = resource ? scope_type(resource) : str_ends(id, "Role") ? "AWS::IAM::Role" : "";
    const char *format = value_placeholder(type, attribute), *name = value_resource_name(s, id, why);
    if (!name)
        return NULL;
    const struct node *ret = format                                                       ? filled(s, format, name, at, why)
                             : strcmp(attribute, "Arn") == 0 && str_begins(type, "AWS::") ? some_arn(s, at, name, type)
                                                                                          : NULL;
    if (!ret)
        return why->what ? NULL
                         : value_refuse(s, why, at, arena_printf(s->arena, "--import %s=VALUE", whole),
                                        "Fn::GetAtt %s is known to the account alone", whole);
    if (!format || !named(resource))
        note_placeholder(s, at, whole, node_text(ret));
    return ret;
}

const struct node *value_get_att(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    const char *text = node_text(arg), *dot = text ? strchr(text, '.') : NULL;
    if (dot)
        return value_attribute(s, arg, arena_text(s->arena, text, (size_t)(dot - text)), dot + 1, why);
    if (arg->kind != NODE_LIST || arg->n < 2 || !node_text(arg->items[0]))
        return value_refuse(s, why, arg, NULL, "%s takes a resource and an attribute", name);
    const char *attribute = value_eval_text(s, arg->items[1], why);
    for (size_t i = 2; attribute && i < arg->n; i++) /* [A, Outputs, B], as some write it */
        attribute = arena_printf(s->arena, "%s.%s", attribute, node_text(arg->items[i]) ? node_text(arg->items[i]) : "");
    return attribute ? value_attribute(s, arg, node_text(arg->items[0]), attribute, why) : NULL;
}

const struct node *value_import(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    const char *of = value_eval_text(s, arg, why);
    const char *value = of ? ask_value(&s->ask->imports, of) : NULL;
    if (value)
        return node_new_text(s->arena, value, arg);
    struct scope *where = NULL;
    const struct node *own = of && s->exported ? s->exported(s, of, &where) : NULL;
    if (own)
        return value_eval(where, own, why);
    return of ? value_refuse(s, why, arg, arena_printf(s->arena, "--import %s=VALUE", of), "%s %s is not known", name, of) : NULL;
}

const char *value_function_arn(struct scope *s, const char *name)
{
    return arena_printf(s->arena, "arn:aws:lambda:%s:%s:function:%s", value_region(s), value_account(s), name);
}
