/* SPDX-License-Identifier: Apache-2.0 */
/* network.c: the network that --net asks for. Debuggers' connections are forward.c. To save a launch time, a child of lrun's makes the
 * network namespace while init mounts, if a processor is free for it: it joins init's user namespace, unshares, brings the loopback up,
 * and hands the namespace over by descriptor. If that child dies, init makes its own. pasta runs
 * as lrun's child in the foreground, so that it ends with lrun (PDEATHSIG). */
#include "launcher/sandbox/network.h"

#include "base/descriptors.h"
#include "base/fs.h"
#include "base/helper.h"
#include "base/own.h"
#include "launcher/sandbox/message.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const char *const NAMES[] = {
    [NET_NONE] = "none", [NET_HOST] = "host", [NET_USER] = "user", [NET_BLACKHOLE] = "blackhole", [NET_ALLOW] = "allow"};

const char *network_name(enum net net)
{
    return NAMES[net];
}

/* ---- the namespace ---- */

/* The processes of the whole machine count, also where lrun may use some of its processors only. */
bool network_aside_pays(const char *loadavg, int processors)
{
    char *end;
    for (int averages = 3; averages > 0; averages--) {
        loadavg = strchr(loadavg, ' ');
        if (!loadavg)
            return false;
        loadavg++;
    }
    unsigned long running = strtoul(loadavg, &end, 10); /* lrun, which reads it, is one of them */
    return isdigit((unsigned char)*loadavg) && *end == '/' && processors > 1 && running <= (unsigned long)processors;
}

void network_aside_prepare(enum net net, const char *address, struct network_aside *ret)
{
    cpu_set_t cpus;
    char load[80];
    int pair[2];
    *ret = (struct network_aside){.from = -1, .to = -1};
    if (net == NET_HOST || sched_getaffinity(0, sizeof cpus, &cpus) < 0 || CPU_COUNT(&cpus) < 2 ||
        fs_read_small(AT_FDCWD, "/proc/loadavg", load, sizeof load) < 0 || !network_aside_pays(load, CPU_COUNT(&cpus)) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return;
    *ret = (struct network_aside){.from = pair[0], .to = pair[1], .address = address};
}

static int lo_request(int s, unsigned long request, const char *address, struct err *err)
{
    struct ifreq r = {0};
    struct sockaddr_in *a = (struct sockaddr_in *)(void *)&r.ifr_addr;
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", address ? "lo:1" : "lo");
    if (address) {
        a->sin_family = AF_INET;
        inet_pton(AF_INET, address, &a->sin_addr);
    } else {
        r.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
    }
    return ioctl(s, request, &r) < 0 ? fail(err, errno, address ? address : "lo", "set up the loopback interface") : 0;
}

/* The mask matters: with the class's /16 the metadata address 169.254.169.254 would become local too. */
int network_loopback(const char *address, struct err *err)
{
    OWN_FD int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return fail(err, errno, NULL, "make a socket to set up the loopback interface");
    if (lo_request(s, SIOCSIFFLAGS, NULL, err) < 0)
        return -1;
    if (!address)
        return 0;
    return lo_request(s, SIOCSIFADDR, address, err) < 0 ? -1 : lo_request(s, SIOCSIFNETMASK, "255.255.255.255", err);
}

static _Noreturn void make_aside(const struct network_aside *a, int init_pidfd, pid_t lrun)
{
    int fds[FD_COUNT] = FDS_NONE;
    const int kept[] = {a->to, init_pidfd};
    /* The signal comes for a death after that call only, so an lrun that died before it is looked for. */
    if (descriptors_keep(kept, COUNT(kept)) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != lrun)
        _exit(1);
    struct message m = {.type = MESSAGE_GO};
    if (setns(init_pidfd, CLONE_NEWUSER) == 0 && unshare(CLONE_NEWNET) == 0)
        fds[FD_SOCKET] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    m.program = fds[FD_SOCKET] >= 0 && network_loopback(a->address, &m.err) == 0; /* else init tries, and says why not */
    message_send(a->to, &m, fds);
    _exit(0);
}

void network_aside_begin(struct network_aside *a, int init_pidfd)
{
    pid_t lrun = getpid(), pid = a->to < 0 ? -1 : fork();
    if (pid == 0)
        make_aside(a, init_pidfd, lrun);
    a->pid = pid > 0 ? pid : 0;
    own_close(&a->from);
    own_close(&a->to); /* the child alone holds it: if that dies, init hears it */
}

void network_aside_done(struct network_aside *a)
{
    own_close(&a->from);
    own_close(&a->to);
}

void network_aside_reap(pid_t *child)
{
    while (*child > 0 && waitpid(*child, NULL, 0) < 0 && errno == EINTR)
        ;
    *child = 0;
}

int network_enter(int *from, bool *ret_loopback, struct err *err)
{
    struct message m;
    int fds[FD_COUNT] = FDS_NONE;
    bool told = *from >= 0 && message_receive(*from, &m, fds, true) == 1 && fds[FD_SOCKET] >= 0;
    own_close(from);
    bool joined = told && setns(fds[FD_SOCKET], CLONE_NEWNET) == 0;
    own_close(&fds[FD_SOCKET]);
    *ret_loopback = joined && m.program == 1;
    return joined || unshare(CLONE_NEWNET) == 0 ? 0 : fail(err, errno, NULL, "make the sandbox's network namespace");
}

/* ---- pasta ---- */

static const char *const PLACES[] = {"/usr/bin/pasta", "/usr/local/bin/pasta", "/bin/pasta"};

/* No way back in: no forwarded ports in either direction, no address that stands for the host. IPv4 only, as most
 * functions on Lambda. Names are asked for at the address of AWS's own resolver, which pasta maps to the host's. */
static const char *const OPTIONS[] = {
    "pasta", "--foreground", "--quiet", "--config-net", "--no-map-gw", "--ipv4-only",   "--tcp-ports",     "none",  "--udp-ports",
    "none",  "--tcp-ns",     "none",    "--udp-ns",     "none",        "--dns-forward", "169.254.169.253", "--pid", "/dev/stdout"};

static int open_pasta(struct err *err)
{
    for (size_t i = 0; i < COUNT(PLACES); i++) {
        int fd = open(PLACES[i], O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            return fd;
    }
    fail(err, ENOENT, "pasta", "find the program that --net user needs");
    return fail_hint(err, "install the package passt");
}

/* In the foreground it stays our child: a daemon would outlive the sandbox. */
static _Noreturn void become_pasta(int program, pid_t sandbox, pid_t lrun, int out, int errors)
{
    char pid[24];
    const char *argv[COUNT(OPTIONS) + 2];
    memcpy(argv, OPTIONS, sizeof OPTIONS);
    snprintf(pid, sizeof pid, "%d", sandbox);
    argv[COUNT(OPTIONS)] = pid;
    argv[COUNT(OPTIONS) + 1] = NULL;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != lrun)
        _exit(126);
    const int fds[] = {-1, out, errors};
    helper_become(program, (char *const *)(uintptr_t)argv, fds, COUNT(fds));
}

/* The hint: /dev/net/tun if that is the cause, for which pasta has no good message, else pasta's last line. */
static int explain(int errors, struct err *err)
{
    char text[1024] = "";
    ssize_t n = pread(errors, text, sizeof text - 1, 0);
    fail(err, 0, NULL, "set up the network: pasta failed");
    if (access("/dev/net/tun", R_OK | W_OK) < 0)
        return fail_hint(err, "/dev/net/tun must be readable and writable for everyone, as udev makes it: sudo chmod 666 /dev/net/tun");
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == 0))
        text[--n] = 0;
    const char *last = strrchr(text, '\n');
    return fail_hint(err, "pasta says: %s", n > 0 ? last ? last + 1 : text : "nothing");
}

