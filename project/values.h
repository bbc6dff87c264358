/* SPDX-License-Identifier: Apache-2.0 */
/* values.h: CloudFormation's intrinsic functions, as CloudFormation evaluates them (SAM's own differences are not copied). What an
 * account would have to tell is a placeholder where a stable one exists (an ARN, a logical id; noted once), else a refusal that names
 * function, line and the option that supplies it. */
#ifndef LRUN_VALUES_H
#define LRUN_VALUES_H

#include "project/model.h"

struct scope;
/* Where something that a template has in a bucket lies beneath the root, as the readers of CDK's and Serverless's output know. at:
 * {S3Bucket, S3Key}, or TemplateURL's value, neither resolved. NULL: not known. */
typedef const char *scope_asset(struct scope *s, const struct node *at);
/* The value of an export of another stack in the same build, not resolved, and the stack whose it is. NULL: not known. */
typedef const struct node *scope_export(struct scope *s, const char *name, struct scope **ret_scope);

/* A template with what its values are resolved by. A nested stack has its own, with its parent's values as parameters. */
struct scope {
    struct arena *arena;
    const struct ask *ask;
    struct files *files;
    struct model *model;         /* for notes */
    const struct node *top;      /* the template, with what Fn::Transform includes in its sections */
    const char *file;            /* its path beneath the root */
    const char *dir;             /* of its file, beneath the root */
    const char *stack;           /* AWS::StackName */
    const char *path;            /* "Parent/Child", for full names; "" at the top */
    struct ask_pairs parameters; /* of samconfig.toml; the command line's come before them */
    const struct node *given;    /* Parameters of the resource that is this stack, resolved in its parent; NULL: none */
    struct scope *parent;
    scope_asset *asset;                 /* NULL: nothing is known of buckets */
    scope_export *exported;             /* NULL: nothing is known of other stacks */
    const void *assets;                 /* for asset alone */
    struct scope_condition *conditions; /* evaluated already, or being evaluated: a cycle is refused */
    struct scope_child *children;       /* nested stacks that were opened */
    struct node *functions, *apis;      /* logical ids of functions and APIs, with what they are in the model; see template.h */
    struct node *noted, *ids;           /* the outermost scope's: placeholders that a note names already; all functions' ids */
    size_t steps;                       /* of evaluation, the outermost scope's: more than a million is a bomb, and refused */
    unsigned depth, stacks;             /* of evaluation; nested stacks so far: the outermost scope's */
    bool serverless;                    /* Transform names AWS::Serverless: it makes resources that stand nowhere */
    bool extensions;                    /* AWS::LanguageExtensions: Fn::Length, Fn::ToJsonString, Fn::FindInMap's default */
};

/* Begins: reads the template at file. s has arena, ask, files, model, stack and path already, all else is 0 or has its value. -1 with err:
 * it cannot be read, or has no Resources. */
int scope_open(struct scope *s, const char *file, struct err *err);
/* The scope of a nested stack, opened once: a resource of AWS::CloudFormation::Stack or AWS::Serverless::Application with a local file.
 * NULL with why. */
struct scope *scope_child(struct scope *s, const char *id, struct refusal *why);
struct scope *scope_top(struct scope *s);
/* A resource and its type, by its logical id; NULL: there is none. */
const struct node *scope_resource(const struct scope *s, const char *id);
const char *scope_type(const struct node *resource); /* "" if it says none */
/* Whether it is made: 1; 0: its Condition is false; -1 with why. */
int scope_made(struct scope *s, const struct node *resource, struct refusal *why);

/* The node without functions, or NULL with why: it, or something in it, cannot be resolved. AWS::NoValue members and items are left out; at
 * the top it is NULL with why->what NULL. */
const struct node *value_of(struct scope *s, const struct node *v, struct refusal *why);
/* Its text; a list is joined by commas where CloudFormation does so. */
const char *value_text(struct scope *s, const struct node *v, struct refusal *why);
/* A condition by its name. 1 or 0; -1 with why. */
int value_condition(struct scope *s, const char *name, struct refusal *why);

/* What a reference to a resource means, where a resource is wanted and not a text: {Ref: X}, {Fn::GetAtt: [X, Arn]}, "${X.Arn}" and
 * Fn::Join or Fn::Sub around one. The logical id, or NULL: none. */
const char *value_resource(struct scope *s, const struct node *v);
/* The same through parameters of nested stacks and their outputs: ret_scope is where the resource stands. */
const char *value_resource_in(struct scope *s, const struct node *v, struct scope **ret_scope);
/* v with Fn::If decided at its top, as often as one follows another, and nothing else resolved. NULL: AWS::NoValue, with why->what NULL;
 * else with why. */
const struct node *value_chosen(struct scope *s, const struct node *v, struct refusal *why);
/* Whether it is {Ref: X} or {Fn::X: Y}: its name and argument, which may be NULL. */
bool value_is_function(const struct node *v, const char **ret_name, const struct node **ret_argument);
/* A parameter's value as text, which --parameter, samconfig.toml, the parent stack or Default gives. NULL with why; with why->what NULL if
 * the template has no such parameter, or its parent gives AWS::NoValue. Never part of a message: it may be NoEcho. */
const struct node *value_parameter(struct scope *s, const char *name, struct refusal *why);
/* Checks that the parameters of the command line are the template's. -1 with err. */
int value_check_parameters(struct scope *s, struct err *err);
/* The name of a resource: as its properties give it, else its logical id. NULL with why. */
const char *value_resource_name(struct scope *s, const char *id, struct refusal *why);

/* The ARN of a function of this scope: arn:aws:lambda:REGION:ACCOUNT:function:NAME. */
const char *value_function_arn(struct scope *s, const char *name);

#endif
