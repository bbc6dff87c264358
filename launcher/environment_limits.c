/* SPDX-License-Identifier: Apache-2.0 */
/* environment_limits.c: an environment's memory, and its freezing: by a cgroup where there is one, else by watching and by
 * signals. */
#include "launcher/environment_state.h"

#include "base/sys.h"
#include "policy/memory.h"

#include <signal.h>
#include <sys/statvfs.h>

/* Files of /tmp lie on a disk on Lambda; here they are memory that a cgroup charges. */
static void allow_files(struct environment *e, uint64_t limit)
{
    struct statvfs tmp;
    if (e->sandbox.fds[FD_TMP] >= 0 && fstatvfs(e->sandbox.fds[FD_TMP], &tmp) == 0)
        cgroup_allow_files(e->cgroup, limit >> 20, (uint64_t)(tmp.f_blocks - tmp.f_bfree) * tmp.f_bsize);
}

void environment_look_at_memory(struct environment *e)
{
    struct memory m;
    struct report *r = &e->launch->report;
    struct cgroup *c = e->cgroup;
    uint64_t limit = e->launch->request->memory.value << 20;
    bool unlimited = e->launch->request->debug;
    e->looked_ms = clock_ms();
    memory_read(e->sandbox.fds[FD_PROC], limit, &m);
    if (m.peak > e->peak)
        e->peak = m.peak;
    if (c->memory) {
        allow_files(e, limit);
        unsigned kills = cgroup_oom_kills(c);
        e->oom = e->oom || kills > e->oom_kills;
        e->oom_kills = kills;
        r->oom_killed = r->oom_killed || kills;
        if (e->oom) /* what was there when the kernel looked */
            e->peak = limit;
    } else if (m.used > limit && m.biggest && !unlimited) { /* as the kernel's OOM killer: the biggest goes */
        e->oom = true;
        r->oom_killed = true;
        sandbox_tell(&e->sandbox, MESSAGE_KILL_ONE, m.biggest);
    }
    if (e->peak > limit && !unlimited) /* it was stopped a moment late; Lambda never shows more than the size */
        e->peak = limit;
}

void environment_set_frozen(struct environment *e, bool frozen)
{
    if (e->frozen == frozen)
        return;
    e->frozen = frozen;
    if (frozen)
        e->past.frozen_since = clock_ms();
    else
        e->past.frozen_ms = clock_ms() - e->past.frozen_since;
    telemetry_pause(e->telemetry, frozen);
    if (e->cgroup->freeze >= 0) {
        cgroup_freeze(e->cgroup, frozen);
        return;
    }
    if (!frozen && e->runtime_pid >= 0) /* at once; init, which must wake up first, does the same for all that runs */
        sys_pidfd_send_signal(e->runtime_pid, SIGCONT);
    sandbox_tell(&e->sandbox, frozen ? MESSAGE_FREEZE : MESSAGE_THAW, 0);
    if (frozen)
        report_degraded(&e->launch->report, "frozen by SIGSTOP, not by a cgroup: programs can notice EINTR and stopped children");
}
