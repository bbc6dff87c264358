/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.c: lrun's side of a sandbox: clone, handshakes, asking init, killing. The other side, from clone to init, is steps.c;
 * process 1 is init.c; what an environment makes of it is launcher/environment's. Handshakes (message.h): #0 ATTACH, while nothing
 * runs inside and its namespaces can be worked on from outside; #1 READY or FAILED. Between fork and READY the child has lrun's
 * memory: it first closes what is not on its list of descriptors. Nothing waits for init without a deadline: the payload has the same
 * uid and may have stopped it. The pidfd is what cannot be fooled: SIGKILL through it reaches init and no process that has got its
 * number since. */
#include "launcher/sandbox/sandbox.h"

#include "launcher/sandbox/inside.h"

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/own.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/sandbox/hints.h"
#include "launcher/sandbox/placed.h"
#include "launcher/sandbox/use.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Keeps what the spec needs inside, and no connection, listener, notifier or sandbox of another function. It also closes lrun's end of the
 * pair: its hang-up tells init that lrun has died. */
static int keep_descriptors(const struct inside *in, struct err *err)
{
    const struct sandbox_spec *spec = in->spec;
    const struct plan *plan = spec->plan;
    enum { OWN = 9 };
    const size_t placed = spec->placed ? spec->placed->n : 0;
    size_t n = 0;
    int *list = xcalloc(OWN + plan->n + plan->lower_count + placed, sizeof *list);
    const int own[OWN] = {in->control,         in->network,    in->relay,
                          spec->stdio[0],      spec->stdio[1], spec->stdio[2],
                          spec->extension_log, spec->frames,   plan->has_rootfs ? plan->rootfs.tree : -1};
    for (size_t i = 0; i < OWN; i++)
        list[n++] = own[i];
    for (size_t i = 0; i < plan->n; i++)
        list[n++] = plan->rows[i].kind == ROW_BIND ? plan->rows[i].source.tree : -1;
    for (size_t i = 0; i < plan->lower_count; i++)
        list[n++] = plan->lowers[i].tree;
    for (size_t i = 0; i < placed; i++)
        list[n++] = spec->placed->at[i].fd;
    int status = descriptors_keep(list, n);
    free(list);
    return status < 0 ? fail(err, errno, NULL, "close what is not the sandbox's") : 0;
}

/* Init waits for it with select(2), which takes numbers below FD_SETSIZE; under serve it may have a higher one. Low ones are free now. */
static int lower(int *fd, struct err *err)
{
    if (*fd < FD_SETSIZE)
        return 0;
    int low = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (low < 0)
        return fail(err, errno, NULL, "move the socket to lrun");
    close(*fd);
    *fd = low;
    return 0;
}

static _Noreturn void child(const struct sandbox_spec *spec, bool prepared, int control, int network, int relay, uid_t uid, gid_t gid)
{
    struct inside in = {
        .spec = spec,
        .control = control,
        .network = network,
        .relay = relay,
        .prepared = prepared,
        .outer_uid = uid,
        .outer_gid = gid,
        .root = -1,
        .io = -1,
        .fds = FDS_NONE,
    };
    struct message m = {.type = MESSAGE_READY};
    if (keep_descriptors(&in, &m.err) < 0 || lower(&in.control, &m.err) < 0 || steps_walk(&in, &m.err) < 0) {
        m.type = MESSAGE_FAILED;
        message_send(in.control, &m, NULL);
        _exit(1);
    }
    init_main(&in);
}

/* Root lost the right to clone into its cgroup with its uid; the descriptor that it opened before can still move a process. */
static bool moves(const struct sandbox_spec *spec)
{
    return spec->cgroup && spec->cgroup->procs >= 0;
}

/* If lrun's table is full, the kernel drops descriptors without an error: recvmsg(2), MSG_CTRUNC. */
static int check_descriptors(const struct sandbox *s, const struct message *ready, struct err *err)
{
    for (int i = 0; i < FD_COUNT; i++)
        if (ready->value & 1 << i && s->fds[i] < 0)
            return fail(err, EMFILE, NULL, "receive the sandbox's descriptors");
    return 0;
}

/* It waits for that, and lrun for it: a message that cannot be sent must not be waited for. One that has ended has said why. */
static int let_go(struct sandbox *s, struct err *err)
{
    if (sandbox_tell(s, MESSAGE_GO, 0) == 0 || errno == EPIPE || errno == ECONNRESET)
        return 0;
    fail(err, errno, NULL, "tell process 1 of the sandbox to go on");
    snprintf(err->step, sizeof err->step, "go");
    return hints_add(err);
}

