/* SPDX-License-Identifier: Apache-2.0 */
/* environment_ending.c: from the decision to the last process: carries out Lambda's shutdown phase (shutdown.h has its durations). Between
 * the runtime's end and SHUTDOWN the invocation is concluded, so that extensions hear of it. */
#include "launcher/environment/environment_parts.h"

#include "base/own.h"

#include <signal.h>
#include <string.h>

enum {
    DRAIN_MS = 2,
    DRAIN_TICKS_MAX = 300 /* a large answer takes longer to be read than the rest to end */,
    TICK_MS = 1,
    TICKS_MAX = 3000
};

static bool runs(const struct environment *e, int program)
{
    return e->alive & 1u << program;
}

void environment_lose(struct environment *e, const char *why)
{
    if (e->lost)
        return;
    e->lost = true;
    sandbox_kill(&e->sandbox);
    if (e->stopping)
        return;
    environment_note(e, "a new sandbox replaces this one, and the content of its /tmp is lost: %s", why);
    report_degraded(&e->report->degraded,
                    "the sandbox was replaced, and its /tmp lost: its process 1 was killed, did not answer, or was changed from inside");
}

void environment_await_death(struct environment *e, enum ending ending)
{
    e->ending = ending;
    e->shutdown.ticks = 0;
    timer_arm(e->shutdown.timer, 0);
}

void environment_ending_hangup(struct environment *e)
{
    if (e->ending < END_DEATH)
        environment_await_death(e, END_DEATH);
}

static void kill_all(struct environment *e)
{
    telemetry_flush(e->telemetry);
    if (e->lost) {
        environment_await_death(e, END_DEATH);
        return;
    }
    e->ending = END_KILL;
    sandbox_tell(&e->sandbox, MESSAGE_KILL, 0);
    timer_arm(e->shutdown.timer, ANSWER_MS);
}

/* SIGKILL was sent from outside: when process 1 is gone, all are. */
static void on_death(struct environment *e)
{
    if (!sandbox_gone(&e->sandbox)) {
        timer_arm(e->shutdown.timer, TICK_MS);
    } else if (e->ending == END_REPLACED) {
        environment_replace_sandbox(e);
    } else {
        e->alive = 0;
        e->ending = END_GONE;
        timer_arm(e->shutdown.timer, 0);
    }
}

static const char *reason(const struct environment *e)
{
    return e->outcome.status == STATUS_TIMEOUT                            ? "timeout"
           : e->outcome.status == STATUS_ERROR && !e->outcome.interrupted ? "failure"
                                                                          : "spindown";
}

static struct extension *extension_named(struct environment *e, const char *name)
{
    for (size_t i = 0; i < e->extensions.n; i++)
        if (e->extensions.at[i].external && strcmp(e->extensions.at[i].name, name) == 0)
            return &e->extensions.at[i];
    return NULL;
}

/* SHUTDOWN to those who asked for it; the others are not waited for. */
static void tell_extensions(struct environment *e)
{
    double left = shutdown_extensions_ms(&e->shutdown, clock_ms());
    e->ending = END_EXTENSIONS;
    if (!e->outcome.of_init)
        environment_conclude_calls(e);
    telemetry_flush(e->telemetry);
    for (int p = PROGRAM_EXTENSION; p < PROGRAMS_MAX; p++) {
        const struct extension *x = runs(e, p) ? extension_named(e, e->names[p]) : NULL;
        if (x && !(x->events & ON_SHUTDOWN))
            sandbox_tell_program(&e->sandbox, MESSAGE_SIGNAL, p, SIGKILL);
    }
    extensions_api_shutdown(&e->extensions, reason(e), clock_epoch_ms() + (int64_t)left);
    timer_arm(e->shutdown.timer, left);
}

void environment_begin_ending(struct environment *e)
{
    bool external = extensions_api_external(&e->extensions);
    shutdown_begin(&e->shutdown, clock_ms());
    e->ending = END_RUNTIME;
    if (e->extensions.n == 0 || e->lost) {
        kill_all(e);
    } else if (runs(e, PROGRAM_PAYLOAD)) {
        sandbox_tell_program(&e->sandbox, MESSAGE_SIGNAL, PROGRAM_PAYLOAD, SIGTERM);
        timer_arm(e->shutdown.timer, shutdown_runtime_ms(external));
    } else {
        environment_ending_progress(e);
    }
}

void environment_ending_progress(struct environment *e)
{
    if (e->ending >= END_KILL)
        return;
    enum shutdown_left left = shutdown_left(e->alive, extensions_api_external(&e->extensions));
    if (left == LEFT_NOBODY) {
        kill_all(e);
    } else if (left == LEFT_EXTENSIONS && e->ending == END_RUNTIME) { /* what it still sent is read first */
        e->ending = END_DRAIN;
        timer_arm(e->shutdown.timer, DRAIN_MS);
    }
}

void environment_on_ending(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct environment *e = to;
    switch (e->ending) {
    case END_RUNTIME: /* it did not heed SIGTERM */
        if (extensions_api_external(&e->extensions))
            sandbox_tell_program(&e->sandbox, MESSAGE_SIGNAL, PROGRAM_PAYLOAD, SIGKILL);
        else
            kill_all(e);
        break;
    case END_DRAIN:
        if (http_server_reading(e->http) && shutdown_waits(&e->shutdown, DRAIN_TICKS_MAX))
            timer_arm(e->shutdown.timer, TICK_MS);
        else
            tell_extensions(e);
        break;
    case END_EXTENSIONS: kill_all(e); break;
    case END_KILL: /* no GONE */
        environment_lose(e, "its process 1 did not end the programs in time");
        environment_await_death(e, END_DEATH);
        break;
    case END_DEATH:
    case END_REPLACED: on_death(e); break;
    case END_GONE:
        if (!http_server_idle(e->http) && shutdown_waits(&e->shutdown, TICKS_MAX))
            timer_arm(e->shutdown.timer, 0);
        else
            environment_conclude(e);
        break;
    }
}
