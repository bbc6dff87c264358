/* SPDX-License-Identifier: Apache-2.0 */
/* launch.c: the order of a launch, from the request to a sandbox that could be started, and what follows when it is over
 * (launch_finish). What is seen inside is launch_plan.c, how the sandbox is made launcher/sandbox/sandbox.c, and what a command asks
 * of a launch its own file (struct command_kind): nothing here asks which command it is for. launch.h has the order. It is a security
 * property: inputs are opened before the identity is taken, and archives are unpacked after it. Whatever differs from Lambda on this
 * host is said in the report (report_degraded). */
#include "launcher/launch/launch.h"

#include "base/clock.h"
#include "base/own.h"
#include "base/rooted.h"
#include "lambda/variables.h"
#include "launcher/launch/client.h"
#include "launcher/launch/direct_start.h"
#include "launcher/launch/policy_file.h"
#include "launcher/launch/sdk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

void launch_say_held(void)
{
    OWN_PTR char *name = str_quote(program_invocation_name);
    fprintf(stderr, "lrun: failed environment kept; discard it with Ctrl-C, enter it with: %s exec -t --in %d -- /bin/bash\n", name,
            getpid());
}

void launch_note(const struct launch *l, const char *format, ...)
{
    char text[1024];
    va_list ap;
    if (l->request->quiet)
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    fprintf(stderr, "lrun: %s\n", str_line(text));
}

/* --verbose: identity, cache and the plan of mounts, a line each. */
static void describe(const struct launch *l)
{
    fprintf(stderr, "lrun: uid %u becomes %d inside; cache %s: %u found, %u unpacked, %ju bytes\n", (unsigned)geteuid(), INSIDE_UID,
            l->inputs.cache_dir, l->facts.hits, l->facts.misses, (uintmax_t)l->facts.unpacked_bytes);
    for (size_t i = 0; i < l->plan.n; i++) {
        const struct row *row = &l->plan.rows[i];
        if (row->flags & FLAG_ELSE)
            continue;
        fprintf(stderr, "lrun: %-9s /%-36s %s\n", plan_kind(row->kind), row->target, row->why);
    }
    if (l->skeleton.why_none)
        skeleton_say_none(l->skeleton.why_none);
    fprintf(stderr, "lrun: policy %s, network %s\n", l->request->seccomp, network_name(l->request->net));
}

/* Only layers can bring extensions, or the image that is the function: nothing else is at /opt. */
static void look_for_extensions(struct launch *l)
{
    l->has_extensions = image_has_extensions(&l->inputs);
    for (size_t i = 0; i < l->inputs.layer_count; i++) {
        const struct input *layer = &l->inputs.layers[i];
        OWN_PTR char *path = xasprintf("%s/extensions", layer->source.path);
        struct stat st;
        if (layer->is_dir ? fstatat(layer->fd, "extensions", &st, 0) == 0 : stat(path, &st) == 0)
            l->has_extensions = l->has_extensions || S_ISDIR(st.st_mode);
    }
}

static void note_differences(struct launch *l)
{
    const struct request *r = l->request;
    if (launch_share(l, &l->cgroup))
        report_degraded(&l->facts.degraded,
                        "the CPU share is enforced by SIGSTOP, not by a cgroup: programs can notice EINTR, stopped children and SIGCONT");
    else if (!l->cgroup.cpu)
        report_degraded(&l->facts.degraded, "the memory size's CPU share is not enforced");
    if (request_limit_mb(r) && !l->cgroup.memory)
        report_degraded(&l->facts.degraded, "memory is limited by watching, not by a cgroup");
    if ((l->inputs.misses || r->net == NET_ALLOW) && !rooted_has_landlock())
        report_degraded(&l->facts.degraded, "no Landlock here: lrun-unpack has a root of its own instead, lrun-relay reads what you can");
    if (l->inputs.function.is_dir) {
        l->facts.function_is_dir = true;
        report_degraded(&l->facts.degraded, "the function is a directory: its modes are the host's, not those of a deployed package");
    }
    for (size_t i = 0; i < l->inputs.layer_count; i++)
        if (l->inputs.layers[i].is_dir)
            report_degraded(&l->facts.degraded, "a layer is a directory: its modes are the host's, not those of a deployed package");
    if (r->net == NET_HOST) {
        report_degraded(&l->facts.degraded, "the function shares the host's network, loopback and abstract sockets included, and others on "
                                            "this machine can reach its Runtime API");
        launch_note(l, "--net host: the function can reach every service on this machine's loopback");
    }
    if (r->net == NET_ALLOW) {
        OWN_PTR char *doors = xasprintf("the function reaches what --net allow=%s names, and nothing else", r->doors);
        report_degraded(&l->facts.degraded, doors);
    }
    if (r->net == NET_BLACKHOLE)
        report_degraded(&l->facts.degraded, "names do not resolve: in a VPC the resolver answers even without NAT");
    if (r->debug)
        report_degraded(&l->facts.degraded, "debugging: ptrace is allowed, and there are no timeouts, no freeze and no limit on memory");
    if (strcmp(r->seccomp, "unconfined") == 0)
        report_degraded(&l->facts.degraded, "no system call is refused");
    if (l->identity.from_root && geteuid() == 0)
        report_degraded(&l->facts.degraded, "lrun is root of a user namespace and has no other uid to become");
}

