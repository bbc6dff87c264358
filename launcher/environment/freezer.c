/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/freezer.h"

#include "base/sys.h"

#include <signal.h>

bool freezer_note(struct freezer *f, bool frozen, double now_ms)
{
    if (f->frozen == frozen)
        return false;
    f->frozen = frozen;
    if (frozen)
        f->since_ms = now_ms;
    else
        f->ms = now_ms - f->since_ms;
    return true;
}

bool freezer_act(const struct freezer *f, struct cgroup *cgroup, struct sandbox *s, int runtime_pid)
{
    if (cgroup->freeze >= 0) {
        cgroup_freeze(cgroup, f->frozen);
        return true;
    }
    if (!f->frozen && runtime_pid >= 0) /* at once; init, which must wake up first, does the same for all that runs */
        sys_pidfd_send_signal(runtime_pid, SIGCONT);
    sandbox_tell(s, f->frozen ? MESSAGE_FREEZE : MESSAGE_THAW, 0);
    return false;
}

bool freezer_holds(const struct freezer *f, const struct cgroup *cgroup)
{
    return f->frozen && cgroup->freeze >= 0;
}

void freezer_let_go(struct freezer *f, struct cgroup *cgroup)
{
    if (freezer_holds(f, cgroup))
        cgroup_freeze(cgroup, false);
    f->frozen = false;
}
