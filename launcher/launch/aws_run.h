/* SPDX-License-Identifier: Apache-2.0 */
/* aws_run.h: what asking and downloading share. For aws.c and aws_download.c only. */
#ifndef LRUN_AWS_RUN_H
#define LRUN_AWS_RUN_H

#include "launcher/launch/aws.h"

/* The program's path, by PATH; NULL: there is none. The caller's. */
char *aws_program(const char *name);

/* What it gets of the caller's environment. */
void aws_variables(const struct aws *a, struct strv *ret);

#endif
