/* SPDX-License-Identifier: Apache-2.0 */
/* passage.c: resolving, connecting, copying. A name is resolved anew for each connection, each of its addresses is judged, and the one
 * that passed is the one that is connected to: nothing is looked up twice, so an answer that changes in between changes nothing. Bytes
 * wait in one buffer a direction, and a side that does not read so stops the other. TCP ends in each direction by itself (shutdown(2),
 * SHUT_WR); a connection that breaks off here breaks off there (SO_LINGER with no time sends a reset). */
#include "relay/passage.h"

#include "base/own.h"
#include "relay/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { CONNECT_MS = 10000, FLOW_BYTES = 32 << 10 };

/* ---- the way there ---- */

static int await_connected(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int got, no = 0;
    socklen_t size = sizeof no;
    while ((got = poll(&p, 1, CONNECT_MS)) < 0 && errno == EINTR)
        ;
    if (got == 0)
        return ETIMEDOUT;
    return got < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &no, &size) < 0 ? errno : no;
}

/* Returns 0 or an errno. */
static int try_address(const struct sockaddr *to, socklen_t size, int *ret)
{
    OWN_FD int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, to, size) < 0) {
        int no = errno == EINPROGRESS ? await_connected(fd) : errno;
        if (no)
            return no;
    }
    *ret = take_fd(&fd);
    return 0;
}

static void explain_refused(const struct door *d, const char *address, enum address_kind kind, char *why)
{
    int n = snprintf(why, PASSAGE_WHY_MAX, "it resolves to %s, %s", address, address_kind_text(kind));
    if (kind == ADDRESS_METADATA)
        snprintf(why + n, (size_t)(PASSAGE_WHY_MAX - n), ": only a door with this address in place of a name leads there");
    else if (kind != ADDRESS_UNUSABLE)
        snprintf(why + n, (size_t)(PASSAGE_WHY_MAX - n), ": write %s:%u/private if it shall lead there", d->host, d->port);
}

/* Judges and tries one of the door's addresses. */
static bool go_to(const struct door *d, const struct sockaddr *to, socklen_t size, int *ret, char *why)
{
    char address[INET6_ADDRSTRLEN + 16] = "?", reason[128];
    getnameinfo(to, size, address, sizeof address, NULL, 0, NI_NUMERICHOST);
    if (!door_leads_to(d, to)) {
        explain_refused(d, address, address_kind(to), why);
        return false;
    }
    int no = try_address(to, size, ret);
    if (no)
        snprintf(why, PASSAGE_WHY_MAX, "cannot connect to %s: %s", address, strerror_r(no, reason, sizeof reason));
    return !no;
}

static bool connect_literal(const struct door *d, int *ret, char *why)
{
    static const char *const LOOPBACKS[] = {"127.0.0.1", "::1"};
    struct sockaddr_storage to;
    char second[PASSAGE_WHY_MAX]; /* of ::1, where few servers listen, it is not told */
    if (d->literal)
        return go_to(d, (const struct sockaddr *)&to, door_address(d->host, d->port, &to), ret, why);
    return go_to(d, (const struct sockaddr *)&to, door_address(LOOPBACKS[0], d->port, &to), ret, why) ||
           go_to(d, (const struct sockaddr *)&to, door_address(LOOPBACKS[1], d->port, &to), ret, second);
}

static bool connect_name(const struct door *d, int *ret, char *why)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list;
    char port[8], reason[128];
    snprintf(port, sizeof port, "%u", d->port);
    int failed = getaddrinfo(d->host, port, &hints, &list);
    if (failed) {
        snprintf(why, PASSAGE_WHY_MAX, "cannot resolve %s: %s", d->host,
                 failed == EAI_SYSTEM ? strerror_r(errno, reason, sizeof reason) : gai_strerror(failed));
        return false;
    }
    bool there = false;
    for (const struct addrinfo *a = list; a && !there; a = a->ai_next)
        there = go_to(d, a->ai_addr, a->ai_addrlen, ret, why);
    freeaddrinfo(list);
    return there;
}

/* ---- the bytes ---- */

struct flow { /* of one direction */
    int from, to;
    char *bytes; /* FLOW_BYTES */
    size_t at, n;
    bool ended, passed; /* nothing more comes; and that has been passed on */
};

/* Returns false if the connection broke. */
static bool advance(struct flow *f, bool readable, bool writable)
{
    if (readable && !f->n && !f->ended) {
        ssize_t n = recv(f->from, f->bytes, FLOW_BYTES, 0);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        f->ended = n == 0;
        f->at = 0;
        f->n = n > 0 ? (size_t)n : 0;
        writable = true; /* as a rule it is */
    }
    if (writable && f->n) {
        ssize_t n = send(f->to, f->bytes + f->at, f->n, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        f->at += n > 0 ? (size_t)n : 0;
        f->n -= n > 0 ? (size_t)n : 0;
    }
    if (f->ended && !f->n && !f->passed) {
        shutdown(f->to, SHUT_WR);
        f->passed = true;
    }
    return true;
}

static short wanted(const struct flow *reads, const struct flow *writes)
{
    return (short)((!reads->ended && !reads->n ? POLLIN : 0) | (writes->n ? POLLOUT : 0));
}

/* Returns whether both directions came to their ends. A side that nothing is wanted of is not polled: it would be reported for ever if
 * it has hung up. */
static bool copy(int client, int server)
{
    char there[FLOW_BYTES], back[FLOW_BYTES];
    struct flow out = {.from = client, .to = server, .bytes = there}, in = {.from = server, .to = client, .bytes = back};
    while (!out.passed || !in.passed) {
        struct pollfd p[] = {{.fd = client, .events = wanted(&out, &in)}, {.fd = server, .events = wanted(&in, &out)}};
        for (size_t i = 0; i < COUNT(p); i++)
            if (!p[i].events)
                p[i].fd = -1;
        if (poll(p, COUNT(p), -1) < 0) {
            if (errno == EINTR)
                continue;
            return false;
        }
        enum { READS = POLLIN | POLLHUP | POLLERR, WRITES = POLLOUT | POLLHUP | POLLERR };
        if (!advance(&out, p[0].revents & READS, p[1].revents & WRITES) || !advance(&in, p[1].revents & READS, p[0].revents & WRITES))
            return false;
    }
    return true;
}

void passage_reset(int *fd)
{
    setsockopt(*fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    own_close(fd);
}

void passage_run(const struct door *d, int client, void (*tell)(const struct door *d, const char *why))
{
    char why[PASSAGE_WHY_MAX] = "";
    int server = -1;
    bool there = d->literal || d->localhost ? connect_literal(d, &server, why) : connect_name(d, &server, why);
    if (!there) {
        tell(d, why);
        passage_reset(&client);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (copy(client, server)) {
        own_close(&client);
        own_close(&server);
    } else {
        passage_reset(&client);
        passage_reset(&server);
    }
}
