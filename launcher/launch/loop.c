/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/launch/loop.h"

#include <errno.h>

static void say_nothing(int severity, const char *text)
{
    (void)severity, (void)text;
}

struct event_base *loop_new(struct err *err)
{
    event_set_log_callback(say_nothing); /* callers report the errors that matter */
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config) {
        event_config_set_flag(config,
                              EVENT_BASE_FLAG_IGNORE_ENV); /* its switches are none of the caller's, and asking for them costs calls */
        base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (!base)
        fail(err, errno, NULL, "make an event loop");
    return base;
}

int loop_run(struct event_base *base, struct err *err)
{
    errno = 0;
    event_base_dispatch(base);
    return event_base_got_break(base) ? 0 : fail(err, errno, NULL, "wait for events");
}

int loop_add(struct event *e, struct err *err)
{
    errno = 0;
    return e && event_add(e, NULL) == 0 ? 0 : fail(err, errno, NULL, "watch a descriptor");
}
