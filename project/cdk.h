/* SPDX-License-Identifier: Apache-2.0 */
/* cdk.h: cdk.out while it is read: its assemblies' assets, stacks and the tree of constructs. For read_cdk.c, cdk_assets.c and cdk_names.c
 * only. */
#ifndef LRUN_CDK_H
#define LRUN_CDK_H

#include "project/assets.h"
#include "project/template.h"

struct cdk_assets {  /* of one stack, as <Stack>.assets.json has them */
    const char *dir; /* their paths are relative to it */
    const struct node *manifest;
    struct cdk_assets *next;
};

struct cdk_construct { /* a function of the tree, or the resource that is a nested stack */
    const char *logical_id, *path;
    size_t stack; /* of a nested stack: how much of path its own constructs begin with; 0: a function */
};

struct cdk_stack {
    struct scope *scope;
    const char *dir, *path; /* of its assembly; of its construct */
    size_t first, end;      /* of its functions in the model */
};

struct cdk_export {
    const char *name;
    const struct node *value;
    const struct cdk_stack *stack;
};

struct cdk {
    struct arena *arena;
    struct files *files;
    const struct ask *ask;
    struct model *model;
    struct cdk_assets *assets; /* of all stacks: hashes are the same in each */
    struct assets_missing *missing;
    struct cdk_construct *constructs;
    struct cdk_stack **stacks;
    struct cdk_export *exports;
    size_t construct_count, stack_count, export_count, assembly_count;
    struct node *ids; /* of the functions of all stacks */
};

/* cdk_assets.c */
scope_asset cdk_asset;               /* the file or directory that is uploaded under a key */
void cdk_images_note(struct cdk *c); /* what the images of functions are built from */

/* cdk_names.c */
void cdk_tree_walk(struct cdk *c, const struct node *at, unsigned depth); /* at: a construct of tree.json, depth 0 */
void cdk_stack_name(struct cdk *c, const struct cdk_stack *stack);        /* gives its functions their constructs' names */
void cdk_leave_out(struct model *m);                                      /* functions that CDK adds for deployments */

#endif
