/* SPDX-License-Identifier: Apache-2.0 */
/* doors.c: starting and ending lrun-relay, and what process 1 does for it. What lrun-relay does is relay/. A socket stays in the network
 * namespace it was made in: process 1 makes the listeners while it has its capabilities (addresses, ports below 1024), and lrun-relay,
 * which is outside, accepts from them. It is lrun's child in the foreground, as pasta is, and has no descriptor but its two sockets, so
 * that no sandbox, client or cache is within its reach. Its end shuts the doors: connections break off, new ones are refused. */
#include "launcher/sandbox/doors.h"

#include "base/helper.h"
#include "base/own.h"
#include "relay/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* ---- lrun's side ---- */

static _Noreturn void become_relay(const struct doorway *d, int listeners, int notes, pid_t lrun)
{
    char *const argv[] = {(char *)(uintptr_t) "lrun-relay", (char *)(uintptr_t)d->text, NULL};
    const int fds[RELAY_FDS + 1] = {[RELAY_LISTENERS] = listeners, [RELAY_NOTES] = notes, [RELAY_FDS] = -1};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != lrun)
        _exit(126);
    helper_become(d->program, argv, fds, COUNT(fds));
}

int relay_start(const struct doorway *d, struct relay *ret, int *ret_inside, struct err *err)
{
    int listeners[2], notes[2];
    pid_t lrun = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, listeners) < 0)
        return fail(err, errno, NULL, "make a socket for lrun-relay");
    OWN_FD int inside = listeners[0], its_listeners = listeners[1];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, notes) < 0)
        return fail(err, errno, NULL, "make a socket for lrun-relay");
    OWN_FD int mine = notes[0], its_notes = notes[1];
    pid_t pid = fork();
    if (pid == 0)
        become_relay(d, its_listeners, its_notes, lrun);
    if (pid < 0)
        return fail(err, errno, "lrun-relay", "start");
    *ret = (struct relay){.pid = pid, .notes = take_fd(&mine)};
    *ret_inside = take_fd(&inside);
    return 0;
}

int relay_hear(struct relay *r, char *line, size_t size)
{
    ssize_t n;
    if (r->notes < 0)
        return -1;
    while ((n = recv(r->notes, line, size - 1, MSG_DONTWAIT)) < 0 && errno == EINTR)
        ;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    line[n > 0 ? n : 0] = 0;
    return n > 0 ? 1 : -1;
}

void relay_done(struct relay *r)
{
    own_close(&r->notes);
    if (r->pid <= 0)
        return;
    kill(r->pid, SIGKILL);
    while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    r->pid = 0;
}

/* ---- inside ---- */

static int add_v4(const struct sockaddr_storage *a, size_t number)
{
    struct ifreq r = {0};
    struct sockaddr_in mask = {.sin_family = AF_INET, .sin_addr.s_addr = INADDR_NONE /* it alone */};
    OWN_FD int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(r.ifr_name, sizeof r.ifr_name, "lo:d%u", (unsigned)number & 0xfff); /* there are 32 at most */
    memcpy(&r.ifr_addr, a, sizeof r.ifr_addr);
    if (s < 0 || ioctl(s, SIOCSIFADDR, &r) < 0)
        return -1;
    memcpy(&r.ifr_netmask, &mask, sizeof mask);
    return ioctl(s, SIOCSIFNETMASK, &r);
}

static int add_v6(const struct sockaddr_storage *a)
{
    struct sockaddr_in6 v6;
    struct in6_ifreq r = {.ifr6_prefixlen = 128, .ifr6_ifindex = (int)if_nametoindex("lo")};
    OWN_FD int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(&v6, a, sizeof v6);
    r.ifr6_addr = v6.sin6_addr;
    return s < 0 ? -1 : ioctl(s, SIOCSIFADDR, &r) < 0 && errno != EEXIST ? -1 : 0;
}

/* 127.0.0.0/8 and ::1 are there; an address that another door has too is added once. */
static int add_address(const struct doors *doors, size_t number)
{
    struct sockaddr_storage a;
    const struct door *d = &doors->at[number];
    door_address(d->inside, d->port, &a);
    for (size_t i = 0; i < number; i++)
        if (strcmp(doors->at[i].inside, d->inside) == 0)
            return 0;
    if (a.ss_family == AF_INET6)
        return strcmp(d->inside, "::1") == 0 ? 0 : add_v6(&a);
    return strncmp(d->inside, "127.", 4) == 0 ? 0 : add_v4(&a, number);
}

static int open_door(const struct door *d, int *ret)
{
    enum { BACKLOG = 512 };
    struct sockaddr_storage a;
    socklen_t size = door_address(d->inside, d->port, &a);
    OWN_FD int s = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A new IPv6 address is tentative for a moment, on a loopback too. */
    if (s < 0 || (a.ss_family == AF_INET6 && setsockopt(s, IPPROTO_IPV6, IPV6_FREEBIND, &(int){1}, sizeof(int)) < 0) ||
        bind(s, (const struct sockaddr *)&a, size) < 0 || listen(s, BACKLOG) < 0)
        return -1;
    *ret = take_fd(&s);
    return 0;
}

static int send_listeners(int relay, const int *listeners, size_t n)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int) * DOORS_MAX)];
    } control = {0};
    char byte = 'd';
    struct iovec io = {&byte, 1};
    struct msghdr h = {
        .msg_iov = &io,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = CMSG_SPACE(sizeof(int) * n),
    };
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * n);
    memcpy(CMSG_DATA(c), listeners, sizeof(int) * n);
    ssize_t sent;
    while ((sent = sendmsg(relay, &h, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return sent == 1 ? 0 : -1;
}

int doors_make(const struct doors *doors, int relay, struct err *err)
{
    int listeners[DOORS_MAX];
    size_t n = 0;
    int status = 0;
    for (; n < doors->n && status == 0; n++) {
        const struct door *d = &doors->at[n];
        listeners[n] = -1;
        if (add_address(doors, n) < 0)
            status = fail(err, errno, d->inside, "give the sandbox the address of its door to %.80s", d->host);
        else if (open_door(d, &listeners[n]) < 0)
            status = fail(err, errno, d->inside, "listen on port %u for the door to %.80s at", d->port, d->host);
    }
    /* If lrun-relay has ended, it has said why, or lrun says that it is gone: its doors are shut, and nothing else is wrong. */
    if (status == 0 && send_listeners(relay, listeners, n) < 0 && errno != EPIPE && errno != ECONNRESET)
        status = fail(err, errno, NULL, "hand the doors to lrun-relay");
    while (n > 0)
        own_close(&listeners[--n]);
    return status;
}
