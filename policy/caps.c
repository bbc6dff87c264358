/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/caps.h"

#include <errno.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

/* EINVAL: past the kernel's last capability. */
int caps_bound(struct err *err)
{
    for (cap_value_t c = 0; cap_drop_bound(c) == 0; c++)
        ;
    if (errno != EINVAL)
        return fail(err, errno, NULL, "empty the bounding set of capabilities");
    return 0;
}

int caps_drop(struct err *err)
{
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return fail(err, errno, NULL, "empty the ambient set of capabilities");
    cap_t none = cap_init();
    int failed = none ? cap_set_proc(none) : -1, no = errno;
    cap_free(none);
    if (failed)
        return fail(err, no, NULL, "give up the capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(err, errno, NULL, "give up new privileges");
    return 0;
}
