/* SPDX-License-Identifier: Apache-2.0 */
/* environment_start.c: how an environment comes and goes: its sandbox with the log's pipes and the APIs' socket, timers, and the end
 * of them all. What happens in between is environment.c's. A sandbox may be replaced while the environment lives (its process 1 was
 * killed): then log and telemetry go on, and pipes, sockets and variables are made anew. At the end nothing may be heard of what ends:
 * servers and timers go first, since their callbacks use the rest. */
#include "launcher/environment/environment_parts.h"

#include "base/own.h"
#include "base/sys.h"
#include "lambda/variables.h"
#include "launcher/launch/direct_start.h"
#include "launcher/launch/loop.h"
#include "launcher/sandbox/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

static int start_sandbox(struct environment *e, struct err *err)
{
    char address[32] = API_ADDRESS ":9001";
    OWN_FD int listener = -1;
    OWN_FD int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0)
        return fail(err, errno, "/dev/null", "open");
    if (e->launch->spec.net == NET_HOST) { /* the sandbox has no network of its own to listen in, so lrun does */
        uint16_t port;
        if (listener_open("127.0.0.1", 0, "listen for the Runtime API at", &listener, &port, err) < 0)
            return -1;
        snprintf(address, sizeof address, "127.0.0.1:%u", port);
    }
    launch_variables(e->launch, e->variables ? e->variables : &e->launch->inputs.variables, address, &e->envp);
    e->spec = e->launch->spec;
    if (e->variables && e->spec.direct)
        e->spec.direct = e->direct.at;
    e->spec.api = true;
    e->spec.envp = e->envp.at;
    e->spec.cgroup = e->cgroup->dir >= 0 ? e->cgroup : NULL;
    e->spec.frames = e->log.pipes[LOG_FRAMES].write_end;
    e->spec.extension_log = e->log.pipes[LOG_EXTENSION].write_end;
    if (e->launch->has_extensions) {
        variables_for_extensions(&e->envp, &e->extension_envp);
        variables_for_frames(&e->envp, FRAMES_FD, &e->framed_envp);
        e->spec.extension_envp = e->extension_envp.at;
        e->spec.framed_envp = e->framed_envp.at;
    }
    if (environment_streams(e, null, err) < 0 || sandbox_start(&e->spec, &e->sandbox, err) < 0)
        return -1;
    launch_started(e->launch, &e->sandbox, e->report);
    e->memory.watch = sandbox_watch_memory(&e->sandbox, e->memory.limit);
    log_close_write_ends(&e->log);
    e->refused.memory = e->spec.tells_memory ? e->memory.limit : 0;
    refused_listen(&e->refused, e->base, take_fd(&e->sandbox.fds[FD_REFUSED]));
    if (listener < 0)
        listener = take_fd(&e->sandbox.fds[FD_LISTEN]);
    return environment_serve(e, take_fd(&listener), err);
}

/* With an init's programs started in it. */
int environment_make_sandbox(struct environment *e, struct err *err)
{
    if (e->log.pipes[LOG_FUNCTION].read_end < 0 && log_open_pipes(&e->log, e->base, e->launch->has_extensions, err) < 0)
        return -1;
    if (start_sandbox(e, err) < 0)
        return -1;
    e->control = event_new(e->base, e->sandbox.control, EV_READ | EV_PERSIST, environment_hear, e);
    if (loop_add(e->control, err) < 0)
        return -1;
    e->doors = (struct doors_watch){
        .launch = e->launch,
        .label = e->label,
        .relay = &e->sandbox.relay,
        .degraded = &e->report->degraded,
    };
    return doors_watch_begin(&e->doors, e->base, err) < 0 ? -1 : environment_join_debugger(e, err);
}

static void end_stdio(struct environment *e)
{
    struct err lost;
    if (stdio_done(&e->stdio, &lost) < 0)
        environment_note(e, "cannot read from standard input: %s", strerror(lost.no));
    e->stdio = (struct stdio)STDIO_NONE;
}

/* SIGKILL at once; then what its programs wrote is read. */
static void end_sandbox(struct environment *e)
{
    refused_done(&e->refused);
    memory_watch_free(e->memory.watch);
    e->memory.watch = NULL;
    doors_watch_end(&e->doors);
    sandbox_done(&e->sandbox);
    own_close(&e->runtime_pid);
    freezer_let_go(&e->freezer, e->cgroup);
    terminal_done(&e->terminal);
    end_stdio(e);
    log_drain(&e->log);
}

