/* SPDX-License-Identifier: Apache-2.0 */
/* project_read.h: what a project says, as lrun.json: asked of lrun-project, and remembered as long as every file that was read, and every
 * one that was looked for and not there, is as it was. */
#ifndef LRUN_PROJECT_READ_H
#define LRUN_PROJECT_READ_H

#include "base/json_scan.h"
#include "launcher/launch/identity.h"
#include "launcher/launch/request.h"

struct project_place {
    int root;        /* the directory beneath which all files of the project lie; -1: none */
    char *root_path; /* its absolute path */
    char *file;      /* the template, beneath it */
};

/* The answer, and lrun.json in it; its project is read with the rights of the uid that will run. r: parameters, imports,
 * allowed variables, region. -1 with err. */
int project_read(const struct project_place *p, const struct request *r, const struct identity *id, struct text *ret, struct slice *ret_top,
                 struct err *err);

#endif
