/* SPDX-License-Identifier: Apache-2.0 */
/* timer.h: a timer of the loop's, in milliseconds. */
#ifndef LRUN_TIMER_H
#define LRUN_TIMER_H

#include <event2/event.h>

/* In ms from now, whatever it was armed for before; less than 0: at the loop's next turn. */
void timer_arm(struct event *timer, double ms);

#endif
