/* SPDX-License-Identifier: Apache-2.0 */
/* runtimes.h: the runtimes that AWS has and had, by their ids, and when each was or will be deprecated. */
#ifndef LRUN_RUNTIMES_H
#define LRUN_RUNTIMES_H

#include <stdbool.h>

struct runtime_fact {
    char id[16];
    char deprecated[11]; /* "2026-04-30", the first of AWS's three dates; "": none is known */
    bool al2023;         /* on Amazon Linux 2023; else on an older one */
};

const struct runtime_fact *runtime_fact(const char *id); /* NULL: AWS has none of that id */

/* The name of AWS's own image for the id, without a registry's transport: "public.ecr.aws/lambda/python:3.13". False: it has none. */
bool runtime_image(const char *id, char *ret, unsigned long size);

#endif
