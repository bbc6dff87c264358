/* SPDX-License-Identifier: Apache-2.0 */
/* environment_control.c: what init reports (message.h): programs that started, did not start, or ended, sockets, its own end. What
 * programs ask of the APIs is environment_api.c's, and which state follows life.c's. Init has the function's uid and may be killed or
 * stopped by it, so a hang-up is an event like any other, and sockets that are not handed out in time are given up. A kill by SIGKILL
 * may have been for memory: memory is looked at before the outcome is named. */
#include "launcher/environment/environment_parts.h"

#include "base/own.h"
#include "launcher/launch/runtime_detect.h"
#include "launcher/sandbox/payload.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Ends the init or the invocation that is going on, with this outcome. */
static void end_with(struct environment *e, struct outcome o)
{
    if (life_in_init(e->state)) {
        o = init_phase_failure(&e->init, o);
    } else { /* after an answer, or while idle: the environment is reset, and an event it has not seen starts it anew */
        o.of_invocation = true;
    }
    environment_end(e, o);
}

static const char *extension_name(const struct environment *e, int program)
{
    return program >= 0 && program < PROGRAMS_MAX ? e->names[program] : "";
}

static void mark_extension(struct environment *e, const char *name, enum extension_state state)
{
    for (size_t i = 0; i < e->extensions.n; i++)
        if (e->extensions.at[i].external && strcmp(e->extensions.at[i].name, name) == 0)
            e->extensions.at[i].state = state;
}

static void on_extension(struct environment *e, const struct message *m)
{
    if (m->program >= PROGRAMS_MAX)
        return;
    snprintf(e->names[m->program], sizeof e->names[0], "%.255s", m->err.path);
    extensions_api_expect(&e->extensions, e->names[m->program]);
}

static void on_extensions(struct environment *e, int count)
{
    if (count > EXTENSIONS_MAX)
        end_with(e, outcome_extension(environment_request_id(e), "Extension.LaunchError", NULL, "TooManyExtensions: " EXTENSIONS_TEXT));
}

