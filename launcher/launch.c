/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/launch.h"

#include "base/clock.h"
#include "base/own.h"
#include "lambda/variables.h"
#include "launcher/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

void launch_note(const struct launch *l, const char *format, ...)
{
    char text[1024];
    va_list ap;
    if (l->request->quiet)
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    fprintf(stderr, "lrun: %s\n", text);
}

/* --verbose: identity, cache and the plan of mounts, a line each. */
static void describe(const struct launch *l)
{
    static const char *const KINDS[] = {[ROW_DIR] = "directory", [ROW_FILE] = "file", [ROW_LINK] = "link", [ROW_BIND] = "bind", [ROW_TMPFS] = "tmpfs",
                                        [ROW_PROC] = "proc", [ROW_WRITE] = "write", [ROW_OVERLAY] = "overlay", [ROW_MASK] = "hidden",
                                        [ROW_FREEZE] = "read-only", [ROW_SCRATCH] = "scratch"};
    fprintf(stderr, "lrun: uid %u becomes %d inside; cache %s: %u found, %u unpacked, %ju bytes\n", (unsigned)geteuid(), INSIDE_UID, l->inputs.cache_dir,
            l->report.hits, l->report.misses, (uintmax_t)l->report.unpacked_bytes);
    for (size_t i = 0; i < l->plan.n; i++) {
        const struct row *row = &l->plan.rows[i];
        fprintf(stderr, "lrun: %-9s /%-36s %s\n", KINDS[row->kind], row->target, row->why);
    }
    fprintf(stderr, "lrun: policy %s, network %s\n", l->request->seccomp, l->request->net);
}

/* Extensions would be started first by Lambda: the user must know that they were not. */
static void look_for_extensions(struct launch *l)
{
    for (size_t i = 0; i < l->inputs.layer_count; i++) {
        const struct input *layer = &l->inputs.layers[i];
        OWN_PTR char *path = xasprintf("%s/extensions", layer->source.path);
        int fd = layer->is_dir ? openat(layer->fd, "extensions", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                               : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        OWN_DIR DIR *d = fd < 0 ? NULL : fdopendir(fd);
        for (struct dirent *e; d && (e = readdir(d));)
            if (e->d_name[0] != '.') {
                launch_note(l, "the layer %s brings extensions (%s): they were not started", layer->path, e->d_name);
                report_degraded(&l->report, "extensions in /opt/extensions are not started");
                break;
            }
    }
}

static void note_differences(struct launch *l)
{
    const struct request *r = l->request;
    report_degraded(&l->report, "the CPU share that goes with the memory size is not enforced");
    if (r->command == CMD_RUN || r->memory.set)
        report_degraded(&l->report, "memory is limited by watching, not by a cgroup");
    if (l->inputs.function.is_dir) {
        l->report.function_is_dir = true;
        report_degraded(&l->report, "the function is a directory: its modes are the host's, not those of a deployed package");
    }
    for (size_t i = 0; i < l->inputs.layer_count; i++)
        if (l->inputs.layers[i].is_dir)
            report_degraded(&l->report, "a layer is a directory: its modes are the host's, not those of a deployed package");
    if (strcmp(r->net, "host") == 0) {
        report_degraded(&l->report, "the function shares the host's network, loopback and abstract sockets included, and others on this machine can reach its Runtime API");
        launch_note(l, "--net host: the function can reach whatever this machine's own loopback serves");
    }
    if (strcmp(r->seccomp, "unconfined") == 0)
        report_degraded(&l->report, "no system call is refused");
    if (l->identity.from_root && geteuid() == 0)
        report_degraded(&l->report, "lrun is root of a user namespace and has no other uid to become");
}

static void make_variables(struct launch *l, const char *api)
{
    const struct request *r = l->request;
    time_t now = time(NULL);
    struct tm tm;
    char random[UUID_SIZE], hex[33] = "";
    gmtime_r(&now, &tm); /* strftime would read the host's time zone */
    random_uuid(random);
    for (size_t i = 0, n = 0; random[i]; i++)
        if (random[i] != '-')
            hex[n++] = random[i];
    snprintf(l->log_stream, sizeof l->log_stream, "%04d/%02d/%02d/[$LATEST]%s", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, hex);
    struct variables_input in = {
        .handler = r->handler, .name = l->inputs.name, .region = r->region, .api = api, .log_stream = l->log_stream,
        .access_key_id = l->inputs.access_key_id, .secret_access_key = l->inputs.secret_access_key,
        .session_token = l->inputs.session_token, .memory = (unsigned)r->memory.value, .al2 = strcmp(r->runtime, "provided.al2") == 0,
        .json_logs = strcmp(r->log_format, "json") == 0, .user = &l->inputs.variables,
    };
    variables_make(&in, &l->envp);
}

static int make_plan(struct launch *l, struct err *err)
{
    const struct request *r = l->request;
    struct source layers[MAX_LAYERS];
    for (size_t i = 0; i < l->inputs.layer_count; i++)
        layers[i] = l->inputs.layers[i].source;
    random_uuid(l->boot_id);
    struct plan_input in = {
        .function = l->inputs.function.source, .function_is_dir = l->inputs.function.is_dir, .layers = layers, .layer_count = l->inputs.layer_count, .volumes = l->inputs.volumes,
        .volume_count = l->inputs.volume_count, .rootfs = l->inputs.rootfs, .tmp_bytes = r->tmp_size.value << 20, .shm = l->inputs.shm,
        .shm_bytes = l->inputs.shm_bytes, .scratch = r->scratch, .host_net = strcmp(r->net, "host") == 0, .make_out = r->out != NULL,
        .boot_id = l->boot_id,
    };
    return plan_make(&in, &l->plan, err);
}

/* Keys of the caller's session are reached through the keyring a process inherits, whatever its namespaces. The core
 * policy refuses the calls too, so a failure (no room in the quota, no keys in the kernel) counts only without it. */
static void leave_session_keyring(struct launch *l)
{
    enum { JOIN_SESSION_KEYRING = 1 };
    if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 && errno != ENOSYS && l->spec.policy == POLICY_IS_UNCONFINED)
        report_degraded(&l->report, "the function shares the caller's session keyring");
}

