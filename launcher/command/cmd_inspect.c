/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_inspect.c: checks function and layers without running anything of theirs. The checks are launcher/diagnose/inspect*.c; here is
 * what they need (packages unpacked, runtime named, mounts and variables as run's would be) and the exit status: 0, 1 for warnings, 2
 * for errors. --policy needs no function: lrun-policy prints it. */
#include "base/helper.h"
#include "base/own.h"
#include "base/place.h"
#include "launcher/command/commands.h"
#include "launcher/diagnose/inspect.h"
#include "launcher/launch/policy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

const struct command_kind KIND_INSPECT = {
    .usage_exit = EXIT_USAGE, .limited_by_preset = true, /* it shows mounts and variables as run would set them */
};

enum { EXIT_WARNINGS = 1, EXIT_ERRORS = 2 };

/* The interpreter need not be on this host: what the runtime is called is enough. */
static void choose_runtime(struct launch *l)
{
    struct err ignored;
    if (runtime_choose(&l->inputs, l->request->handler, &l->runtime, &ignored) < 0)
        runtime_name(&l->runtime);
    runtime_origin(&l->runtime, &l->inputs, &l->facts.origin);
    OWN_PTR char *warning = runtime_warning(&l->runtime, time(NULL));
    if (warning)
        launch_note(l, "%s", warning);
}

/* The address of its Runtime API; with the host's network a port is taken when it starts. */
static const char *api_of(const struct request *r)
{
    return r->net == NET_HOST ? "127.0.0.1:0" : API_ADDRESS ":9001";
}

static int show(struct inspection *i, struct launch *l, struct err *err)
{
    const struct request *r = l->request;
    choose_runtime(l);
    if (launch_plan(l, err) < 0)
        return -1;
    launch_variables(l, &l->inputs.variables, api_of(r), &l->envp);
    image_program(l);
    if (l->inputs.image.is_function)
        package_read_image(&l->inputs, &i->package);
    else
        package_read(&l->inputs, &i->package);
    inspection_make(i);
    if (r->graph && inspect_graph(i, l->inputs.graph, err) < 0)
        return -1;
    if (r->json)
        inspect_json(i, stdout);
    else
        inspect_text(i, stdout);
    return i->errors ? EXIT_ERRORS : i->lint_count ? EXIT_WARNINGS : 0;
}

static int show_policy(const struct request *r, const struct identity *id, struct err *err)
{
    struct seccomp_program known;
    OWN_FD int program = -1;
    OWN_FD int policy = seccomp_builtin(r->seccomp, &known) ? -1 : place_open(r->seccomp, O_RDONLY | O_NOCTTY, 0, "open the policy", err);
    if (policy < 0 && !seccomp_builtin(r->seccomp, &known))
        return -1;
    if (helper_open("lrun-policy", &program, err) < 0 || identity_take(id, err) < 0)
        return -1;
    return policy_file_print(program, policy, r->seccomp, stdout, err);
}

int cmd_inspect(const struct request *r, struct err *err)
{
    static struct launch l; /* large; one per process */
    struct identity id;
    struct inspection i = {.launch = &l};
    if (identity_choose(&id, err) < 0)
        return -1;
    if (r->show_policy)
        return show_policy(r, &id, err);
    int status = launch_open(r, &id, &l, err) < 0 || identity_take(&id, err) < 0 ? -1 : 0;
    if (status == 0 && inputs_unpack(&l.inputs, r->quiet, err) < 0) {
        status = -1;
        err->exit = err->no == 0 ? EXIT_ERRORS : 0; /* the package itself is rejected, not because of this host */
    }
    if (status == 0)
        status = show(&i, &l, err);
    inspection_done(&i);
    package_done(&i.package);
    launch_done(&l);
    return status;
}