/* Handshakes #0 and #1. */
static int await_ready(const struct sandbox_spec *spec, struct sandbox *s, struct err *err)
{
    struct message m;
    if (sandbox_hear(s, &m, true) < 0)
        return fail(err, errno, NULL, "receive a message from the sandbox");
    if (m.type == MESSAGE_REFUSED)
        return await_ready(spec, s, err);
    if (m.type == MESSAGE_ATTACH) {
        if (spec->net == NET_USER && network_attach(s->pid, &s->pasta, err) < 0)
            return -1;
        if (moves(spec) && cgroup_move(spec->cgroup, s->pid, err) < 0)
            return -1;
        if (spec->keep && enter_keep(s->pid, spec->envp, &s->kept, err) < 0)
            return -1;
        return let_go(s, err) < 0 ? -1 : await_ready(spec, s, err);
    }
    s->without = m.type == MESSAGE_READY ? m.program : 0;
    if (m.type == MESSAGE_READY)
        return check_descriptors(s, &m, err);
    if (m.type == MESSAGE_FAILED) {
        *err = m.err;
        return -1;
    }
    return fail(err, 0, NULL, "set up the sandbox: its init was killed");
}

static int not_cloned(struct sandbox *s, int no, struct err *err)
{
    own_close(&s->control);
    relay_done(&s->relay);
    fail(err, no, NULL, "create the sandbox's namespaces");
    snprintf(err->step, sizeof err->step, "clone");
    return hints_add(err);
}

/* A pair of sockets with process 1; and with doors, the one that they go to lrun-relay by. */
static int make_sockets(const struct sandbox_spec *spec, int pair[2], int *ret_relay, struct sandbox *s, struct err *err)
{
    if (spec->doors && relay_start(spec->doors, &s->relay, ret_relay, err) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0)
        return 0;
    fail(err, errno, NULL, "make a socket for the sandbox");
    relay_done(&s->relay);
    return -1;
}

/* whole: whether the prepared skeleton, if it was used, is as it was made. It is looked at while the child makes its namespaces. */
static int start(const struct sandbox_spec *spec, bool prepared, struct sandbox *ret, bool *whole, struct err *err)
{
    int pair[2];
    struct sandbox s = SANDBOX_NONE;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    OWN_FD int relay = -1;
    if (make_sockets(spec, pair, &relay, &s, err) < 0)
        return -1;
    struct network_aside aside;
    const bool at_end = spec->heard_at_end && !is_attached(spec);
    network_aside_prepare(spec->network_aside ? spec->net : NET_HOST, spec->api ? API_ADDRESS : NULL, &aside);
    bool into = spec->cgroup && spec->cgroup->dir >= 0 && !moves(spec);
    enum { OF_ITS_OWN = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP };
    struct clone_args args = {
        .flags = (uint64_t)CLONE_CLEAR_SIGHAND | OF_ITS_OWN | CLONE_PIDFD |
                 (spec->net == NET_HOST || aside.to >= 0 ? 0u : (unsigned)CLONE_NEWNET) | (into ? (uint64_t)CLONE_INTO_CGROUP : 0u),
        .pidfd = (uint64_t)(uintptr_t)&s.pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = into ? (unsigned)spec->cgroup->dir : 0u,
    };
    /* The child keeps all signals blocked: a ^C from the terminal reaches it too, and must not run our handlers twice. */
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    long pid = sys_clone3(&args);
    if (pid == 0)
        child(spec, prepared, pair[1], aside.from, relay, uid, gid);
    int no = errno;
    if (pid > 0)
        network_aside_begin(&aside, s.pidfd);
    sigprocmask(SIG_SETMASK, &before, NULL);
    s.control = pair[0];
    s.aside = aside.pid;
    s.heard_at_end = at_end;
    own_close(&relay);
    close(pair[1]);
    if (pid < 0) {
        network_aside_done(&aside);
        return not_cloned(&s, no, err);
    }
    s.pid = (pid_t)pid;
    *whole = !prepared || spec->is_whole(spec->of);
    int status = *whole ? 0 : -1;
    if (prepared && *whole && !is_attached(spec)) /* else it is the answer to MESSAGE_ATTACH */
        status = let_go(&s, err);
    if (status == 0 && !at_end) {
        status = await_ready(spec, &s, err);
        network_aside_reap(&s.aside);
    }
    if (status < 0) {
        sandbox_done(&s);
        return -1;
    }
    *ret = s;
    return 0;
}

int sandbox_start(const struct sandbox_spec *spec, struct sandbox *ret, struct err *err)
{
    bool whole = true;
    int status = start(spec, spec->plan->prepared.path, ret, &whole, err);
    return whole ? status : start(spec, false, ret, &whole, err);
}

int sandbox_tell_program(struct sandbox *s, enum message_type type, int program, int value)
{
    if (message_offer(s->control, &(struct message){.type = type, .program = program, .value = value}) == 0)
        return 0;
    if (errno == EAGAIN) /* hundreds of messages are unread: init is dead or stopped, and lrun must not wait for it */
        sandbox_kill(s);
    return -1;
}