static void fill_spec(struct launch *l)
{
    const struct request *r = l->request;
    bool limited = r->command == CMD_RUN || r->memory.set;
    for (char **a = r->argv; a && *a; a++)
        strv_add(&l->argv, xstrdup(*a));
    l->workdir = xstrdup(r->workdir);
    l->spec = (struct sandbox_spec){
        .plan = &l->plan, .policy = (enum policy)seccomp_policy(r->seccomp), .host_net = strcmp(r->net, "host") == 0,
        .wants_tmp = r->out != NULL, .one_shot = r->command == CMD_EXEC && !r->out, .stdio = {0, 1, 2}, .argv = r->command == CMD_EXEC ? l->argv.at : NULL, .envp = l->envp.at,
        .workdir = l->workdir, .caller_argv = r->args,
    };
    limits_plan(limited ? r->memory.value : 0, &l->spec.limits);
    l->report.limits = l->spec.limits;
    l->report.memory_limit_mb = limited ? r->memory.value : 0;
}

int launch_prepare(const struct request *r, const char *api, struct launch *ret, struct err *err)
{
    struct launch *l = ret;
    *l = (struct launch){.request = r, .report = {.phase = AT_INPUTS, .start_ms = clock_ms()}};
    l->inputs.report = l->inputs.listener = l->inputs.out = l->inputs.program = l->inputs.cache.dir = l->inputs.function.fd = -1;
    /* Many descriptors are open at once while archives are unpacked; the function's own limit is set later. */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){files.rlim_max, files.rlim_max});
    if (identity_choose(&l->identity, err) < 0 || inputs_open(r, &l->identity, &l->inputs, err) < 0 || identity_take(&l->identity, err) < 0)
        return -1;
    l->report.phase = AT_UNPACK;
    double start = clock_ms();
    if (inputs_unpack(&l->inputs, err) < 0)
        return -1;
    l->report.unpack_ms = clock_ms() - start;
    l->report.hits = l->inputs.hits;
    l->report.misses = l->inputs.misses;
    l->report.unpacked_bytes = l->inputs.unpacked;
    for (size_t i = 0; i < l->inputs.notes.n; i++)
        launch_note(l, "%s", l->inputs.notes.at[i]);
    look_for_extensions(l);
    note_differences(l);
    make_variables(l, api);
    l->report.phase = AT_SANDBOX;
    if (make_plan(l, err) < 0)
        return -1;
    fill_spec(l);
    if (r->verbose)
        describe(l);
    leave_session_keyring(l);
    return 0;
}

int launch_finish(struct launch *l, const char *command, int status, struct err *err)
{
    struct err second;
    l->report.exit = status >= 0 ? status : err->exit ? err->exit : EXIT_LRUN;
    if (status < 0) {
        if (!err->exit) /* else the command decided it already */
            l->report.reason = BECAUSE_LRUN_FAILED;
        l->report.has_err = true;
        l->report.err = *err;
    }
    if (l->inputs.report >= 0 &&
        report_write(&l->report, command, l->request->function, l->inputs.name, l->inputs.report, &second) < 0 && status >= 0) {
        *err = second;
        status = -1;
    }
    report_done(&l->report);
    plan_done(&l->plan);
    inputs_done(&l->inputs);
    strv_done(&l->envp);
    strv_done(&l->argv);
    free(l->workdir);
    return status;
}
