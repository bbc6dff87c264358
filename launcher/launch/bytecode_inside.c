/* SPDX-License-Identifier: Apache-2.0 */
/* bytecode_inside.c: an added runtime's interpreter compiles the client where functions run: in a sandbox of the launch's plan, without
 * network, without a variable of the function's. What it writes is read to a bound in bytes and time, and believed as little as a package:
 * names are checked (bytecode.c), and none but this runtime's sandboxes see it. It is killed when it is late, or has written too much.
 * Trees that root has cloned can be attached once, for one sandbox: where there are any, the interpreter compiles at each start. */
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
static bool read_all(int fd, double deadline, struct text *ret)
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
        if (ret->n > BYTECODE_MOST)
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

static bool compile(const struct launch *l, int in, struct text *made)
{
    char *const envp[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL};
    OWN_PTR char *program = xasprintf("/var/lang/bin/%s", l->runtime.id);
    char *const argv[] = {
        program, (char *)(uintptr_t) "-I", (char *)(uintptr_t) "-S", (char *)(uintptr_t) "-c", (char *)(uintptr_t)bytecode_program(), NULL};
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
        .stdio = {in, to, null},
        .argv = argv,
        .envp = envp,
        .workdir = "/",
        .caller_argv = l->request->args,
        .limits = l->facts.limits,
    };
    const double deadline = clock_ms() + BYTECODE_SECONDS * 1000;
    if (null < 0 || sandbox_start(&spec, &s, &ignored) < 0)
        return false;
    own_close(&to);
    bool good = read_all(from, deadline, made) && has_ended(&s, deadline);
    sandbox_done(&s);
    if (!good)
        text_done(made);
    return true;
}

bool bytecode_inside(struct launch *l)
{
    struct text made = {0};
    OWN_FD int in = has_clones(&l->plan) ? -1 : bytecode_sources();
    bool some = in >= 0 && compile(l, in, &made);
    if (some)
        bytecode_take(&l->inputs, &l->runtime, &made);
    some = some && made.n;
    text_done(&made);
    return some;
}
