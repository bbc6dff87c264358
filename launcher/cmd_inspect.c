/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_inspect.c: looks at function and layers without running anything. */
#include "launcher/commands.h"
#include "launcher/inspect.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_WARNINGS = 1, EXIT_ERRORS = 2 };

/* The interpreter need not be on this host: what the runtime is called is enough. */
static void choose_runtime(struct launch *l)
{
    struct err ignored;
    if (runtime_choose(&l->inputs, &l->runtime, &ignored) < 0)
        runtime_name(&l->runtime);
}

int cmd_inspect(const struct request *r, struct err *err)
{
    static struct launch l; /* large; one per process */
    struct identity id;
    struct inspection i = {.launch = &l};
    l = (struct launch){.request = r, .cgroup = CGROUP_NONE};
    inputs_none(&l.inputs);
    int status = identity_choose(&id, err) < 0 || launch_open(r, &id, &l, err) < 0 || identity_take(&id, err) < 0 ? -1 : 0;
    if (status == 0 && inputs_unpack(&l.inputs, r->quiet, err) < 0) {
        status = -1;
        err->exit = err->no == 0 ? EXIT_ERRORS : 0; /* refused as it is, not for a reason of this host's */
    }
    if (status == 0) {
        choose_runtime(&l);
        package_read(&l.inputs, &i.package);
        inspection_make(&i);
        if (r->json)
            inspect_json(&i, stdout);
        else
            inspect_text(&i, r->list ? INSPECT_LIST : r->tree ? INSPECT_TREE : INSPECT_SUMMARY, stdout);
        status = i.errors ? EXIT_ERRORS : i.lint_count ? EXIT_WARNINGS : 0;
    }
    inspection_done(&i);
    package_done(&i.package);
    launch_done(&l);
    return status;
}
