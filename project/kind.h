/* SPDX-License-Identifier: Apache-2.0 */
/* kind.h: which tool wrote a file, by what stands in it, and so who reads it. */
#ifndef LRUN_PROJECT_KIND_H
#define LRUN_PROJECT_KIND_H

#include "project/model.h"

/* Fills m->reader. NULL with err: the file cannot be read, or is no project's. */
model_reader *kind_reader(struct files *f, const char *path, struct model *m, struct err *err);

#endif
