/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/timer.h"

#include "base/clock.h"

void timer_arm(struct event *timer, double ms)
{
    struct timeval after = clock_timeval(ms < 0 ? 0 : ms);
    event_add(timer, &after);
}
