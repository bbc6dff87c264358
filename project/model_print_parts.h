/* SPDX-License-Identifier: Apache-2.0 */
/* model_print_parts.h: the parts of printing a model. For model_print*.c only. */
#ifndef LRUN_MODEL_PRINT_PARTS_H
#define LRUN_MODEL_PRINT_PARTS_H

#include "base/str.h"
#include "project/model_check.h"

struct printing {
    const struct model *m;
    const char **names;              /* of the functions, in lrun.json */
    struct model_name_set ids;       /* of the functions, each once */
    size_t *first;                   /* of each id, the first function that has it */
    const struct model_route *route; /* of the API that is printed */
    struct text *out;
};

/* Members: each is there only if there is something to say. */
void print_text(struct text *out, const char *key, const char *text);
void print_list(struct text *out, const char *key, const char *const *list, size_t n);
void print_pairs(struct printing *p, const char *key, const struct model_pair *pairs,
                 size_t n); /* of a name that is there twice the first */
/* A resolved value as it is; what is deeper than 32 levels, or behind 10,000 values, is null. */
void print_value(struct text *out, const char *key, const struct node *v);

void print_apis(struct printing *p); /* "apis", if there are any */

#endif
