/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c: the line of a progress bar. Who unpacks, and how much, is cache.c's and cache_image.c's. */
#include "cache/progress.h"

#include "base/clock.h"

#include <stdio.h>

struct progress progress_begin(int terminal)
{
    return (struct progress){.terminal = terminal, .doing = "unpacking", .start_ms = clock_ms()};
}

void progress_show(struct progress *p, uint64_t total, uint64_t done)
{
    enum { PATIENCE_MS = 300, CELLS = 30 };
    char bar[CELLS + 1];
    double part = total ? (double)(done > total ? total : done) / (double)total : 0;
    if (p->terminal < 0 || clock_ms() - p->start_ms < PATIENCE_MS)
        return;
    for (int i = 0; i < CELLS; i++)
        bar[i] = i < (int)(part * CELLS) ? '#' : '.';
    bar[CELLS] = 0;
    if (total)
        dprintf(p->terminal, "\r\033[Klrun: %s [%s] %3.0f%% of %.0f MB", p->doing, bar, part * 100, (double)total / 1e6);
    else
        dprintf(p->terminal, "\r\033[Klrun: %s, %.0f MB so far", p->doing, (double)done / 1e6);
    p->shown = true;
}

void progress_end(struct progress *p)
{
    if (p->shown)
        dprintf(p->terminal, "\r\033[K");
    p->shown = false;
}
