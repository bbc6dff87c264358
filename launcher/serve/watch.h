/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h: tells when a package or a layer has changed: a file by its directory, since tools replace it by a rename; a
 * directory with all below it; the layout of an image by its index. */
#ifndef LRUN_WATCH_H
#define LRUN_WATCH_H

#include "base/err.h"
#include "base/str.h"
#include "launcher/launch/inputs.h"

#include <event2/event.h>

struct watch;

/* Is called once things have been quiet for a moment. False: what is there cannot be used, perhaps since it is still being written; then
 * it is called again some times, with again set, until it is true. */
typedef bool watch_fn(void *to, bool again);

struct watch *watch_new(struct event_base *base, watch_fn *on_change, void *to, struct err *err); /* NULL: err */
int watch_inputs(struct watch *w, const struct inputs *in, struct err *err);                      /* -1 with err */
void watch_done(struct watch *w);

#endif
