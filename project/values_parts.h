/* SPDX-License-Identifier: Apache-2.0 */
/* values_parts.h: what the files behind values.h share. For values*.c, conditions.c, parameters.c and scope.c only. */
#ifndef LRUN_VALUES_PARTS_H
#define LRUN_VALUES_PARTS_H

#include "base/str.h"
#include "project/values.h"

enum {
    VALUE_STEPS_MAX = 1000000, /* of one project */
    VALUE_DEPTH_MAX = 400,     /* twice what a document may have: what it refers to may be as deep */
    VALUE_TEXT_MAX = 8 << 20,  /* bytes of one text that is made: twice what inline code may have */
};

/* A section of the template with its Fn::ForEach turned; itself, if it has none. What cannot be turned is left out, with a note. */
const struct node *value_each(struct scope *s, const struct node *section);

extern const struct node VALUE_NONE; /* AWS::NoValue */

/* As value_of(), but AWS::NoValue is &VALUE_NONE. */
const struct node *value_eval(struct scope *s, const struct node *v, struct refusal *why);
/* The same as text; AWS::NoValue is refused. */
const char *value_eval_text(struct scope *s, const struct node *v, struct refusal *why);
/* A list whose items are resolved, at least min and at most max of them. NULL with why. name: of the function whose argument it is. */
const struct node *value_eval_list(struct scope *s, const char *name, const struct node *v, size_t min, size_t max, struct refusal *why);

/* Fills why and returns NULL. at: where; NULL: nowhere. remedy may be NULL. */
const struct node *value_refuse(struct scope *s, struct refusal *why, const struct node *at, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The functions: arg is what stands behind the name, not resolved yet. */
typedef const struct node *value_function(struct scope *s, const char *name, const struct node *arg, struct refusal *why);
value_function value_ref, value_get_att, value_sub, value_import;                             /* values_ref.c */
value_function value_join, value_split, value_select, value_base64, value_length, value_json; /* values_text.c */
value_function value_find_in_map, value_zones, value_include;                                 /* values_lookup.c */
value_function value_included;                                                                /* what AWS::Include names, not resolved */
value_function value_cidr;                                                                    /* values_cidr.c */
value_function value_if, value_decide;                                                        /* conditions.c */
const struct node *value_ref_name(struct scope *s, const struct node *at, const char *name, struct refusal *why);
const struct node *value_attribute(struct scope *s, const struct node *at, const char *id, const char *attribute, struct refusal *why);

/* Whether the text may grow on; false with why. For who makes one of many parts. */
bool value_may_grow(struct scope *s, const struct text *made, const struct node *at, struct refusal *why);
/* The text as a node; made is empty afterwards. NULL with why, if so much has been made that it is a bomb. */
const struct node *value_made(struct scope *s, struct text *made, const struct node *at, struct refusal *why);

/* The text's parts between by; trim: without blanks around them. NULL with why, if they are too many. */
const struct node *value_cut(struct scope *s, const struct node *at, const char *text, const char *by, bool trim, struct refusal *why);

/* Text with {{resolve:...}} in it, with what --import gives in place of it. */
const struct node *value_dynamic(struct scope *s, const struct node *v, struct refusal *why);

/* What a type's reference ("Ref") or attribute is without an account: a text with {N}, {R}, {A} in it, for name, region, account. NULL: not
 * known. */
const char *value_placeholder(const char *type, const char *attribute);
const char *value_name_property(const char *type); /* which property names it; NULL: none is known */

const char *value_region(const struct scope *s);
const char *value_account(const struct scope *s);

#endif