int network_attach(pid_t pid, pid_t *ret_pasta, struct err *err)
{
    enum { PATIENCE_MS = 10000 };
    int ends[2];
    char line[32];
    pid_t lrun = getpid();
    OWN_FD int program = open_pasta(err);
    OWN_FD int errors = memfd_create("pasta", MFD_CLOEXEC);
    if (program < 0)
        return -1;
    if (errors < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe for pasta");
    pid_t pasta = fork();
    if (pasta == 0)
        become_pasta(program, pid, lrun, ends[1], errors);
    int no = errno;
    close(ends[1]);
    OWN_FD int out = ends[0];
    if (pasta < 0)
        return fail(err, no, "pasta", "start");
    /* pasta writes its pid when the network is set up. */
    struct pollfd p = {.fd = out, .events = POLLIN};
    int waited;
    while ((waited = poll(&p, 1, PATIENCE_MS)) < 0 && errno == EINTR)
        ;
    if (waited == 1 && read(out, line, sizeof line) > 0) {
        *ret_pasta = pasta;
        return 0;
    }
    kill(pasta, SIGKILL);
    while (waitpid(pasta, NULL, 0) < 0 && errno == EINTR)
        ;
    return explain(errors, err);
}

/* Credentials of the machine lrun runs on, if that is in a cloud; no function on Lambda reaches the address either. It goes
 * before pasta's default route. */
int network_hide_metadata(struct err *err)
{
    struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST | RTF_REJECT};
    struct sockaddr_in metadata = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xa9fea9fe) /* 169.254.169.254 */};
    memcpy(&route.rt_dst, &metadata, sizeof metadata);
    OWN_FD int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return s < 0 || ioctl(s, SIOCADDRT, &route) < 0 ? fail(err, errno, "169.254.169.254", "hide the machine's metadata service") : 0;
}

/* A packet that is routed to lo and has no local address is dropped, since forwarding is off: no error comes back. */
int network_blackhole(struct err *err)
{
    struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = (char *)(uintptr_t) "lo"};
    struct sockaddr_in any = {.sin_family = AF_INET};
    memcpy(&route.rt_dst, &any, sizeof any);
    memcpy(&route.rt_genmask, &any, sizeof any);
    OWN_FD int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return s < 0 || ioctl(s, SIOCADDRT, &route) < 0 ? fail(err, errno, NULL, "set the blackhole route") : 0;
}
