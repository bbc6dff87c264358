/* SPDX-License-Identifier: Apache-2.0 */
/* launch_plan.c: what a launch's programs see: the input of the plan of mounts, from the request, the inputs and the runtime. The plan
 * itself is mounts/plan.c's, and what is hidden of /usr cache/tools.c's. Where /usr cannot be covered, more of the host is seen than
 * on Lambda; that is said in the report and refuses nothing. */
#include "launcher/launch/launch.h"

#include "base/own.h"
#include "launcher/launch/bytecode_inside.h"
#include "launcher/launch/java.h"
#include "launcher/launch/sdk.h"
#include "mounts/apply.h"

#include <unistd.h>

static bool is_al2023(const struct launch *l)
{
    return strcmp(l->runtime.glibc, "2.34") == 0;
}

/* Chooses the tree over the host's /usr. Failures are not errors: more of the host is visible than on Lambda, and the report says so. */
static void choose_tools(struct launch *l)
{
    const struct runtime *rt = &l->runtime;
    struct tools_input in = {
        .tools = l->request->tools,
        .al2023 = is_al2023(l),
        .python = runtime_language(rt) != LANGUAGE_NODE,
        .node = runtime_language(rt) != LANGUAGE_PYTHON,
    };
    char bin[16], text[ERR_TEXT_SIZE];
    struct err err;
    in.local = !rt->prefix[0] && str_begins(rt->interpreter, "/usr/local/");
    bool apart = in.tools == TOOLS_LAMBDA && readlink("/bin", bin, sizeof bin) < 0; /* a /bin of its own holds programs too */
    if (apart)
        fail(&err, 0, "/bin", "hide programs in a directory of its own");
    if (!apart && inputs_open_cache(&l->inputs, &err) == 0 && tools_get(&l->inputs.cache, "", &in, &l->tools, &err) == 0) {
        if (in.tools == TOOLS_LAMBDA && !l->tools.sh_is_bash)
            report_degraded(&l->facts.degraded, "sh is not bash: the host has no bash");
        if (in.tools == TOOLS_LAMBDA && !l->tools.awk_is_gawk)
            report_degraded(&l->facts.degraded, "awk is not gawk: the host has no gawk");
        if (in.tools != TOOLS_LAMBDA && l->request->kind->invokes)
            report_degraded(&l->facts.degraded, "programs that Lambda does not have are visible (--tools)");
        return;
    }
    err_text(&err, text, sizeof text);
    OWN_PTR char *sentence = xasprintf("all programs of the host are visible: %s", text);
    report_degraded(&l->facts.degraded, sentence);
}

void launch_started(const struct launch *l, const struct sandbox *s, struct report *r)
{
    if (s->without & WITHOUT_ROOT && l->request->verbose)
        skeleton_say_none("the kernel refuses an overlay of what the cache holds: try a cache on another file system (--cache-dir)");
    if (s->without & WITHOUT_USR)
        report_degraded(
            &r->degraded,
            "all programs of the host are visible: the kernel refuses an overlay over /usr, e.g. because something is mounted below it");
    if (s->without & WITHOUT_USR && l->request->tools == TOOLS_DEV)
        report_degraded(&r->degraded, "pytest is hidden, with all other modules: the kernel refuses an overlay over /usr (--tools dev)");
}

/* No runtime of Lambda's but Java's has a JVM. */
static void show_java(const struct launch *l, struct plan_runtime *ret)
{
    if (l->runtime.family == RUNTIME_JAVA)
        java_find_own(&l->runtime, ret);
    if (!l->request->kind->invokes || l->request->tools != TOOLS_LAMBDA)
        java_find_all(ret);
}

static void plan_limits(struct launch *l)
{
    enum { CPU_TIME_LATER_S = 1 /* each process alone: lrun, which sums up, is first */ };
    const struct request *r = l->request;
    const struct limits_asked asked = {
        .processes = r->processes.value,
        .open_files = r->open_files.value,
        .file_bytes = r->file_size.value << 20,
        .stack_bytes = r->stack.value << 20,
        .cpu_s = r->cpu_time.set ? (r->cpu_time.value + 999) / 1000 + CPU_TIME_LATER_S : 0,
        .cpus = CPU_COUNT(&r->processors) ? &r->processors : NULL,
    };
    limits_plan(request_limit_mb(r), r->max_concurrency.value > 1, &asked, &l->facts.limits);
}