/* An ELF file of the package that the named runtime's C library cannot load, though the one here may. The words are the
 * loader's. */
static int check_libraries(struct launch *l, struct err *err)
{
    const struct runtime *rt = &l->runtime;
    struct elf_need most = {0};
    const char *prefix = "";
    for (size_t i = 0; i <= l->inputs.layer_count; i++) {
        const struct input *input = i ? &l->inputs.layers[i - 1] : &l->inputs.function;
        struct elf_need before = most;
        elf_need_more(&most, &input->need);
        if (strcmp(before.glibc, most.glibc) != 0)
            prefix = i ? "/opt" : "/var/task";
    }
    if (!most.glibc[0] || strverscmp(most.glibc, rt->glibc) <= 0)
        return 0;
    if (!l->request->strict) {
        launch_note(l, "%s/%s needs GLIBC_%s, but %s has GLIBC_%s: it will not load on Lambda (--strict rejects such packages)", prefix,
                    most.file, most.glibc, rt->id, rt->glibc);
        return 0;
    }
    OWN_PTR char *path = xasprintf("%s/%s", prefix, most.file);
    fail(err, 0, NULL, "run on %s, whose C library is %s", rt->id, rt->glibc);
    return fail_hint(err, "%s: /lib64/%s: version `GLIBC_%s' not found (required by %s)", path, most.library, most.glibc, path);
}

static void note_runtime(struct launch *l)
{
    const struct runtime *rt = &l->runtime;
    if (!l->request->kind->invokes)
        return;
    OWN_PTR char *warning = runtime_warning(rt, time(NULL));
    if (warning)
        launch_note(l, "%s", warning);
    if (rt->found[0])
        launch_note(l, "found %s: running as %s, handler %s (override with --runtime, --handler)", rt->found, rt->id, launch_handler(l));
}

const char *launch_handler(const struct launch *l)
{
    return l->request->handler ? l->request->handler : l->runtime.handler;
}

/* The date of a log stream. gmtime would read the host's time zone first, which costs a launch seven system calls. */
static void today(char *text, size_t size)
{
    int64_t days = (int64_t)time(NULL) / 86400 + 719468, era = days / 146097, of_era = days - era * 146097; /* from 1 March of year 0 */
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365,
            of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153, day = of_year - (153 * month + 2) / 5 + 1;
    snprintf(text, size, "%04d/%02d/%02d", (int)(year + era * 400 + (month >= 10)), (int)(month < 10 ? month + 3 : month - 9), (int)day);
}

