/* SPDX-License-Identifier: Apache-2.0 */
/* function_name.h: valid names of functions. */
#ifndef LRUN_FUNCTION_NAME_H
#define LRUN_FUNCTION_NAME_H

#include <stdbool.h>
#include <stddef.h>

bool function_name_fits(const char *name, size_t n); /* 1 to FUNCTION_NAME_MAX characters, each of which fits */
bool function_name_takes(char c);                    /* a-z, A-Z, 0-9, - and _ */

#endif
