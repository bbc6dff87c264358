/* SPDX-License-Identifier: Apache-2.0 */
/* environment_ending.c: from the decision to the last process: carries out Lambda's shutdown phase. How long each step may take is
 * shutdown.c's, which step follows is life.c's, and which outcome is told environment_outcome.c's. Between the runtime's end and
 * SHUTDOWN the invocation is concluded, so that extensions hear of it, as on Lambda. What ended programs still sent lies in sockets
 * and pipes: it is read before anything is told, for as long as something comes, with a bound. */
#include "launcher/environment/environment_parts.h"

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

/* ---- the steps: each is an action of life.c ---- */

void environment_await_death(struct environment *e)
{
    e->shutdown.ticks = 0;
    timer_arm(e->shutdown.timer, 0);
}

void environment_let_die(struct environment *e)
{
    telemetry_flush(e->telemetry);
    environment_await_death(e);
}

void environment_kill_all(struct environment *e)
{
    telemetry_flush(e->telemetry);
    sandbox_tell(&e->sandbox, MESSAGE_KILL, 0);
    timer_arm(e->shutdown.timer, ANSWER_MS);
}

void environment_kill_init(struct environment *e)
{
    environment_lose(e, "its process 1 did not end the programs in time");
    environment_await_death(e);
}

void environment_read_rest(struct environment *e)
{
    e->alive = 0;
    timer_arm(e->shutdown.timer, 0);
}

void environment_end_runtime(struct environment *e)
{
    sandbox_tell_program(&e->sandbox, MESSAGE_SIGNAL, PROGRAM_PAYLOAD, SIGTERM);
    timer_arm(e->shutdown.timer, shutdown_runtime_ms(extensions_api_external(&e->extensions)));
}

void environment_kill_runtime(struct environment *e)
{
    sandbox_tell_program(&e->sandbox, MESSAGE_SIGNAL, PROGRAM_PAYLOAD, SIGKILL);
}

void environment_drain(struct environment *e)
{
    timer_arm(e->shutdown.timer, DRAIN_MS);
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

/* Sends SHUTDOWN to the extensions that subscribed; the others are not waited for. */
void environment_end_extensions(struct environment *e)
{
    double left = shutdown_extensions_ms(&e->shutdown, clock_ms());
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

/* ---- when each is over ---- */

static void nobody_left(struct environment *e)
{
    environment_go(e, e->lost ? LIFE_ON_LOST_LEFT : LIFE_ON_NOBODY_LEFT);
}

void environment_begin_ending(struct environment *e)
{
    shutdown_begin(&e->shutdown, clock_ms());
    if (e->extensions.n == 0 || e->lost)
        nobody_left(e);
    else
        environment_look_who_is_left(e);
}

void environment_look_who_is_left(struct environment *e)
{
    switch (shutdown_left(e->alive, extensions_api_external(&e->extensions))) {
    case LEFT_RUNTIME: environment_go(e, LIFE_ON_RUNTIME_LEFT); break;
    case LEFT_EXTENSIONS: environment_go(e, LIFE_ON_EXTENSIONS_LEFT); break;
    case LEFT_NOBODY: nobody_left(e); break;
    }
}

static void wait_or_go(struct environment *e, bool wait, double ms, enum life_event event)
{
    if (wait)
        timer_arm(e->shutdown.timer, ms);
    else
        environment_go(e, event);
}

void environment_on_ending(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct environment *e = to;
    switch (e->state) {
    case LIFE_TERM:
        if (extensions_api_external(&e->extensions))
            environment_go(e, LIFE_ON_TIME_UP);
        else
            nobody_left(e);
        break;
    case LIFE_DRAIN:
        wait_or_go(e, http_server_reading(e->http) && shutdown_waits(&e->shutdown, DRAIN_TICKS_MAX), TICK_MS, LIFE_ON_TIME_UP);
        break;
    case LIFE_SHUTDOWN: nobody_left(e); break;
    case LIFE_KILL: environment_go(e, LIFE_ON_TIME_UP); break;
    case LIFE_REPLACING:
    case LIFE_DEATH: wait_or_go(e, !sandbox_gone(&e->sandbox), TICK_MS, LIFE_ON_DEAD); break;
    case LIFE_GONE:
        if (!http_server_idle(e->http) && shutdown_waits(&e->shutdown, TICKS_MAX))
            timer_arm(e->shutdown.timer, 0);
        else
            environment_conclude(e);
        break;
    default: break;
    }
}
