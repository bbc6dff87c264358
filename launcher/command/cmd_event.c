/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_event.c: lrun event: prints a sample event, or lists which there are, or what --set may change of one. It opens nothing and runs
 * nothing. Where the events are, and how one is made: launcher/launch/sample.h; run takes them by name, as --event @SERVICE/EVENT. */
#include "launcher/command/commands.h"
#include "launcher/launch/sample.h"

#include "base/own.h"

#include <string.h>

const struct command_kind KIND_EVENT = {
    .usage_exit = EXIT_USAGE,
};

int cmd_event(const struct request *r, struct err *err)
{
    struct sample s;
    const char *service = r->words.n ? r->words.at[0] : NULL;
    bool joined = service && strchr(service, '/'); /* s3/put, as --event has it */
    if (r->words.n < 2 && !joined) {
        if (!r->sets.n)
            return sample_list(service, stdout, err);
        fail_usage(err, "--set needs an event to change");
        return fail_hint(err, "usage: lrun event SERVICE EVENT --set NAME=VALUE");
    }
    OWN_PTR char *name = joined ? xstrdup(service) : xasprintf("%s/%s", service, r->words.at[1]);
    if (sample_find(name, &s, err) < 0)
        return -1;
    if (r->list) {
        sample_list_fields(&s, stdout);
        return 0;
    }
    struct text event = {0};
    int status = sample_render(&s, &r->sets, &event, err);
    if (status == 0)
        printf("%s\n", event.at);
    text_done(&event);
    return status;
}
