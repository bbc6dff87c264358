/* SPDX-License-Identifier: Apache-2.0 */
/* relay_main.c: lrun-relay, started by lrun for a sandbox with --net allow; relay.h has the protocol. One thread accepts, and each
 * connection has a thread of its own (passage.c), since the C library's resolver waits. Of each door a reason is told once in a row and
 * NOTES_MAX times at all: a client that tries again for ever fills no log. */
#include "relay/relay.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/own.h"
#include "base/str.h"
#include "relay/door.h"
#include "relay/enclose.h"
#include "relay/passage.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { STACK_BYTES = 256 << 10, FULL_MS = 20, NOTES_MAX = 20 };

static struct {
    struct doors doors;
    int listeners[DOORS_MAX];
    atomic_uint connections;
    unsigned capacity;
    pthread_mutex_t telling;
    struct told {
        char last[PASSAGE_WHY_MAX];
        unsigned times;
    } told[DOORS_MAX];
} relay = {.telling = PTHREAD_MUTEX_INITIALIZER};

struct guest {
    const struct door *door;
    int client;
};

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    char line[RELAY_NOTE_MAX];
    va_list ap;
    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    send(RELAY_NOTES, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void tell(const struct door *d, const char *why)
{
    struct told *t = &relay.told[d - relay.doors.at];
    pthread_mutex_lock(&relay.telling);
    if (t->times < NOTES_MAX && strcmp(t->last, why) != 0) {
        t->times++;
        snprintf(t->last, sizeof t->last, "%s", why);
        note("door %s:%u: %s", d->host, d->port, why);
    }
    pthread_mutex_unlock(&relay.telling);
}

static void *serve(void *of)
{
    struct guest g = *(struct guest *)of;
    free(of);
    passage_run(g.door, g.client, tell);
    atomic_fetch_sub(&relay.connections, 1);
    return NULL;
}

/* Descriptors decide, where the host gives few: a connection has two, and the resolver one at times. */
static unsigned capacity(void)
{
    struct rlimit files;
    const rlim_t others = RELAY_FDS + 2 * DOORS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max / 3 > RELAY_CONNECTIONS_MAX + others)
        return RELAY_CONNECTIONS_MAX;
    return files.rlim_max < others + 3 ? 1 : (unsigned)((files.rlim_max - others) / 3);
}

/* Returns false if none could be accepted. */
static bool let_in(const struct door *d, int listener)
{
    pthread_t thread;
    pthread_attr_t attr;
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    struct guest *g = xcalloc(1, sizeof *g);
    *g = (struct guest){.door = d, .client = client};
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    atomic_fetch_add(&relay.connections, 1);
    if (pthread_create(&thread, &attr, serve, g) != 0) {
        atomic_fetch_sub(&relay.connections, 1);
        tell(d, "cannot start a thread for a connection");
        passage_reset(&g->client);
        free(g);
    }
    pthread_attr_destroy(&attr);
    return true;
}

/* Returns -1 if process 1 ended before it had sent them. */
static int receive_listeners(void)
{
    char byte;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int) * DOORS_MAX)];
    } control;
    struct iovec io = {&byte, 1};
    struct msghdr h = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n;
    while ((n = recvmsg(RELAY_LISTENERS, &h, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    const struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&h) : NULL;
    if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int) * relay.doors.n))
        return -1;
    memcpy(relay.listeners, CMSG_DATA(c), sizeof(int) * relay.doors.n);
    close(RELAY_LISTENERS);
    return 0;
}

/* Until lrun is gone. */
static void accept_all(void)
{
    struct pollfd p[DOORS_MAX + 1] = {{.fd = RELAY_NOTES}};
    const size_t n = relay.doors.n;
    for (size_t i = 0; i < n; i++)
        p[i + 1] = (struct pollfd){.fd = relay.listeners[i], .events = POLLIN};
    for (bool stuck = false;;) {
        bool full = stuck || atomic_load(&relay.connections) >= relay.capacity;
        int got = poll(p, full ? 1 : n + 1, full ? FULL_MS : -1);
        if (got < 0 && errno != EINTR)
            return;
        if (got > 0 && p[0].revents)
            return;
        stuck = false;
        for (size_t i = 1; !full && got > 0 && i <= n; i++)
            stuck = (p[i].revents && !let_in(&relay.doors.at[i - 1], p[i].fd)) || stuck;
    }
}

int main(int argc, char **argv)
{
    struct err err;
    char text[ERR_TEXT_SIZE];
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* if that signal is missed, the end of RELAY_NOTES ends us */
    signal(SIGPIPE, SIG_IGN);
    relay.capacity = capacity();
    mallopt(M_ARENA_MAX, 2); /* else there is one a thread */
    if (argc != 2) {
        static const char usage[] = "lrun-relay: started by lrun only; it connects the doors of --net allow\n";
        return fs_write_all(2, usage, sizeof usage - 1) < 0 ? 1 : 2;
    }
    if (doors_parse(argv[1], &relay.doors, &err) < 0 || enclose(&relay.doors, &err) < 0) {
        err_text(&err, text, sizeof text);
        note("%s", text);
        return 1;
    }
    if (receive_listeners() < 0) /* process 1 has failed, and lrun is about to say why */
        relay.doors.n = 0;
    accept_all();
    _exit(0); /* with its threads, wherever they are */
}