/* The kernel takes a directory of /proc as a pidfd. */
static void on_started(struct environment *e, const struct message *m)
{
    char pid[16];
    e->alive |= 1u << m->program;
    if (m->program != PROGRAM_PAYLOAD)
        return;
    snprintf(pid, sizeof pid, "%d", m->value);
    own_close(&e->runtime_pid);
    e->runtime_number = m->value;
    e->runtime_pid = openat(e->sandbox.fds[FD_PROC], pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* There is no bootstrap, and nothing else that would tell the runtime. */
static void note_undetected(struct environment *e)
{
    OWN_PTR char *text = runtime_undetected(e->launch->request->handler);
    environment_note(e, "%s, or pass the layer that contains the bootstrap with --layers", text);
}

/* What is wrong with an image is said here, since it is no package that is looked into. True: it was. */
static bool image_not_started(struct environment *e, const struct message *m)
{
    bool nothing = !m->err.path[0] && !m->err.step[0], workdir = strcmp(m->err.step, PAYLOAD_STEP_WORKDIR) == 0;
    if (m->program != PROGRAM_PAYLOAD || !e->launch->runtime.image || !life_runs(e->state) || !(nothing || workdir))
        return false;
    if (e->init.phase == PHASE_INIT && nothing)
        environment_note(e, "the image has neither Entrypoint nor Cmd: name its program with --entrypoint or --command");
    else if (e->init.phase == PHASE_INIT)
        environment_note(e, "the image has no directory %s, its WorkingDir or --workdir", m->err.path);
    end_with(e, nothing ? outcome_no_entrypoint(environment_request_id(e))
                        : outcome_no_workdir(environment_request_id(e), m->err.path, m->value));
    return true;
}

static void on_not_started(struct environment *e, const struct message *m)
{
    struct report *r = e->report;
    e->alive &= ~(1u << m->program);
    r->start_errno = m->value;
    snprintf(r->start_path, sizeof r->start_path, "%s", m->err.path);
    if (image_not_started(e, m))
        return;
    if (m->err.step[0] && !e->alive) { /* lrun's failure, not Lambda's; or that of extensions, which can stop and limit init */
        environment_break(e, &m->err);
        return;
    }
    if (!life_runs(e->state))
        return;
    if (m->err.step[0]) {
        end_with(e, outcome_exited(environment_request_id(e), 127 << 8, false));
        return;
    }
    if (m->program != PROGRAM_PAYLOAD) {
        char text[400];
        mark_extension(e, extension_name(e, m->program), EXT_LAUNCH_ERROR);
        outcome_start_text(m->err.path, m->value, text, sizeof text);
        end_with(e, outcome_extension(environment_request_id(e), "Extension.LaunchError", NULL, text));
        return;
    }
    if (!m->err.path[0] && e->init.phase == PHASE_INIT)
        note_undetected(e);
    end_with(e, outcome_not_started(environment_request_id(e), m->err.path, m->value));
}

static void on_runtime_exited(struct environment *e, const struct message *m)
{
    if (WIFSIGNALED(m->value) && WTERMSIG(m->value) == SIGKILL) /* a measurement reveals the kernel's kills in a cgroup */
        environment_look_at_memory(e);
    if (e->memory.oom && WIFSIGNALED(m->value) && WTERMSIG(m->value) == SIGKILL) /* it was the runtime */
        shortages_forget_kill(&e->shortages);
    if (!e->memory.peak) /* it ended before its first measurement; this counts mapped files too */
        e->memory.peak = (uint64_t)m->figure;
    e->report->wait_status = e->past.wait_status = m->value;
    e->report->signal = WIFSIGNALED(m->value) ? WTERMSIG(m->value) : 0;
    if (life_runs(e->state))
        end_with(e, outcome_exited(environment_request_id(e), m->value, e->memory.oom));
}

static void on_exited(struct environment *e, const struct message *m)
{
    char text[64];
    e->alive &= ~(1u << m->program);
    if (m->program == PROGRAM_PAYLOAD) {
        on_runtime_exited(e, m);
    } else if (life_runs(e->state)) {
        const char *how = outcome_status_text(m->value, text, sizeof text);
        mark_extension(e, extension_name(e, m->program), EXT_EXITED);
        end_with(e, outcome_extension(environment_request_id(e), "Extension.Crash", NULL, how ? how : "exit status 0"));
    }
    environment_look_who_is_left(e);
}

/* ---- sockets of the sandbox's network ---- */

enum { SOCKET_MS = 5000 /* then those who wait get no socket. Init answers at once, or if a cgroup has frozen it, when it is thawed */ };

void environment_ask_socket(struct environment *e, void *waiter)
{
    if (e->spec.net == NET_HOST) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        telemetry_socket(e->telemetry, waiter, fd);
        return;
    }
    if (!socket_queue_add(&e->sockets, waiter))
        return;
    timer_arm(e->sockets.timer, SOCKET_MS);
    sandbox_tell(&e->sandbox, MESSAGE_SOCKET, 0);
}

/* fd: -1 if there is none. */
static void give_socket(struct environment *e, int fd)
{
    void *waiter = NULL;
    socket_queue_take(&e->sockets, &waiter);
    if (!e->sockets.n)
        event_del(e->sockets.timer);
    if (waiter)
        telemetry_socket(e->telemetry, waiter, fd);
    else if (e->forward)
        forward_socket(e->forward, fd);
    else
        own_close(&fd);
}

void environment_on_sockets(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct environment *e = to;
    while (e->sockets.n)
        give_socket(e, -1);
}

/* Process 1 was killed: from here, since it did not answer; by somebody outside; or in the function's hands, which may have limited
 * its CPU time where no policy keeps it from that, or used up the memory of the host. It took all that ran inside with it. */
static void on_hangup(struct environment *e)
{
    event_del(e->control);
    environment_lose(e, "its process 1 was killed");
    e->alive = 0;
    environment_go(e, LIFE_ON_HANGUP);
}

void environment_end_killed(struct environment *e)
{
    environment_look_at_memory(e);
    end_with(e, outcome_exited(environment_request_id(e), SIGKILL, e->memory.oom));
}

void environment_hear(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct environment *e = to;
    struct message m;
    while (!life_closed(e->state) && sandbox_hear(&e->sandbox, &m, false) == 1)
        switch (m.type) {
        case MESSAGE_STARTED: on_started(e, &m); break;
        case MESSAGE_EXTENSIONS: on_extensions(e, m.value); break;
        case MESSAGE_EXTENSION: on_extension(e, &m); break;
        case MESSAGE_NOT_STARTED: on_not_started(e, &m); break;
        case MESSAGE_EXITED: on_exited(e, &m); break;
        case MESSAGE_SOCKET: give_socket(e, take_fd(&e->sandbox.fds[FD_SOCKET])); break;
        case MESSAGE_REFUSED: refused_listen(&e->refused, e->base, take_fd(&e->sandbox.fds[FD_REFUSED])); break;
        case MESSAGE_GONE: environment_go(e, LIFE_ON_EMPTY); break;
        case MESSAGE_HANGUP: on_hangup(e); return;
        default: break;
        }
}
