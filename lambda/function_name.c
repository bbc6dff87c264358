/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/function_name.h"

#include "lambda/limits.h"

#include <ctype.h>

bool function_name_takes(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

bool function_name_fits(const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!function_name_takes(name[i]))
            return false;
    return n > 0 && n <= FUNCTION_NAME_MAX;
}
