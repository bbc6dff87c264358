/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/memory_guard.h"

enum { RUNTIME_AFTER = 2, ALL_AFTER = 6, DYING_MS = 500 };

void memory_guard_note_peak(struct memory_guard *g, uint64_t peak)
{
    if (peak > g->limit && !g->unlimited) /* it was stopped a moment late; Lambda never shows more than the size */
        peak = g->limit;
    if (peak > g->peak)
        g->peak = peak;
}

unsigned memory_guard_note(struct memory_guard *g, const struct memory *m, unsigned kernel_kills)
{
    unsigned found = 0;
    memory_guard_note_peak(g, m->peak);
    if (kernel_kills > g->kernel_kills) {
        found |= GUARD_KERNEL_KILLED;
        g->peak = g->limit; /* what was there when the kernel looked */
    }
    g->kernel_kills = kernel_kills;
    if (m->used && m->used <= g->limit)
        g->in_vain = 0;
    if (m->over && m->biggest && !g->unlimited)
        found |= GUARD_OVER;
    g->oom = g->oom || found;
    return found;
}

enum guard_kill memory_guard_choose(struct memory_guard *g, pid_t biggest, double now_ms)
{
    bool dying = biggest == g->killed_pid && now_ms - g->killed_ms < DYING_MS; /* its memory is freed when it has ended */
    if (!dying) {
        g->in_vain++;
        g->killed_pid = biggest;
        g->killed_ms = now_ms;
    }
    return g->in_vain > ALL_AFTER ? KILL_ALL : g->in_vain > RUNTIME_AFTER ? KILL_RUNTIME : KILL_BIGGEST;
}
