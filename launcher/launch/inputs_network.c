/* SPDX-License-Identifier: Apache-2.0 */
/* inputs_network.c: what a launch needs of the network before its sandbox is there: a debugger's port, and the doors of --net allow with
 * the names that the sandbox's /etc/hosts has for them. lrun-relay is opened here and started once for each sandbox. */
#include "launcher/launch/inputs_parts.h"

#include "base/helper.h"
#include "base/own.h"
#include "launcher/sandbox/forward.h"
#include "launcher/sandbox/sandbox.h"

#include <string.h>

static int open_doors(const struct request *r, struct inputs *in, struct err *err)
{
    struct text hosts = {0};
    struct doorway *d = in->doors = xcalloc(1, sizeof *d);
    *d = (struct doorway){.text = r->doors, .program = -1};
    if (doors_parse(r->doors, &d->doors, err) < 0)
        return -1;
    text_puts(&hosts, PLAN_HOSTS);
    for (size_t i = 0; i < d->doors.n; i++) {
        const struct door *door = &d->doors.at[i];
        if (strcmp(door->inside, API_ADDRESS) == 0)
            return fail_usage(err, "--net allow: %s is the address of the sandbox's own Runtime API", API_ADDRESS);
        if (!door->literal && !door->localhost)
            text_printf(&hosts, "%s %s\n", door->inside, door->host);
    }
    d->hosts = hosts.at;
    return helper_open("lrun-relay", &d->program, err);
}

int inputs_network(const struct request *r, struct inputs *in, struct err *err)
{
    /* With --net host there is one loopback, and the debugger is on it already. A server's ports stay while its packages are reloaded. */
    if (r->debug_port.set && r->net != NET_HOST && !r->kind->many_at_once &&
        forward_listen((uint16_t)r->debug_port.value, &in->debugger, err) < 0)
        return -1;
    return r->net == NET_ALLOW ? open_doors(r, in, err) : 0;
}

void inputs_network_done(struct inputs *in)
{
    own_close(&in->debugger);
    if (!in->doors)
        return;
    own_close(&in->doors->program);
    free(in->doors->hosts);
    free(in->doors);
}
