/* SPDX-License-Identifier: Apache-2.0 */
/* tenant.h: the ids of tenants, whose invocations never share an environment (TenancyConfig, PER_TENANT). */
#ifndef LRUN_TENANT_H
#define LRUN_TENANT_H

enum tenant_fault { TENANT_GOOD, TENANT_TOO_LONG, TENANT_BAD_CHARACTER };

/* Whether Invoke accepts the id: 1 to TENANT_ID_MAX characters of TENANT_ID_PATTERN. */
enum tenant_fault tenant_check(const char *id);

#endif
