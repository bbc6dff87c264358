/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/launch/doors_watch.h"

#include "base/own.h"
#include "launcher/launch/loop.h"
#include "relay/relay.h"

static void say(const struct doors_watch *w, char *line)
{
    str_line(line);
    report_degraded(w->degraded, line);
    launch_note(w->launch, "%s%s%s", w->label ? w->label : "", w->label ? ": " : "", line);
}

static void on_note(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct doors_watch *w = to;
    char line[RELAY_NOTE_MAX + 1], gone[] = "lrun-relay has ended: the doors of --net allow are shut";
    int got;
    while ((got = relay_hear(w->relay, line, sizeof line)) == 1)
        say(w, line);
    if (got < 0 && w->event) {
        event_free(w->event);
        w->event = NULL;
        say(w, gone);
    }
}

int doors_watch_begin(struct doors_watch *w, struct event_base *base, struct err *err)
{
    if (w->relay->pid <= 0)
        return 0;
    w->event = event_new(base, w->relay->notes, EV_READ | EV_PERSIST, on_note, w);
    return loop_add(w->event, err);
}

void doors_watch_end(struct doors_watch *w)
{
    if (!w->event)
        return;
    on_note(-1, 0, w);
    if (w->event)
        event_free(w->event);
    w->event = NULL;
}
