/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_detect.h: which runtime a package is for, where the user names none. For runtime.c and who explains it. */
#ifndef LRUN_RUNTIME_DETECT_H
#define LRUN_RUNTIME_DETECT_H

#include "launcher/launch/inputs.h"

struct detected {
    const char *id; /* provided.al2023; python3, nodejs: the version is left open; java21: it stands for any that was added */
    char file[256]; /* the file of the package that decided it; "": none */
};

/* handler: --handler's, or NULL. -1: the handler's name means files of two languages; the error names both. */
int runtime_detect(const struct inputs *in, const char *handler, struct detected *ret, struct err *err);

/* Of the function or a layer. */
bool runtime_has_bootstrap(const struct inputs *in);

/* What was looked for in vain, for a message; the caller frees it. */
char *runtime_undetected(const char *handler);

#endif
