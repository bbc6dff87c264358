/* SPDX-License-Identifier: Apache-2.0 */
/* init.c: process 1 of the sandbox.
 *
 * Starts the extensions and the payload, then does three things for ever: reaps every child that ends, does what the supervisor says, and
 * ends when the supervisor is gone.
 *   Must:     report a program's end to the supervisor before reaping on.
 *   Must not: exit on an error of its own: the kernel kills the sandbox with it. */
#include "base/clock.h"
#include "base/own.h"
#include "launcher/sandbox/forget.h"
#include "launcher/sandbox/inside.h"
#include "launcher/sandbox/payload.h"
#include "launcher/sandbox/sandbox.h"
#include "launcher/sandbox/share.h"
#include "launcher/sandbox/use.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct init {
    struct inside *in;
    pid_t programs[PROGRAMS_MAX]; /* 0: none */
    bool told_ready, frozen;
    struct share share; /* --cpu enforce */
    int64_t written;    /* before the first program */
    int extensions;     /* in /opt, which nobody can change; more than fit in names are refused by the supervisor */
    char names[PROGRAMS_MAX - PROGRAM_EXTENSION][NAME_MAX + 1];
};

/* Handshake #1 is sent after the payload was started, which so need not wait for the supervisor to wake up. */
static void say_ready(struct init *i)
{
    struct message m = {.type = MESSAGE_READY, .program = (int)i->in->without, .figure = (int64_t)(clock_ms() * 1000)};
    if (message_send(i->in->control, &m, i->in->fds) < 0)
        _exit(1);
    for (int fd = 0; fd < FD_COUNT; fd++)
        own_close(&i->in->fds[fd]);
}

