/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor and process 1 say to each other, and what the supervisor makes of what no process 1 of ours would say. */
#include "base/own.h"
#include "launcher/sandbox/message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

static int ours = -1, theirs = -1;

static void open_pair(void)
{
    int pair[2];
    cr_expect_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    ours = pair[0], theirs = pair[1];
}

static void close_pair(void)
{
    own_close(&ours), own_close(&theirs);
}

/* How many descriptors are open: the next one is numbered so, since they are numbered without gaps where none was closed. */
static int next_number(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(fd);
    return fd;
}

Test(message, texts_and_numbers_travel_with_those_that_have_them)
{
    static const struct {
        enum message_type type;
        bool has_err;
    } ROWS[] = {{MESSAGE_READY, false},   {MESSAGE_FAILED, true},    {MESSAGE_STARTED, false}, {MESSAGE_NOT_STARTED, true},
                {MESSAGE_EXITED, false},  {MESSAGE_EXTENSION, true}, {MESSAGE_GONE, false},    {MESSAGE_SIGNAL, false},
                {MESSAGE_REFUSED, false}, {MESSAGE_SHARE, false}};
    open_pair();
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct message m = {.type = ROWS[i].type, .value = 7, .program = PROGRAMS_MAX - 1, .figure = 1 << 30}, got;
        fail(&m.err, ENOENT, "/path", "do");
        cr_expect(message_receive(ours, &got, NULL, false) == 0, "nothing yet");
        cr_expect_eq(i % 2 ? message_offer(theirs, &m) : message_send(theirs, &m, NULL), 0);
        cr_assert_eq(message_receive(ours, &got, NULL, i % 2), 1);
        cr_expect(got.type == m.type && got.value == 7 && got.program == m.program && got.figure == m.figure, "%zu", i);
        cr_expect_str_eq(got.err.path, ROWS[i].has_err ? "/path" : "");
    }
    own_close(&theirs);
    struct message got;
    cr_expect(message_receive(ours, &got, NULL, true) == 1 && got.type == MESSAGE_HANGUP);
    cr_expect(message_offer(ours, &got) == -1 && errno == EPIPE);
    close_pair();
}

Test(message, descriptors_come_to_their_places)
{
    struct message m = {.type = MESSAGE_READY}, got;
    int fds[FD_COUNT] = FDS_NONE, ret[FD_COUNT];
    open_pair();
    for (unsigned mask = 0; mask < 1 << FD_COUNT; mask += 5) {
        OWN_FD int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        for (int i = 0; i < FD_COUNT; i++)
            fds[i] = mask & 1u << i ? null : -1;
        cr_expect_eq(message_send(theirs, &m, fds), 0);
        cr_assert_eq(message_receive(ours, &got, ret, true), 1);
        for (int i = 0; i < FD_COUNT; i++) {
            cr_expect(fds[i] < 0 ? ret[i] == -1 : ret[i] >= 0, "%x %d", mask, i);
            cr_expect(ret[i] < 0 || fcntl(ret[i], F_GETFD) == FD_CLOEXEC);
            own_close(&ret[i]);
        }
    }
    close_pair();
}

/* As process 1 could, if the code inside had made it its own: any bytes, and n descriptors. */
static void send_raw(const void *bytes, size_t size, int n)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int) * 64)];
    } control = {.room = ""};
    int fds[64];
    struct iovec io = {(void *)(uintptr_t)bytes, size};
    struct msghdr h = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n);
    for (int i = 0; i < n; i++)
        fds[i] = theirs;
    memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)n);
    if (!n)
        h.msg_control = NULL, h.msg_controllen = 0;
    cr_expect(sendmsg(theirs, &h, 0) >= 0);
}

Test(message, descriptors_that_have_no_place_are_closed)
{
    static const struct {
        int value, sent;
        bool wanted;
    } ROWS[] = {{0, 1, true},   {0, FD_COUNT, false}, {0x7f, FD_COUNT, false}, {0x7f, FD_COUNT + 1, true}, {0x7f, 64, true},
                {-1, 64, true}, {1, 3, true}};
    open_pair();
    const int before = next_number();
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct message m = {.type = MESSAGE_READY, .value = ROWS[i].value};
        struct message got;
        int ret[FD_COUNT] = FDS_NONE, places = 0;
        send_raw(&m, sizeof m, ROWS[i].sent);
        cr_assert_eq(message_receive(ours, &got, ROWS[i].wanted ? ret : NULL, true), 1);
        for (int k = 0; k < FD_COUNT; k++) {
            places += ret[k] >= 0;
            own_close(&ret[k]);
        }
        const int bits = ROWS[i].wanted ? __builtin_popcount((unsigned)ROWS[i].value & 0x7f) : 0;
        cr_expect_eq(places, bits < ROWS[i].sent ? bits : ROWS[i].sent, "%zu: %d", i, places);
        cr_expect_eq(next_number(), before, "%zu: all others are closed", i);
    }
    close_pair();
}

Test(message, a_program_that_there_cannot_be_is_a_hang_up)
{
    static const int PROGRAMS[] = {-1, INT32_MIN, PROGRAMS_MAX, 32, INT32_MAX};
    open_pair();
    for (size_t i = 0; i < COUNT(PROGRAMS); i++) {
        const struct message m = {.type = MESSAGE_EXTENSION, .program = PROGRAMS[i]};
        struct message got;
        send_raw(&m, sizeof m, 0);
        cr_expect(message_receive(ours, &got, NULL, true) == 1 && got.type == MESSAGE_HANGUP, "%d", PROGRAMS[i]);
    }
    close_pair();
}

Test(message, whatever_its_size_its_texts_have_an_end)
{
    static char bytes[sizeof(struct message) + 100];
    open_pair();
    for (size_t n = 1; n < sizeof bytes; n += 13) {
        struct message got;
        memset(bytes, 'x', sizeof bytes);
        memset(bytes, 0, n < offsetof(struct message, err) ? n : offsetof(struct message, err)); /* a program that there can be */
        memset(bytes + offsetof(struct message, err.usage), 0, sizeof(bool));
        send_raw(bytes, n, 0);
        cr_assert_eq(message_receive(ours, &got, NULL, true), 1);
        cr_expect(strnlen(got.err.path, sizeof got.err.path) < sizeof got.err.path &&
                      strnlen(got.err.hint, sizeof got.err.hint) < sizeof got.err.hint &&
                      strnlen(got.err.step, sizeof got.err.step) < sizeof got.err.step &&
                      strnlen(got.err.what, sizeof got.err.what) < sizeof got.err.what,
                  "%zu", n);
    }
    close_pair();
}

/* The kernel says ECONNRESET to whom was not heard to the end, and only then hands out what was sent. */
Test(message, what_was_said_before_an_end_is_heard_though_something_was_unread)
{
    struct message m = {.type = MESSAGE_FAILED}, got;
    for (int wait = 0; wait < 2; wait++) {
        open_pair();
        fail(&m.err, ENODEV, "/proc", "mount");
        cr_assert_eq(message_send(theirs, &m, NULL), 0);
        cr_assert_eq(message_offer(ours, &(struct message){.type = MESSAGE_GO}), 0);
        own_close(&theirs);
        cr_expect(message_receive(ours, &got, NULL, wait) == 1 && got.type == MESSAGE_FAILED && got.err.no == ENODEV);
        cr_expect(message_receive(ours, &got, NULL, wait) == 1 && got.type == MESSAGE_HANGUP);
        close_pair();
    }
}
