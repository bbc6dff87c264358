/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h: libevent's loop, with errors in lrun's words. */
#ifndef LRUN_LOOP_H
#define LRUN_LOOP_H

#include "base/err.h"

#include <event2/event.h>

struct event_base *loop_new(struct err *err); /* NULL, with err */

/* Until something calls event_base_loopbreak(). An end for any other reason is an error: what was waited for has not come. */
int loop_run(struct event_base *base, struct err *err);

/* event_add() without a timeout, of what must not be missed. */
int loop_add(struct event *e, struct err *err);

#endif
