/* SPDX-License-Identifier: Apache-2.0 */
/* template_parts.h: a function as it is read from its resource. For template*.c only. */
#ifndef LRUN_TEMPLATE_PARTS_H
#define LRUN_TEMPLATE_PARTS_H

#include "project/template.h"

struct reading {
    struct scope *s;
    const char *id; /* logical */
    const struct node *resource, *properties;
    bool serverless; /* AWS::Serverless::Function, else AWS::Lambda::Function */
    struct model_function *f;
};

/* Refuses the function: "PROPERTY of ID: " and why. */
void reading_refuse(struct reading *r, const char *property, const struct refusal *why);
void reading_refuse_at(struct reading *r, const char *property, const struct node *at, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Each refuses the function if it cannot be resolved, or is of another kind, and gives NULL (0); NULL without a refusal is AWS::NoValue. */
const struct node *reading_value(struct reading *r, const char *property, const struct node *v);
const char *reading_text(struct reading *r, const char *property, const struct node *v);
uint64_t reading_number(struct reading *r, const char *property, const struct node *v);
/* A list of texts. */
size_t reading_texts(struct reading *r, const char *property, const struct node *v, const char ***ret);

/* The parts, each from the property's value as it stands; v is never NULL. */
typedef void reading_part(struct reading *r, const char *property, const struct node *v);
reading_part reading_layers, reading_url;
void reading_code(struct reading *r);
void reading_function(struct reading *r); /* all of them */

/* A URL's properties into the model; AWS::Lambda::Url's too. */
void reading_url_config(struct reading *r, const char *property, const struct node *config);

#endif
