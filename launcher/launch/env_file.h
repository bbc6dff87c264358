/* SPDX-License-Identifier: Apache-2.0 */
/* env_file.h: files of variables, as python-dotenv reads them (without its ${NAME}): KEY=VALUE, "export" before it, values in quotes,
 * comments. */
#ifndef LRUN_ENV_FILE_H
#define LRUN_ENV_FILE_H

#include "base/err.h"

/* entry: "KEY=VALUE", the callee's to free. where: file and line, for messages. */
typedef int (*env_file_fn)(void *to, char *entry, const char *where, struct err *err);

/* Calls each for every variable of the text, a C string; path is for messages, which never repeat what a file holds. */
int env_file_read(const char *path, const char *text, env_file_fn each, void *to, struct err *err);

#endif