/* name: of the extension, or NULL for the payload. */
static void start_program(struct init *i, int program, const char *name, bool framed)
{
    struct message m = {.type = MESSAGE_STARTED, .program = program};
    const struct sandbox_spec *spec = i->in->spec;
    pid_t pid = spec->one_shot ? payload_begin(spec, &m.err) : payload_start(spec, name, framed, i->in->control, &m.err);
    if (!i->told_ready)
        say_ready(i);
    i->told_ready = true;
    i->programs[program] = pid > 0 ? pid : 0;
    m.type = pid > 0 ? MESSAGE_STARTED : MESSAGE_NOT_STARTED;
    m.value = pid > 0 ? pid : m.err.no;
    message_send(i->in->control, &m, NULL);
    if (pid < 0 && spec->one_shot)
        _exit(0);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_extension(const struct dirent *e)
{
    struct stat st;
    char path[PATH_MAX];
    snprintf(path, sizeof path, EXTENSIONS_DIR "/%s", e->d_name);
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && !(stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static void find_extensions(struct init *i)
{
    struct dirent **found;
    int n = scandir(EXTENSIONS_DIR, &found, is_extension, by_name);
    if (n < 0)
        return;
    for (int k = 0; k < n; k++) {
        if (k < PROGRAMS_MAX - PROGRAM_EXTENSION)
            snprintf(i->names[k], sizeof i->names[k], "%s", found[k]->d_name);
        free(found[k]);
    }
    free(found);
    i->extensions = n;
}

/* Returns whether there are any: the payload then waits until all have registered. */
static bool start_extensions(struct init *i)
{
    if (!i->in->spec->extension_envp || i->extensions == 0 || access(EXTENSIONS_OFF, F_OK) == 0)
        return false;
    if (!i->told_ready)
        say_ready(i);
    i->told_ready = true;
    message_send(i->in->control, &(struct message){.type = MESSAGE_EXTENSIONS, .value = i->extensions}, NULL);
    if (PROGRAM_EXTENSION + i->extensions > PROGRAMS_MAX)
        return true;
    for (int k = 0; k < i->extensions; k++) {
        struct message m = {.type = MESSAGE_EXTENSION, .program = PROGRAM_EXTENSION + k};
        snprintf(m.err.path, sizeof m.err.path, "%s", i->names[k]);
        message_send(i->in->control, &m, NULL);
        start_program(i, PROGRAM_EXTENSION + k, i->names[k], false);
    }
    return true;
}

static void start(struct init *i)
{
    if (!start_extensions(i))
        start_program(i, PROGRAM_PAYLOAD, NULL, false);
}

static void say_ended(const struct init *i, int program, int status, int64_t max_rss)
{
    struct message m = {.type = MESSAGE_EXITED, .program = program, .value = status, .figure = max_rss, .written = use_written(i->in->io)};
    if (m.written >= 0)
        m.written -= i->written;
    if (i->in->spec->one_shot && payload_failed(&m.err) < 0) {
        m.type = MESSAGE_NOT_STARTED;
        m.value = m.err.no;
    }
    message_send(i->in->control, &m, NULL);
}

/* Returns whether a child was reaped, or let go. */
static bool reap(struct init *i, int flags)
{
    int status;
    struct rusage use;
    pid_t pid = wait4(-1, &status, flags, &use);
    if (pid <= 0)
        return false;
    if (WIFSTOPPED(status)) { /* where no policy refuses it, a child may take its parent, us, as its tracer: we are not one */
        ptrace(PTRACE_DETACH, pid, NULL, WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
        return true;
    }
    for (int k = 0; k < PROGRAMS_MAX; k++)
        if (pid == i->programs[k]) {
            i->programs[k] = 0;
            say_ended(i, k, status, use.ru_maxrss * 1024L);
            if (i->in->spec->one_shot) /* nothing else is asked of us: spare the supervisor's SIGKILL and the wait for it */
                _exit(0);
        }
    return true;
}

/* What the System V objects of a namespace are found by. STAT_ANY, since an owner who may not read one may remove it. */
static void remove_ipc(void)
{
    struct shm_info shm;
    struct msginfo msg;
    struct seminfo sem;
    struct shmid_ds shm_of;
    struct msqid_ds msg_of;
    struct semid_ds sem_of;
    for (int k = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&shm); k >= 0; k--)
        shmctl(shmctl(k, SHM_STAT_ANY, &shm_of), IPC_RMID, NULL);
    for (int k = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&msg); k >= 0; k--)
        msgctl(msgctl(k, MSG_STAT_ANY, &msg_of), IPC_RMID, NULL);
    for (int k = semctl(0, 0, SEM_INFO, &sem); k >= 0; k--)
        semctl(semctl(k, 0, SEM_STAT_ANY, &sem_of), 0, IPC_RMID);
}

/* kill(-1) from process 1 reaches everything else in the namespace, children of children that called setsid too. */
static void kill_all(struct init *i)
{
    share_set(&i->share, 0, true);
    i->frozen = false;
    memset(i->programs, 0, sizeof i->programs); /* no report: the supervisor asked for it */
    kill(-1, SIGKILL);
    while (reap(i, 0))
        kill(-1, SIGKILL);
    remove_ipc();
    message_send(i->in->control, &(struct message){.type = MESSAGE_GONE}, NULL);
}

/* A socket stays in the network it was made in: lrun connects this one from outside. */
static void give_socket(struct init *i)
{
    int fds[FD_COUNT] = FDS_NONE;
    fds[FD_SOCKET] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    message_send(i->in->control, &(struct message){.type = MESSAGE_SOCKET}, fds);
    own_close(&fds[FD_SOCKET]);
}

static void set_frozen(struct init *i, bool frozen)
{
    i->frozen = frozen;
    if (frozen || !share_holds(&i->share))
        kill(-1, frozen ? SIGSTOP : SIGCONT);
}

/* It leads a session, or will: then there is nothing but itself yet. */
static void kill_group(pid_t program, int signal)
{
    if (kill(-program, signal) < 0)
        kill(program, signal);
}

static void obey(struct init *i, const struct message *m)
{
    switch (m->type) {
    case MESSAGE_START: start(i); break;
    case MESSAGE_START_RUNTIME: start_program(i, PROGRAM_PAYLOAD, NULL, true); break;
    case MESSAGE_FREEZE: set_frozen(i, true); break;
    case MESSAGE_THAW: set_frozen(i, false); break;
    case MESSAGE_SHARE: share_set(&i->share, (double)m->value / SHARE_WHOLE_MB, i->frozen); break;
    case MESSAGE_SIGNAL:
        if (m->program >= 0 && m->program < PROGRAMS_MAX && i->programs[m->program])
            kill_group(i->programs[m->program], m->value);
        break;
    case MESSAGE_KILL: kill_all(i); break;
    case MESSAGE_SOCKET: give_socket(i); break;
    case MESSAGE_HANGUP: _exit(0); /* the supervisor is gone: nothing may outlive it */
    default: break;
    }
}

/* select, since poll refuses two descriptors to a process whose RLIMIT_NOFILE is below two: a payload that no policy holds can set
 * that on us. ms -1: for ever. Both are below FD_SETSIZE: sandbox.c saw to that. */
static void await(int control, int children, int ms, fd_set *ret_ready)
{
    struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    FD_ZERO(ret_ready);
    FD_SET(control, ret_ready);
    FD_SET(children, ret_ready);
    if (select((control > children ? control : children) + 1, ret_ready, NULL, NULL, ms < 0 ? NULL : &time) < 0)
        FD_ZERO(ret_ready);
}

/* Returns whether there may be more: signals from inside and orphans without end must not keep us from the supervisor. */
static bool hear_of_children(struct init *i, int children)
{
    enum { AT_ONCE = 64 };
    struct signalfd_siginfo signals[16];
    bool more = read(children, signals, sizeof signals) == sizeof signals;
    int k = 0;
    while (k < AT_ONCE && reap(i, WNOHANG))
        k++;
    return more || k == AT_ONCE;
}

_Noreturn void init_main(struct inside *in)
{
    static struct init i;
    i.in = in;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    int children = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (children < 0) {
        struct message m = {.type = MESSAGE_FAILED};
        fail(&m.err, errno, NULL, "watch for the end of processes");
        message_send(in->control, &m, NULL);
        _exit(1);
    }
    if (in->spec->extension_envp)
        find_extensions(&i);
    i.written = use_written(in->io);
    start(&i);
    if (!in->spec->one_shot)
        in->spec = forget_all_but(in->spec);
    for (bool more = false;;) {
        struct message m;
        fd_set ready;
        int ms = share_look(&i.share, i.frozen);
        await(in->control, children, more ? 0 : ms, &ready);
        if (FD_ISSET(children, &ready) || more)
            more = hear_of_children(&i, children);
        if (FD_ISSET(in->control, &ready) && message_receive(in->control, &m, NULL, false) == 1)
            obey(&i, &m);
    }
}
