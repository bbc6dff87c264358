/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor keeps of what process 1 hands out. */
#include "base/own.h"
#include "launcher/sandbox/sandbox.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static ino_t inode(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static void hand_out(int socket, struct sandbox *s, enum message_type type, int which, const char *path)
{
    int fds[FD_COUNT] = FDS_NONE;
    struct message m;
    fds[which] = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert(fds[which] >= 0 && message_send(socket, &(struct message){.type = type}, fds) == 0);
    own_close(&fds[which]);
    cr_assert(sandbox_hear(s, &m, false) == 1 && m.type == type);
}

Test(sandbox, what_process_1_has_handed_out_is_not_replaced)
{
    int pair[2];
    struct sandbox s = SANDBOX_NONE;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    s.control = pair[0];
    hand_out(pair[1], &s, MESSAGE_READY, FD_PROC, "/proc");
    const int proc = s.fds[FD_PROC];
    const ino_t is = inode(proc);
    hand_out(pair[1], &s, MESSAGE_STARTED, FD_PROC, "/dev/null");
    cr_expect(s.fds[FD_PROC] == proc && inode(proc) == is, "memory is looked up in the first");
    const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    hand_out(pair[1], &s, MESSAGE_STARTED, FD_PROC, "/dev/null");
    hand_out(pair[1], &s, MESSAGE_SOCKET, FD_SOCKET, "/dev/null");
    cr_expect(s.fds[FD_SOCKET] == next, "the other one was closed");
    int taken = take_fd(&s.fds[FD_SOCKET]);
    hand_out(pair[1], &s, MESSAGE_SOCKET, FD_SOCKET, "/dev/zero");
    cr_expect(s.fds[FD_SOCKET] >= 0 && inode(s.fds[FD_SOCKET]) != inode(taken), "what was taken has room for the next");
    close(taken);
    close(s.fds[FD_SOCKET]);
    close(proc);
    close(pair[0]);
    close(pair[1]);
}
