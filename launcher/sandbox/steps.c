/* SPDX-License-Identifier: Apache-2.0 */
/* steps.c: from clone to init. THE STEP TABLE is at the end; its order is the design.
 *
 * INSIDE, from clone on. Talks to the supervisor through one socket only.
 *   user    new; unmapped           until step "map"
 *   mount   new; the host's tree    until step "pivot"
 *   pid     new; we are 1
 *   net     the host's              until step "network", unless clone made it; then new, lo down until "loopback"
 *   ipc     new, empty
 *   uts     new                     named in step "hostname"
 *   cgroup  new, rooted where we are
 *   caps    all, in the new user namespace only, until step "caps" */
#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "launcher/sandbox/forget.h"
#include "launcher/sandbox/inside.h"
#include "launcher/sandbox/placed.h"
#include "launcher/sandbox/sandbox.h"
#include "mounts/apply.h"
#include "mounts/pivot.h"
#include "policy/caps.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* Killed supervisors: PDEATHSIG alone misses one that died before this call, so the hang-up is looked for after it. */
static int step_parent(struct inside *in, struct err *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return fail(err, errno, NULL, "set the parent-death signal");
    struct pollfd p = {.fd = in->control};
    if (poll(&p, 1, 0) > 0 && p.revents & POLLHUP)
        _exit(1);
    return 0;
}

static int write_proc(const char *path, const char *text, struct err *err)
{
    OWN_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return fail(err, errno, path, "write to");
    return 0;
}

/* setgroups first: leaving a group can gain access (mode 0705 shuts the group out), so the kernel lets an unprivileged
 * process map a gid only once it can no longer change its groups (user_namespaces(7)). */
static int step_map(struct inside *in, struct err *err)
{
    char map[64];
    if (write_proc("/proc/self/setgroups", "deny", err) < 0 && err->no != ENOENT)
        return -1;
    snprintf(map, sizeof map, "%d %u 1", INSIDE_UID, in->outer_uid);
    if (write_proc("/proc/self/uid_map", map, err) < 0)
        return -1;
    snprintf(map, sizeof map, "%d %u 1", INSIDE_GID, in->outer_gid);
    return write_proc("/proc/self/gid_map", map, err);
}

static int step_private(struct inside *in, struct err *err)
{
    (void)in;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fail(err, errno, "/", "keep the sandbox's mounts from the host");
    return 0;
}

/* The kernel's OOM killer shall choose processes of the sandbox first. Raising the score needs no privilege; children inherit it. */
static int step_oom(struct inside *in, struct err *err)
{
    (void)in;
    return write_proc("/proc/self/oom_score_adj", "1000", err);
}

static int step_root(struct inside *in, struct err *err)
{
    return apply_plan(in->spec->plan, in->prepared, &in->root, &in->without, err);
}

static int step_pivot(struct inside *in, struct err *err)
{
    char cwd[8] = "";
    if (pivot_to(in->root, err) < 0)
        return -1;
    own_close(&in->root);
    if (syscall(SYS_getcwd, cwd, sizeof cwd) < 0)
        return fail(err, errno, NULL, "check that the host's root was left");
    if (strcmp(cwd, "/") != 0)
        return fail(err, 0, cwd, "leave the host's root: the directory is still outside");
    return 0;
}

static int step_hostname(struct inside *in, struct err *err)
{
    static const char NAME[] = "169.254.100.6"; /* our choice: on Lambda a link-local address, today's is not known */
    (void)in;
    return sethostname(NAME, sizeof NAME - 1) < 0 ? fail(err, errno, NAME, "name the host") : 0;
}

/* If no child makes the network namespace aside (no processor was free), clone3 has made it. */
static int step_network(struct inside *in, struct err *err)
{
    return in->network < 0 ? 0 : network_enter(&in->network, &in->loopback, err);
}

static int step_loopback(struct inside *in, struct err *err)
{
    return in->spec->net == NET_HOST || in->loopback ? 0 : network_loopback(in->spec->api ? API_ADDRESS : NULL, err);
}

/* A socket stays in the network namespace it was made in: the supervisor serves it from outside. */
static int step_listen(struct inside *in, struct err *err)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(API_PORT)};
    if (!in->spec->api || in->spec->net == NET_HOST)
        return 0;
    inet_pton(AF_INET, API_ADDRESS, &a.sin_addr);
    OWN_FD int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 128) < 0)
        return fail(err, errno, API_ADDRESS, "listen for the Runtime API at");
    in->fds[FD_LISTEN] = take_fd(&s);
    return 0;
}

