/* SPDX-License-Identifier: Apache-2.0 */
/* doors_watch.h: what lrun-relay says of a sandbox's doors becomes lines for the user and sentences of the report. */
#ifndef LRUN_DOORS_WATCH_H
#define LRUN_DOORS_WATCH_H

#include "launcher/launch/launch.h"

#include <event2/event.h>

struct doors_watch {
    const struct launch *launch;
    const char *label; /* of the lines, "hello/0"; NULL: none */
    struct relay *relay;
    struct strv *degraded; /* of the report */
    struct event *event;
};

/* Nothing if the relay is none. w must stay where it is. */
int doors_watch_begin(struct doors_watch *w, struct event_base *base, struct err *err);
void doors_watch_end(struct doors_watch *w); /* reads what is left; before relay_done() */

#endif
