/* SPDX-License-Identifier: Apache-2.0 */
/* samconfig.h: samconfig.toml (also .yaml, .yml): what lrun takes of it. */
#ifndef LRUN_SAMCONFIG_H
#define LRUN_SAMCONFIG_H

#include "project/model.h"

/* The parameters of the environment that was asked for: what stands for all commands (global), then for the first of local_invoke,
 * local_start_lambda and local_start_api that has any. dir: the original template's. Other members become notes. No file: none. -1 with
 * err: it cannot be read, or has no such environment. */
int samconfig_parameters(const struct ask *ask, struct files *files, const char *dir, struct model *m, struct ask_pairs *ret,
                         struct err *err);

/* Adds the pairs of a text as SAM has them: K=V K2="a b", or ParameterKey=K,ParameterValue=V; words without = are left out. */
void samconfig_pairs(struct arena *a, const char *text, struct ask_pairs *to);

#endif