void launch_variables(const struct launch *l, const struct strv *user, const char *api, struct strv *ret)
{
    static const char *const LEVELS[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}; /* in the order of enum log_level */
    const struct request *r = l->request;
    char random[UUID_SIZE], hex[33] = "", date[16], stream[64];
    today(date, sizeof date);
    random_uuid(random);
    for (size_t i = 0, n = 0; random[i]; i++)
        if (random[i] != '-')
            hex[n++] = random[i];
    snprintf(stream, sizeof stream, "%s/[$LATEST]%s", date, hex);
    struct variables_input in = {
        .handler = l->runtime.image ? NULL : launch_handler(l), /* an image's Cmd has it */
        .image = l->inputs.image.facts.chain[0] ? &l->inputs.image.facts.env : NULL,
        .name = l->inputs.name,
        .region = r->region,
        .api = api,
        .log_stream = stream,
        .access_key_id = l->inputs.access_key_id,
        .secret_access_key = l->inputs.secret_access_key,
        .session_token = l->inputs.session_token,
        .memory = (unsigned)r->memory.value,
        .al2 = strcmp(l->runtime.id, "provided.al2") == 0,
        .python = runtime_language(&l->runtime) == LANGUAGE_PYTHON,
        .nodejs = runtime_language(&l->runtime) == LANGUAGE_NODE,
        .java = l->runtime.family == RUNTIME_JAVA,
        .managed = l->runtime.family != RUNTIME_PROVIDED,
        .runtime = l->runtime.id,
        .version = l->runtime.version,
        .minor = l->runtime.minor,
        .debug_port = (unsigned)(r->debug_port.set ? r->debug_port.value : 0),
        .debug_waits = !r->kind->many_at_once,
        .term = r->tty || (r->debug && !r->kind->many_at_once && isatty(STDIN_FILENO)) ? getenv("TERM") : NULL,
        .max_concurrency = (unsigned)r->max_concurrency.value,
        .json_logs = r->log_format == FORMAT_JSON,
        .log_group = r->part.log_group,
        .log_level = LEVELS[r->log_level],
        .user = user,
    };
    variables_make(&in, ret);
}

/* The core policy refuses keyctl too, so a failure (e.g. of the quota) matters only without it. */
static void leave_session_keyring(struct launch *l)
{
    if (identity_leave_keyring() < 0 && !l->spec.policy.n)
        report_degraded(&l->facts.degraded, "the function shares the caller's session keyring");
}

static void fill_spec(struct launch *l)
{
    const struct request *r = l->request;
    bool limited = request_limit_mb(r) > 0;
    image_program(l);
    if (!r->argv)
        direct_start(&l->runtime, &l->inputs.variables, &l->direct);
    struct seccomp_program own;
    l->spec = (struct sandbox_spec){
        /* not for exec, whose command reports its own errors, nor with a user's policy, whose refusals are intended */
        .tells_refused = r->kind->invokes && seccomp_builtin(request_policy(r), &own),
        .plan = &l->plan,
        .is_whole = skeleton_is_whole,
        .of = &l->skeleton,
        .bootstraps = runtime_bootstraps(&l->runtime),
        .direct = l->direct.at,
        .policy = l->policy,
        .net = r->net,
        .doors = l->inputs.doors,
        .cgroup = l->cgroup.dir >= 0 ? &l->cgroup : NULL,
        .frames = -1,
        .keep = r->hold || (r->debug && !r->kind->many_at_once),
        .network_aside = !r->kind->many_at_once && !r->processes.set, /* its maker would be one of them */
        .wants_tmp = r->out != NULL || r->kind->lives_on || r->events.n > 1,
        .metered = r->cpu_time.set || r->report,
        .watched = r->kind->invokes || r->memory.set,
        .one_shot = r->argv && !r->out && !r->hold,
        .stdio = {0, 1, 2},
        .argv = l->argv.n ? l->argv.at : NULL,
        .envp = l->envp.at,
        .workdir = l->workdir,
        .caller_argv = r->args,
        .limits = l->facts.limits,
    };
    l->spec.tells_memory = l->spec.tells_refused && limited;
    if (limited && !l->spec.tells_memory)
        report_degraded(&l->facts.degraded, "sysinfo(2) shows the host's memory instead of the memory size");
    l->facts.memory_limit_mb = request_limit_mb(r);
    l->facts.memory_by_cgroup = l->cgroup.memory;
}

static void begin(const struct request *r, struct launch *ret)
{
    *ret = (struct launch){
        .request = r,
        .cgroup = CGROUP_NONE,
        .tools = TOOLS_NONE,
        .skeleton = {.tree = PREPARED_NONE},
        .library = LIBRARY_NONE,
        .facts = {.phase = AT_INPUTS, .start_ms = clock_ms(), .profile_path = r->options_path, .profile_sha256 = r->options_sha256},
    };
    inputs_none(&ret->inputs);
}

static int open_inputs(struct launch *l, struct err *err)
{
    return runtime_parse(l->request, &l->runtime, err) < 0 ? -1 : inputs_open(l->request, &l->identity, &l->inputs, err);
}

int launch_open(const struct request *r, const struct identity *id, struct launch *ret, struct err *err)
{
    begin(r, ret);
    ret->identity = *id;
    return open_inputs(ret, err);
}

