/* SPDX-License-Identifier: Apache-2.0 */
/* template.h: what the resources of a CloudFormation template become in the model, whoever wrote it: SAM, CDK, Serverless or a person. */
#ifndef LRUN_TEMPLATE_H
#define LRUN_TEMPLATE_H

#include "project/values.h"

/* Adds the functions of the template and of its nested stacks, with their layers and URLs. What cannot be resolved refuses its function;
 * other faults become notes. s->asset says where code in a bucket lies. */
void template_functions(struct scope *s);
/* Adds the APIs of both, and their routes to functions that template_functions() has added. */
void template_apis(struct scope *s);

/* The model's id of the function that is the resource; NULL: it is none, or left out. */
const char *template_function_id(const struct scope *s, const char *logical_id);
/* The same of what a value refers to: a function, its alias or version, or its ARN as text. NULL: none. */
const char *template_function_of(struct scope *s, const struct node *v);
const char *template_function_named(const struct scope *s,
                                    const char *text); /* the ARN, or one of its names, or with more around the ARN */

/* Where code, a layer or a document lies: a path beneath the root, which exists. at: CodeUri, Code, ContentUri or Content. NULL with why.
 */
const char *template_path(struct scope *s, const struct node *resource, const struct node *at, struct refusal *why);

/* The properties of a resource, with the section of Globals merged into them as SAM does: lists are the global's and then its own, maps are
 * merged, and otherwise its own count. section: Function, Api, HttpApi; NULL: no Globals. May be NULL. */
const struct node *template_properties(struct scope *s, const struct node *resource, const char *section);

#endif