int launch_plan(struct launch *l, struct err *err)
{
    const struct request *r = l->request;
    struct source layers[MAX_LAYERS];
    for (size_t i = 0; i < l->inputs.layer_count; i++)
        layers[i] = l->inputs.layers[i].source;
    random_uuid(l->boot_id);
    if (!l->inputs.rootfs.path)
        choose_tools(l);
    plan_limits(l);
    machine_make(request_limit_mb(r), request_limit_mb(r) ? l->facts.limits.cpu_count : 0, &l->machine);
    struct plan_input in = {
        .usr =
            {
                .path = l->tools.tree.path,
                .dev = l->tools.tree.dev,
                .ino = l->tools.tree.ino,
                .tree = -1,
                .place = "",
            },
        .release = tools_release(is_al2023(l)),
        .function = l->inputs.function.source,
        .function_is_dir = l->inputs.function.is_dir,
        .own_code = l->inputs.image.is_function,
        .layers = layers,
        .layer_count = l->inputs.layer_count,
        .volumes = l->inputs.volumes,
        .volume_count = l->inputs.volume_count,
        .rootfs = l->inputs.rootfs.source,
        .tmp_bytes = r->tmp_size.value << 20,
        .shm = r->shm,
        .shm_bytes = r->shm_mb << 20,
        .scratch_bytes = request_scratch_mb(r) << 20,
        .host_net = r->net == NET_HOST,
        .resolver = r->net != NET_NONE && r->net != NET_ALLOW,
        .hosts = l->inputs.doors ? l->inputs.doors->hosts : NULL,
        .make_out = r->out != NULL,
        .no_user = r->passwd == PASSWD_ABSENT,
        .boot_id = l->boot_id,
        .meminfo = l->machine.meminfo.at,
        .cpuinfo = l->machine.cpuinfo.at,
        .stat = l->machine.stat.at,
    };
    runtime_mounts(&l->runtime, l->tools.tree.path ? l->tools.node_parts : access("/usr/share/nodejs/cjs-module-lexer", F_OK) == 0,
                   &in.runtime);
    in.runtime.dev = r->tools == TOOLS_DEV;
    in.runtime.prefix_source = l->inputs.interpreter.path && in.runtime.prefix ? &l->inputs.interpreter.source : NULL;
    if (!r->argv) /* a command seldom loads the client */
        bytecode_get(&l->inputs, &l->runtime, r->kind->invokes, &l->bytecode);
    library_get(&l->inputs, &l->runtime, &l->library);
    in.runtime.library = library_source(&l->library);
    in.runtime.compiled = l->bytecode.files;
    in.runtime.compiled_count = l->bytecode.n;
    if (!l->inputs.rootfs.path)
        show_java(l, &in.runtime);
    in.runtime.client = l->inputs.added.client.path ? &l->inputs.added.client : NULL;
    in.runtime.sdk =
        l->inputs.sdk.path && l->runtime.family != RUNTIME_PROVIDED && !sdk_is_there(&l->runtime) ? &l->inputs.sdk.source : NULL;
    return plan_make(&in, &l->plan, err);
}

/* Twice in the first launch on a Python that was added, which compiles the client, and a library without bytecode, for all later ones. */
int launch_plan_whole(struct launch *l, struct err *err)
{
    if (launch_plan(l, err) < 0)
        return -1;
    skeleton_get(&l->inputs, &l->plan, &l->skeleton);
    if ((!l->bytecode.wanted && !l->library.wanted) || !l->inputs.added.runtime.id[0] || !l->request->kind->invokes)
        return 0;
    l->spec = (struct sandbox_spec){.is_whole = skeleton_is_whole, .of = &l->skeleton};
    if (!bytecode_inside(l))
        return 0;
    plan_done(&l->plan);
    tools_done(&l->tools);
    machine_done(&l->machine);
    bytecode_done(&l->bytecode);
    library_done(&l->library);
    skeleton_done(&l->skeleton);
    if (launch_plan(l, err) < 0)
        return -1;
    skeleton_get(&l->inputs, &l->plan, &l->skeleton);
    return 0;
}
