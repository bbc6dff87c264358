/* SPDX-License-Identifier: Apache-2.0 */
/* message.c: one message in, one out, over SOCK_SEQPACKET: boundaries are kept, so a message is whole or not there. message.h has the
 * messages and their order; sandbox.c and init.c act on them. Descriptors travel as SCM_RIGHTS (unix(7)), packed; a bit each in
 * value tells which of them they are. If the receiver has no room for them the kernel drops some without an error, which the caller
 * finds by those bits. message_offer() never waits: the other side may be stopped. */
#include "launcher/sandbox/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int) * FD_COUNT)];
};

/* Sends only the fields that a message uses: most are a few bytes, and err is a thousand. */
static size_t message_size(const struct message *m)
{
    bool has_err = m->type == MESSAGE_FAILED || m->type == MESSAGE_NOT_STARTED || m->type == MESSAGE_EXTENSION;
    return has_err ? sizeof *m : offsetof(struct message, err);
}

int message_offer(int socket, const struct message *m)
{
    ssize_t sent;
    while ((sent = send(socket, m, message_size(m), MSG_NOSIGNAL | MSG_DONTWAIT)) < 0 && errno == EINTR)
        ;
    return sent < 0 ? -1 : 0;
}

int message_send(int socket, const struct message *m, const int *fds)
{
    union control control = {0};
    struct iovec io = {(void *)(uintptr_t)m, message_size(m)};
    struct msghdr h = {.msg_iov = &io, .msg_iovlen = 1};
    int packed[FD_COUNT], n = 0;
    struct message copy = *m;
    for (int i = 0; fds && i < FD_COUNT; i++)
        if (fds[i] >= 0) {
            packed[n++] = fds[i];
            copy.value |= 1 << i; /* READY: which of them there are */
        }
    if (n) {
        io.iov_base = &copy;
        h.msg_control = &control;
        h.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n);
        struct cmsghdr *c = CMSG_FIRSTHDR(&h);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n);
        memcpy(CMSG_DATA(c), packed, sizeof(int) * (size_t)n);
    }
    ssize_t sent;
    while ((sent = sendmsg(socket, &h, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return sent < 0 ? -1 : 0;
}

/* Hands out the descriptors by the bits of value, and closes what nobody has a place for. The padding of a control message has room for
 * one more than FD_COUNT. */
static void take_fds(struct msghdr *h, int value, int *ret_fds)
{
    int at = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c && c->cmsg_type == SCM_RIGHTS; c = CMSG_NXTHDR(h, c)) {
        const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            while (at < FD_COUNT && !(value & 1 << at))
                at++;
            if (ret_fds && at < FD_COUNT)
                ret_fds[at++] = fd;
            else
                close(fd);
        }
    }
}

/* Process 1 has the uid of the code that it started, so each message is checked before it is used. */
static void end_texts(struct err *err)
{
    err->step[sizeof err->step - 1] = 0;
    err->hint[sizeof err->hint - 1] = 0;
    err->path[sizeof err->path - 1] = 0;
    if (!err->usage)
        err->what[sizeof err->what - 1] = 0;
    else
        err->sentence[sizeof err->sentence - 1] = 0;
}

int message_receive(int socket, struct message *ret, int *ret_fds, bool wait)
{
    union control control;
    struct iovec io = {ret, sizeof *ret};
    struct msghdr h = {
        .msg_iov = &io,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t n;
    bool reset = false;
    memset(ret, 0, sizeof *ret);
    for (int i = 0; ret_fds && i < FD_COUNT; i++)
        ret_fds[i] = -1;
    /* Once, if the other end was closed before it had read all; what it had sent comes after that. */
    while ((n = recvmsg(socket, &h, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT))) < 0 &&
           (errno == EINTR || (errno == ECONNRESET && !reset)))
        reset = reset || errno == ECONNRESET;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && !wait)
        return 0;
    if (n < 0 && errno != ECONNRESET)
        return -1;
    if (n > 0)
        take_fds(&h, ret->value, ret_fds);
    if (n <= 0 || ret->program < 0 || ret->program >= PROGRAMS_MAX)
        ret->type = MESSAGE_HANGUP;
    end_texts(&ret->err);
    return 1;
}
