/* SPDX-License-Identifier: Apache-2.0 */
/* read_routes.c: APIs. */
#include "project/template.h"

void template_apis(struct scope *s)
{
    (void)s;
}