/* The next init makes another; its log goes on, and its pipes are new, since the write ends that lrun held are closed. */
void environment_drop_sandbox(struct environment *e)
{
    event_free(e->control);
    e->control = NULL;
    environment_on_sockets(-1, 0, e);
    end_sandbox(e);
    e->lost = false;
    log_close_pipes(&e->log);
    http_server_done(e->http);
    e->http = NULL;
    strv_done(&e->envp);
    strv_done(&e->extension_envp);
    strv_done(&e->framed_envp);
}

int environment_start(const struct environment_config *config, struct environment **ret, struct err *err)
{
    struct environment *e = xcalloc(1, sizeof *e);
    const struct launch *l = config->launch;
    double start = clock_ms();
    *e = (struct environment){
        .launch = l,
        .report = config->report,
        .told_share = config->told_share,
        .debugger = config->debugger,
        .base = config->base,
        .owner = config->owner,
        .cgroup = config->cgroup,
        .label = config->label,
        .variables = config->variables,
        .init = {.cold_ms = -1},
        .runtime_pid = -1,
        .refused = {.fd = -1, .report = config->report},
        .memory = {.limit = l->request->memory.value << 20, .unlimited = l->request->debug},
        .capacity = (unsigned)l->request->max_concurrency.value,
        .sandbox = SANDBOX_NONE,
        .terminal = {.ours = -1, .theirs = -1},
        .stdio = STDIO_NONE,
    };
    *ret = e;
    if (e->cgroup->memory)
        e->memory.kernel_kills = cgroup_oom_kills(e->cgroup); /* of the environments before */
    environment_make_apis(e);
    if (e->variables)
        direct_start(&l->runtime, e->variables, &e->direct);
    if (log_open(&e->log, config->base, l->has_extensions, config->kept, err) < 0)
        return -1;
    e->log.on_line = environment_on_line;
    e->log.to = e;
    environment_report_made(e);
    e->init.timer = evtimer_new(e->base, environment_on_limit, e);
    e->freezer.timer = evtimer_new(e->base, environment_on_freeze, e);
    e->shutdown.timer = evtimer_new(e->base, environment_on_ending, e);
    e->memory.timer = evtimer_new(e->base, environment_on_memory, e);
    e->sockets.timer = evtimer_new(e->base, environment_on_sockets, e);
    if (environment_make_sandbox(e, err) < 0)
        return -1;
    e->report->setup_ms = clock_ms() - start;
    environment_go(e, LIFE_ON_STARTED);
    return 0;
}

void environment_abandon_calls(struct environment *e)
{
    for (size_t i = 0; i < e->call_count; i++) {
        event_free(e->calls[i]->deadline);
        e->calls[i]->deadline = NULL;
    }
    e->call_count = 0;
}

/* The runtime first, by itself: process 1 takes it along only when it dies, and by then a runtime whose connections have ended would log
 * that, as it never does on Lambda. */
static void kill_at_once(struct environment *e)
{
    if (e->runtime_pid >= 0)
        sys_pidfd_send_signal(e->runtime_pid, SIGKILL);
    sandbox_kill(&e->sandbox);
}

/* From here on no event of the environment is handled, except that what it printed is still read. */
static void hear_no_more(struct environment *e)
{
    http_server_done(e->http); /* first: it reports requests that break off */
    e->http = NULL;
    struct event **all[] = {&e->control, &e->init.timer, &e->memory.timer, &e->freezer.timer, &e->shutdown.timer};
    for (size_t i = 0; i < COUNT(all); i++) {
        if (*all[i])
            event_free(*all[i]);
        *all[i] = NULL;
    }
    refused_done(&e->refused);
    forward_done(e->forward);
    e->forward = NULL;
}

bool environment_gone(struct environment *e)
{
    if (!e || e->sandbox.pid <= 0)
        return true;
    kill_at_once(e);
    hear_no_more(e);
    return sandbox_gone(&e->sandbox);
}

void environment_done(struct environment *e)
{
    if (!e)
        return;
    kill_at_once(e);
    hear_no_more(e);
    if (e->sockets.timer)
        event_free(e->sockets.timer);
    end_sandbox(e);
    telemetry_done(e->telemetry);
    runtime_api_done(e->runtime);
    log_done(&e->log);
    environment_abandon_calls(e);
    free(e->calls);
    outcome_done(&e->outcome);
    init_phase_done(&e->init);
    strv_done(&e->envp);
    strv_done(&e->extension_envp);
    strv_done(&e->framed_envp);
    strv_done(&e->direct);
    free(e);
}
