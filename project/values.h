/* SPDX-License-Identifier: Apache-2.0 */
/* values.h: CloudFormation's intrinsic functions, as CloudFormation evaluates them (SAM's own differences are not copied). What an
 * account would have to tell is a placeholder where a stable one exists (an ARN, a logical id; noted once), else a refusal that names
 * function, line and the option that supplies it. */
#ifndef LRUN_VALUES_H
#define LRUN_VALUES_H

#include "project/model.h"

/* A template with what its values are resolved by. A nested stack has its own, with its parent's values as parameters. */
struct scope {
    struct arena *arena;
    const struct ask *ask;
    struct files *files;
    struct model *model;                /* for notes */
    const struct node *top;             /* the template */
    const char *dir;                    /* of its file, beneath the root */
    const char *stack;                  /* AWS::StackName */
    const char *path;                   /* "Parent/Child", for full names; "" at the top */
    struct ask_pairs parameters;        /* of samconfig.toml or of the parent stack; the command line's come before them */
    struct scope_condition *conditions; /* evaluated already, or being evaluated: a cycle is refused */
    struct scope *parent;
    size_t steps; /* of evaluation; more than a million is a bomb, and refused */
    unsigned depth;
    bool extensions; /* Transform names AWS::LanguageExtensions: Fn::Length, Fn::ToJsonString, Fn::FindInMap's default */
};

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

/* The ARN of a function of this scope: arn:aws:lambda:REGION:ACCOUNT:function:NAME. */
const char *value_function_arn(struct scope *s, const char *name);

#endif
