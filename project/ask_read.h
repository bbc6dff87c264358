/* SPDX-License-Identifier: Apache-2.0 */
/* ask_read.h: the question, as lrun writes it on standard input:
 *
 *   {"template": "template.yaml", "rootPath": "/home/me/shop", "region": "us-east-1", "account": "123456789012", "configEnv": "default",
 *    "stage": "dev", "parameters": {"K": "V"}, "imports": {"NAME": "VALUE"}, "variables": {"NAME": "VALUE"}}
 *
 * lrun wrote it itself (launcher/launch/project_read.c): what does not fit is a fault of lrun's, and said as one. */
#ifndef LRUN_ASK_READ_H
#define LRUN_ASK_READ_H

#include "project/ask.h"

/* 0; -1 with err. Texts of ret are the arena's. */
int ask_read(int fd, struct arena *a, struct ask *ret, struct err *err);

#endif
