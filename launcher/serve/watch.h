/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h: tells when a package or a layer has changed: a file by its directory, since tools replace it by a rename; a
 * directory with all below it. */
#ifndef LRUN_WATCH_H
#define LRUN_WATCH_H

#include "base/err.h"
#include "base/str.h"

#include <event2/event.h>

struct watch;

/* on_change is called once things have been quiet for a moment. */
struct watch *watch_new(struct event_base *base, void (*on_change)(void *to), void *to, struct err *err); /* NULL: err */
int watch_add(struct watch *w, const char *path, bool is_dir, struct err *err);                           /* -1 with err */
void watch_done(struct watch *w);

#endif
