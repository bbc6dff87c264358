/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: a server on one end of a socket pair, for what answers requests: what is sent at the other end, and what comes back. No network,
 * no other process, no waiting: each call lets the loop do what there is to do. */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include "base/str.h"
#include "lambda/http_server.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct wire {
    struct event_base *base;
    struct http_server *server;
    int fd; /* the client's */
};

static inline void wire_connect(struct wire *w)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        _exit(99);
    http_adopt(w->server, pair[1]);
    w->fd = pair[0];
}

static inline void wire_open(struct wire *w, const struct http_handler *handler)
{
    w->base = event_base_new();
    w->server = http_serve(w->base, -1, handler);
    wire_connect(w);
}

/* Sends, and adds what comes back until nothing more does. */
static inline void wire_say(struct wire *w, const char *bytes, struct text *answer)
{
    char buffer[4096];
    size_t n = strlen(bytes);
    text_puts(answer, "");
    if (n && send(w->fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
        _exit(98);
    for (int quiet = 0; quiet < 4; quiet++) {
        event_base_loop(w->base, EVLOOP_NONBLOCK);
        for (ssize_t got; (got = read(w->fd, buffer, sizeof buffer)) > 0; quiet = 0)
            text_add(answer, buffer, (size_t)got);
    }
}

static inline void wire_close(struct wire *w)
{
    close(w->fd);
    http_server_done(w->server);
    event_base_free(w->base);
}

/* Status of the first answer; 0: there is none. */
static inline int wire_status(const struct text *answer)
{
    return answer->n > 12 && str_begins(answer->at, "HTTP/1.1 ") ? (int)strtol(answer->at + 9, NULL, 10) : 0;
}

/* What is behind its head. */
static inline const char *wire_body(const struct text *answer)
{
    const char *end = strstr(answer->at, "\r\n\r\n");
    return end ? end + 4 : "";
}

#endif
