/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/shutdown.h"

enum { INTERNAL_MS = 500, RUNTIME_MS = 300, EXTERNAL_MS = 2000 };

enum shutdown_left shutdown_left(unsigned alive, bool external)
{
    if (alive & 1u)
        return LEFT_RUNTIME;
    return external && alive ? LEFT_EXTENSIONS : LEFT_NOBODY;
}

void shutdown_begin(struct shutdown *s, double now_ms)
{
    s->start_ms = now_ms;
    s->ticks = 0;
}

double shutdown_runtime_ms(bool external)
{
    return external ? RUNTIME_MS : INTERNAL_MS;
}

double shutdown_extensions_ms(const struct shutdown *s, double now_ms)
{
    return EXTERNAL_MS - (now_ms - s->start_ms);
}

bool shutdown_waits(struct shutdown *s, unsigned ticks_max)
{
    return ++s->ticks < ticks_max;
}