/* Many descriptors are open at once while archives are unpacked; the function's own limit is set later. */
int launch_raise_files(struct err *err)
{
    enum { NEEDED = 64 };
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return 0;
    if (files.rlim_max < NEEDED) {
        fail(err, EMFILE, NULL, "run with a limit of %ju file descriptors", (uintmax_t)files.rlim_max);
        return fail_hint(err, "lrun needs %d: raise the hard limit (ulimit -Hn)", NEEDED);
    }
    if (files.rlim_cur < files.rlim_max)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){files.rlim_max, files.rlim_max});
    return 0;
}

int launch_make(struct launch *l, struct err *err)
{
    const struct request *r = l->request;
    if (launch_raise_files(err) < 0)
        return -1;
    l->facts.phase = AT_UNPACK;
    double start = clock_ms();
    if (inputs_unpack(&l->inputs, r->quiet, err) < 0 || inputs_check_size(&l->inputs, err) < 0)
        return -1;
    l->facts.unpack_ms = clock_ms() - start;
    l->facts.hits = l->inputs.hits;
    l->facts.misses = l->inputs.misses;
    l->facts.unpacked_bytes = l->inputs.unpacked;
    look_for_extensions(l);
    note_differences(l);
    if (runtime_choose(&l->inputs, r->handler, &l->runtime, err) < 0 && !runtime_give_up(&l->runtime, r))
        return -1;
    if (sdk_check(&l->inputs, &l->runtime, err) < 0)
        return -1;
    l->facts.runtime = l->runtime.id[0] ? l->runtime.id : NULL;
    runtime_origin(&l->runtime, &l->inputs, &l->facts.origin);
    for (size_t i = 0; i < l->inputs.notes.n; i++)
        launch_note(l, "%s", l->inputs.notes.at[i]);
    note_runtime(l);
    if (check_libraries(l, err) < 0)
        return -1;
    if (!seccomp_builtin(request_policy(r), &l->policy) && policy_file_load(&l->inputs, r->seccomp, &l->policy, err) < 0)
        return -1;
    if (r->argv)
        launch_variables(l, &l->inputs.variables, NULL, &l->envp);
    l->facts.phase = AT_SANDBOX;
    if (launch_plan_whole(l, err) < 0)
        return -1;
    fill_spec(l);
    if (r->verbose)
        describe(l);
    leave_session_keyring(l);
    return 0;
}

int launch_prepare(const struct request *r, struct launch *ret, struct err *err)
{
    begin(r, ret);
    if (identity_choose(&ret->identity, err) < 0 || open_inputs(ret, err) < 0 || launch_cgroup(ret, &ret->cgroup, err) < 0 ||
        identity_take(&ret->identity, err) < 0)
        return -1;
    return launch_make(ret, err);
}

void launch_done(struct launch *l)
{
    cgroup_done(&l->cgroup);
    report_launch_done(&l->facts);
    plan_done(&l->plan);
    tools_done(&l->tools);
    skeleton_done(&l->skeleton);
    bytecode_done(&l->bytecode);
    library_done(&l->library);
    machine_done(&l->machine);
    inputs_done(&l->inputs);
    strv_done(&l->envp);
    strv_done(&l->argv);
    strv_done(&l->direct);
    free(l->workdir);
}

int launch_finish(struct launch *l, struct report *r, const char *command, int status, struct err *err)
{
    struct err second;
    r->exit = status >= 0 ? status : request_exit(l->request, err);
    if (status < 0) {
        if (r->reason == BECAUSE_SUCCESS) /* otherwise the command has set it already */
            r->reason = BECAUSE_LRUN_FAILED;
        r->has_err = true;
        r->err = *err;
    }
    r->cgroup_peak_bytes = cgroup_peak(&l->cgroup);
    if (l->inputs.report >= 0 && r->client[0]) {
        char agent[sizeof r->client];
        memcpy(agent, r->client, sizeof agent);
        client_name(&l->runtime, &l->inputs, agent, r->client, sizeof r->client);
    }
    if (l->inputs.report >= 0 && report_write(r, &l->facts, command, l->request->function, l->inputs.name, l->inputs.report, &second) < 0 &&
        status >= 0) {
        *err = second;
        status = -1;
    }
    report_done(r);
    cgroup_done(&l->cgroup); /* the kernel takes the rest with the process: to free it would copy pages that it shared with process 1 */
    return status;
}
