/* SPDX-License-Identifier: Apache-2.0 */
/* terraform.h: the modules of a plan or state, and what their expressions refer to. For read_terraform.c, terraform_layers.c and
 * terraform_references.c only.
 *
 * UNVERIFIED: written from the published schema of `terraform show -json` (format_version 1.x) and the AWS provider's documentation. No
 * plan of a real Terraform was read with it; the notes of each model say so. */
#ifndef LRUN_TERRAFORM_H
#define LRUN_TERRAFORM_H

#include "project/model.h"

enum { MODULES_DEEP = 32 };

struct terraform {
    struct arena *arena;
    const struct ask *ask;
    struct files *files;
    struct model *model;
    const struct node *top;
    const char *dir;                    /* of the file: relative paths are relative to it */
    const struct node *asked, *unknown; /* the last answer of terraform_unknown() */
};

/* An instance of a module: what is planned for it, and the configuration it has in common with its other instances. */
struct terraform_module {
    const char *address, *call;         /* module.orders["eu"], orders; "" at the root */
    const struct node *values, *config; /* config: NULL in a state */
    const struct terraform_module *parent;
    unsigned depth;
};

/* The instance that an item of child_modules is. NULL: nested too deeply, or without an address. */
const struct terraform_module *terraform_child(struct terraform *t, const struct terraform_module *m, const struct node *values);

/* The expression of a resource's argument, as written: {"references": [...]}. NULL: the configuration is not there. */
const struct node *terraform_expression(const struct terraform_module *m, const struct node *resource, const char *argument);
/* The region of a resource's provider; NULL: the configuration does not say it as a constant or a variable of the root. */
const char *terraform_region(struct terraform *t, const struct terraform_module *m, const struct node *resource);

/* The resources of a type that an expression refers to, each once, in the order of the references; through variables and outputs of
 * modules. of: the resource that the expression belongs to, for each.key and count.index. */
size_t terraform_referred(struct terraform *t, const struct terraform_module *m, const struct node *expression, const char *type,
                          const struct node *of, const struct node ***ret);

/* A member of a resource's values; NULL: not set, or not known. */
const struct node *terraform_value(const struct node *resource, const char *name);
/* The first of a block's list; the block itself if it is a map; else NULL. */
const struct node *terraform_block(const struct node *values, const char *name);
/* What apply alone will tell of a resource, in the form of its values with true in place of each unknown one. NULL: nothing. */
const struct node *terraform_unknown(struct terraform *t, const struct node *resource);

/* The file a resource's filename, or its object in S3 that the same project uploads, stands for. NULL: refused. */
const char *terraform_file(struct terraform *t, const struct terraform_module *m, struct model_function *f, const struct node *resource);
void terraform_layers(struct terraform *t, const struct terraform_module *m, struct model_function *f, const struct node *resource);

#endif
