/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/past.h"

void past_add_call(struct past *p, bool timed_out)
{
    p->calls++;
    p->timed_out = p->timed_out || timed_out;
    p->init_timed_out = false;
    p->late_ms = 0;
}
