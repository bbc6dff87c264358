/* SPDX-License-Identifier: Apache-2.0 */
/* bytecode_inside.c: an added runtime's interpreter compiles the client, or its library, where functions run: in a sandbox of the launch's
 * plan, without network, without a variable of the function's. What it writes is read to a bound in bytes and time, and believed as little
 * as a package: names are checked (bytecode.c, the unpacker), and none but this runtime's sandboxes see it. It is killed when it is late,
 * or has written too much. Trees that root has cloned can be attached once, for one sandbox: where there are any, the interpreter compiles
 * at each start. */
#include "launcher/launch/bytecode_inside.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

static bool has_clones(const struct plan *p)
{
    bool found = p->has_rootfs && p->rootfs.tree >= 0;
    for (size_t i = 0; i < p->lower_count; i++)
        found = found || p->lowers[i].tree >= 0;
    for (size_t i = 0; i < p->n; i++)
        found = found || (p->rows[i].kind == ROW_BIND && p->rows[i].source.tree >= 0);
    return found;
}

/* To its end, the bound or the deadline. */
static bool read_all(int fd, size_t most, double deadline, struct text *ret)
{
    char bytes[64 * 1024];
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        double left = deadline - clock_ms();
        if (left <= 0 || (poll(&p, 1, (int)left + 1) < 0 && errno != EINTR))
            return false;
        if (!(p.revents & (POLLIN | POLLHUP)))
            continue;
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n < 0 && errno != EINTR)
            return false;
        if (n == 0)
            return true;
        text_add(ret, bytes, n > 0 ? (size_t)n : 0);
        if (ret->n > most)
            return false;
    }
}

/* Whether the program has ended well. */
static bool has_ended(struct sandbox *s, double deadline)
{
    struct message m = {.type = MESSAGE_READY};
    while (m.type != MESSAGE_EXITED) {
        struct pollfd p = {.fd = s->control, .events = POLLIN};
        double left = deadline - clock_ms();
        if (left <= 0 || poll(&p, 1, (int)left + 1) < 0 || sandbox_hear(s, &m, false) < 0 || m.type == MESSAGE_NOT_STARTED ||
            m.type == MESSAGE_HANGUP || m.type == MESSAGE_FAILED)
            return false;
    }
    return m.value == 0;
}

struct work {
    const char *program;
    int in; /* -1: nothing */
    size_t most;
    unsigned seconds;
};

/* False: no sandbox was made. made: empty, if the program failed. */
static bool compile(const struct launch *l, const struct work *w, struct text *made)
{
    char *const envp[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL};
    OWN_PTR char *program = xasprintf("/var/lang/bin/%s", l->runtime.id);
    char *const argv[] = {
        program, (char *)(uintptr_t) "-I", (char *)(uintptr_t) "-S", (char *)(uintptr_t) "-c", (char *)(uintptr_t)w->program, NULL};
    struct sandbox s = SANDBOX_NONE;
    struct err ignored;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    OWN_FD int from = ends[0];
    OWN_FD int to = ends[1];
    OWN_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const struct sandbox_spec spec = {
        .plan = &l->plan,
        .is_whole = l->spec.is_whole,
        .of = l->spec.of,
        .policy = l->policy,
        .net = NET_NONE,
        .frames = -1,
        .one_shot = true,
        .stdio = {w->in < 0 ? null : w->in, to, null},
        .argv = argv,
        .envp = envp,
        .workdir = "/",
        .caller_argv = l->request->args,
        .limits = l->facts.limits,
    };
    const double deadline = clock_ms() + w->seconds * 1000.0;
    if (null < 0 || sandbox_start(&spec, &s, &ignored) < 0)
        return false;
    own_close(&to);
    bool good = read_all(from, w->most, deadline, made) && has_ended(&s, deadline);
    sandbox_done(&s);
    if (!good)
        text_done(made);
    return true;
}

/* 1, 0: the interpreter cannot; -1: no sandbox was made. */
static int compile_client(struct launch *l)
{
    struct text made = {0};
    OWN_FD int in = bytecode_sources();
    const struct work work = {bytecode_program(), in, BYTECODE_MOST, BYTECODE_SECONDS};
    bool ran = in >= 0 && compile(l, &work, &made);
    if (ran)
        bytecode_take(&l->inputs, &l->runtime, &made);
    int status = !ran ? -1 : made.n > 0;
    text_done(&made);
    return status;
}

/* can: whether the interpreter could compile the client; if not, it is not asked for more. */
static bool compile_library(struct launch *l, bool can)
{
    struct text made = {0};
    const struct work work = {library_program(), -1, LIBRARY_MOST, LIBRARY_SECONDS};
    bool kept = (!can || compile(l, &work, &made)) && library_take(&l->inputs, &l->runtime, &made);
    if (kept)
        launch_note(l, "the standard library of %s has no bytecode: it was compiled, once for all later launches", l->runtime.id);
    text_done(&made);
    return kept;
}

bool bytecode_inside(struct launch *l)
{
    if (has_clones(&l->plan))
        return false;
    int client = l->bytecode.wanted ? compile_client(l) : 1;
    bool library = l->library.wanted && client >= 0 && compile_library(l, client > 0);
    return (l->bytecode.wanted && client > 0) || library;
}