static int step_doors(struct inside *in, struct err *err)
{
    int status = in->relay < 0 ? 0 : doors_make(&in->spec->doors->doors, in->relay, err);
    own_close(&in->relay);
    return status;
}

bool is_attached(const struct sandbox_spec *spec)
{
    return spec->net == NET_USER || spec->keep || (spec->cgroup && spec->cgroup->procs >= 0);
}

/* Who uses a prepared skeleton goes on when lrun has found it whole: by now it has, as a rule. */
static int step_attach(struct inside *in, struct err *err)
{
    struct message m;
    if (in->spec->net == NET_BLACKHOLE && network_blackhole(err) < 0)
        return -1;
    if (!is_attached(in->spec) && !in->prepared)
        return 0;
    if ((is_attached(in->spec) && message_send(in->control, &(struct message){.type = MESSAGE_ATTACH}, NULL) < 0) ||
        message_receive(in->control, &m, NULL, true) < 0)
        return fail(err, errno, NULL, "wait to be attached");
    if (m.type != MESSAGE_GO)
        _exit(1); /* lrun is gone, or its work on the namespaces failed */
    return in->spec->net == NET_USER ? network_hide_metadata(err) : 0;
}

/* The descriptor of an absent file stays -1: a kernel without SysV segments, a sandbox without /dev/shm. */
static int step_handout(struct inside *in, struct err *err)
{
    if (in->spec->heard_at_end && !in->spec->metered)
        return 0; /* nobody would take them before the end */
    if (in->spec->metered)
        in->io = open("/proc/self/io", O_RDONLY | O_CLOEXEC);
    in->fds[FD_PROC] = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (in->spec->wants_tmp)
        in->fds[FD_TMP] = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (in->spec->watched) {
        in->fds[FD_SHM] = open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        in->fds[FD_SEGMENTS] = open("/proc/sysvipc/shm", O_RDONLY | O_CLOEXEC); /* stays with the namespace it was opened in */
    }
    return in->fds[FD_PROC] < 0 || (in->spec->wants_tmp && in->fds[FD_TMP] < 0) ? fail(err, errno, "/proc", "open for lrun") : 0;
}

static int step_place(struct inside *in, struct err *err)
{
    return in->spec->placed ? placed_make(in->spec->placed, err) : 0;
}

static int step_scrub(struct inside *in, struct err *err)
{
    forget_caller(in->spec->caller_argv);
    prctl(PR_SET_NAME, "init");
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? fail(err, errno, NULL, "keep init's memory to itself") : 0;
}

static int step_bound(struct inside *in, struct err *err)
{
    (void)in;
    return caps_bound(err);
}

static int step_caps(struct inside *in, struct err *err)
{
    (void)in;
    return caps_drop(err);
}

static const struct step {
    const char *name;
    int (*run)(struct inside *, struct err *);
    const char *why_here;
} STEPS[] = {
    {"parent", step_parent, "first: whatever goes wrong below, a killed lrun must take us along"},
    {"map", step_map, "files made below must have an owner; the host's /proc is still there to write to"},
    {"private", step_private, "before the first mount: none of ours may reach the host"},
    {"oom", step_oom, "while /proc/self is ours: once undumpable it is not"},
    {"root", step_root, "builds the tree while host paths can still be opened"},
    {"pivot", step_pivot, "from here on the host's files have no name"},
    {"hostname", step_hostname, "needs capabilities"},
    {"bound", step_bound, "takes a while, in which the network is made; those we have stay"},
    {"network", step_network, "as late as can be: it is made meanwhile"},
    {"loopback", step_loopback, "needs capabilities"},
    {"listen", step_listen, "its address exists since loopback"},
    {"doors", step_doors, "needs capabilities, for addresses and low ports"},
    {"attach", step_attach,
     "needs capabilities, and pasta a process whose namespaces can be opened; before there are more processes to move"},
    {"handout", step_handout, "after pivot: the sandbox's /proc and /tmp, not the host's"},
    {"place", step_place, "after attach, when lrun has checked what /tmp lies in; nothing runs yet that could move a name"},
    {"scrub", step_scrub, "nothing below reads the environment; no payload exists yet to read ours"},
    {"caps", step_caps, "last: everything above needs them, nothing below does"},
};

int steps_walk(struct inside *in, struct err *err)
{
    for (size_t i = 0; i < COUNT(STEPS); i++)
        if (STEPS[i].run(in, err) < 0) {
            snprintf(err->step, sizeof err->step, "%s", STEPS[i].name);
            return -1;
        }
    return 0;
}
