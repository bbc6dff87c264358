/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter_places.h: interpreters that lie in a prefix of their own: along PATH, and where version managers keep them. */
#ifndef LRUN_INTERPRETER_PLACES_H
#define LRUN_INTERPRETER_PLACES_H

#include <stdbool.h>

/* Calls take with the real path of each file beneath the places that has one of the names (NULL at the end), until it returns
 * true, which is returned. prefix: the directory above its bin. Only programs that the host's own loader starts, and only what
 * whoever runs can reach. language: "python", "node" or "java", for managers of versions. */
typedef bool (*place_fn)(void *to, const char *path, const char *prefix);
bool interpreter_places(const char *const *names, const char *language, place_fn take, void *to);

/* The names of the language's managers, for a message: "pyenv, uv". The caller frees it. */
char *interpreter_managers(const char *language);

/* Whether the open file is a program that the host's own loader starts, or a static one. */
bool interpreter_starts_here(int fd);

#endif
