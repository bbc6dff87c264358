/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/limits.h"

#include <criterion/criterion.h>

Test(limits, never_ask_for_more_than_the_caller_has)
{
    struct limits l;
    limits_plan(128, false, &l);
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        struct rlimit now;
        getrlimit((__rlimit_resource_t)LIMITS[i].resource, &now);
        cr_expect(l.at[i].rlim_max <= now.rlim_max && l.at[i].rlim_cur <= l.at[i].rlim_max, "%s", LIMITS[i].name);
    }
    cr_expect(l.cpu_count >= 1 && l.cpu_count <= 2);
}
