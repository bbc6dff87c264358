/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/timer.h"

void timer_arm(struct event *timer, double ms)
{
    if (ms < 0)
        ms = 0;
    event_add(timer, &(struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)((long)(ms * 1000) % 1000000)});
}
