/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/tenant.h"

#include "lambda/limits.h"

#include <string.h>

enum tenant_fault tenant_check(const char *id)
{
    static const char TAKEN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/=+-@ ";
    if (strlen(id) > TENANT_ID_MAX)
        return TENANT_TOO_LONG;
    return *id && id[strspn(id, TAKEN)] == 0 ? TENANT_GOOD : TENANT_BAD_CHARACTER;
}