int sandbox_tell(struct sandbox *s, enum message_type type, int value)
{
    return sandbox_tell_program(s, type, PROGRAM_PAYLOAD, value);
}

int sandbox_hear(struct sandbox *s, struct message *ret, bool wait)
{
    int fds[FD_COUNT];
    int got = message_receive(s->control, ret, fds, wait);
    if (s->aside > 0 && waitpid(s->aside, NULL, WNOHANG) == s->aside)
        s->aside = 0;
    for (int i = 0; got == 1 && i < FD_COUNT; i++)
        if (s->fds[i] < 0)
            s->fds[i] = fds[i];
        else /* the descriptors that memory is watched by are accepted once: whoever controls process 1 later cannot replace them */
            own_close(&fds[i]);
    if (got == 1 && (ret->type == MESSAGE_FAILED || (ret->type == MESSAGE_NOT_STARTED && ret->err.step[0])))
        hints_add(&ret->err);
    return got;
}

void sandbox_kill(struct sandbox *s)
{
    if (s->pid <= 0 || s->killed_ms > 0)
        return;
    sys_pidfd_send_signal(s->pidfd, SIGKILL); /* init has no handler: nothing less would end it */
    s->killed_ms = clock_ms();
}

/* The kernel takes a directory of /proc as a pidfd. */
void sandbox_kill_one(const struct sandbox *s, pid_t inside)
{
    char name[16];
    snprintf(name, sizeof name, "%d", inside);
    OWN_FD int process = openat(s->fds[FD_PROC], name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (process >= 0)
        sys_pidfd_send_signal(process, SIGKILL);
}

/* A pidfd becomes readable when its process is a zombie; process 1 is one when all others of its namespace are gone. */
static bool dead_within(const struct sandbox *s, int ms)
{
    struct pollfd p = {.fd = s->pidfd, .events = POLLIN};
    int got;
    while ((got = poll(&p, 1, ms)) < 0 && errno == EINTR)
        ;
    return got != 0;
}

bool sandbox_dead(const struct sandbox *s)
{
    return s->pid <= 0 || dead_within(s, 0);
}

/* Returns how long init may still take to die. */
static int left_ms(const struct sandbox *s)
{
    double left = s->killed_ms + DEATH_MS - clock_ms();
    return left > 0 ? (int)left + 1 : 0;
}

bool sandbox_gone(const struct sandbox *s)
{
    return sandbox_dead(s) || (s->killed_ms > 0 && !left_ms(s));
}

bool sandbox_was_killed(const struct sandbox *s)
{
    siginfo_t how = {0};
    return s->pid > 0 && dead_within(s, DEATH_MS) &&
           waitid(P_PID, (id_t)s->pid, &how, WEXITED | WNOHANG | WNOWAIT /* sandbox_done() reaps it */) == 0 && how.si_code == CLD_KILLED;
}

bool sandbox_kill_programs(struct sandbox *s)
{
    struct message m = {.type = MESSAGE_READY};
    const double until = clock_ms() + ANSWER_MS;
    sandbox_tell(s, MESSAGE_KILL, 0);
    while (m.type != MESSAGE_GONE && m.type != MESSAGE_HANGUP) {
        struct pollfd p = {.fd = s->control, .events = POLLIN};
        const double left = until - clock_ms();
        if (left <= 0 || (poll(&p, 1, (int)left + 1) > 0 && sandbox_hear(s, &m, false) < 0))
            break;
    }
    if (m.type == MESSAGE_GONE)
        return true;
    sandbox_kill(s);
    dead_within(s, left_ms(s));
    return false;
}

struct memory_watch *sandbox_watch_memory(const struct sandbox *s, uint64_t limit)
{
    struct memory_sources from = {
        .proc = s->fds[FD_PROC],
        .shm = s->fds[FD_SHM],
        .segments = s->fds[FD_SEGMENTS],
        .init = s->pid,
    };
    return memory_watch_new(&from, limit);
}

static void reap(const struct sandbox *s)
{
    if (s->use)
        use_reap(s->pid, s->use);
    else
        while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
            ;
}

void sandbox_done(struct sandbox *s)
{
    own_close(&s->control); /* init ends when it hears that; and at once by the next line */
    sandbox_kill(s);
    if (s->pid > 0 && dead_within(s, left_ms(s))) /* else it becomes a zombie when it may, and is lrun's until lrun ends */
        reap(s);
    s->pid = 0;
    s->killed_ms = 0;
    if (s->pasta > 0) {
        kill(s->pasta, SIGKILL);
        while (waitpid(s->pasta, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    s->pasta = 0;
    relay_done(&s->relay);
    network_aside_reap(&s->aside);
    enter_done(&s->kept);
    own_close(&s->pidfd);
    for (int i = 0; i < FD_COUNT; i++)
        own_close(&s->fds[i]);
}
