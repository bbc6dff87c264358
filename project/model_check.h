/* SPDX-License-Identifier: Apache-2.0 */
/* model_check.h: what every function of a model must have, whichever reader made it. For model_print*.c only. */
#ifndef LRUN_MODEL_CHECK_H
#define LRUN_MODEL_CHECK_H

#include "project/model.h"

/* Why a function cannot run: the reader's refusal, or that code is missing or a number lies outside of what lrun takes. NULL: it can. */
const struct refusal *model_refusal(struct arena *a, const struct model_function *f);

/* For each function its name in lrun.json: its id, or, if another stack has the same, its path with _ for /. All differ, and are names
 * that lrun takes. */
const char **model_names(const struct model *m);

/* Whether a name is the first of its kind; it is kept then. */
struct model_name_set {
    struct {
        const char *name;
    } * at;
    size_t n;
    struct index index;
};
bool model_name_first(struct arena *a, struct model_name_set *set, const char *name);

/* The name itself, or with the first number behind it that makes it one of its own; it is kept. */
const char *model_name_own(struct arena *a, struct model_name_set *taken, const char *name);

#endif
