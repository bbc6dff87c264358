/* SPDX-License-Identifier: Apache-2.0 */
/* order.c: sending a job to a worker. Descriptors come with the head alone, in one message: a head that is read in two would lose none,
 * since the kernel hands them out with the first of its bytes. If the table of the worker is full the kernel drops some without an error,
 * which is noticed by their number. */
#include "launcher/batch/order.h"

#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union room { /* for descriptors, aligned */
    struct cmsghdr head;
    char bytes[CMSG_SPACE(JOB_FILES_MAX * sizeof(int))];
};

int order_send(int to, struct order *o, const char *line, const struct job *j)
{
    union room room = {0};
    struct iovec head = {.iov_base = o, .iov_len = sizeof *o};
    struct msghdr m = {.msg_iov = &head, .msg_iovlen = 1};
    int fds[JOB_FILES_MAX];
    unsigned n = 0;
    for (size_t i = 0; i < j->file_count; i++)
        if (j->files[i].into.fd >= 0) {
            o->into[n] = j->files[i].into;
            fds[n++] = j->files[i].into.fd;
        }
    o->files = n;
    if (n) {
        m.msg_control = room.bytes;
        m.msg_controllen = CMSG_SPACE(n * sizeof *fds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof *fds)};
        memcpy(CMSG_DATA(c), fds, n * sizeof *fds);
    }
    ssize_t sent;
    while ((sent = sendmsg(to, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    if (sent < 0)
        return -1;
    const size_t left = sizeof *o - (size_t)sent;
    if (left && fs_write_all(to, (const char *)o + sent, left) < 0)
        return -1;
    return fs_write_all(to, line, o->n);
}

static int read_rest(int from, void *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = read(from, (char *)to + at, n - at);
        if (got == 0 || (got < 0 && errno != EINTR))
            return -1;
        at += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

int order_receive(int from, struct order *o, struct text *line)
{
    union room room;
    int fds[JOB_FILES_MAX];
    struct iovec head = {.iov_base = o, .iov_len = sizeof *o};
    struct msghdr m = {.msg_iov = &head, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes};
    ssize_t got;
    while ((got = recvmsg(from, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    if (got <= 0)
        return (int)got;
    size_t n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            n = (c->cmsg_len - CMSG_LEN(0)) / sizeof *fds;
            memcpy(fds, CMSG_DATA(c), n * sizeof *fds);
        }
    if (read_rest(from, (char *)o + got, sizeof *o - (size_t)got) < 0)
        return -1;
    if (n != o->files)
        return errno = EMFILE, -1; /* the kernel drops what a full table has no place for */
    for (size_t i = 0; i < n; i++)
        o->into[i].fd = fds[i];
    text_done(line);
    text_room(line, o->n);
    if (read_rest(from, line->at, o->n) < 0)
        return -1;
    line->n = o->n;
    line->at[line->n] = 0;
    return 1;
}
