/* SPDX-License-Identifier: Apache-2.0 */
/* What a server says of requests that have come while its loop was late. */
#include "base/own.h"
#include "lambda/http_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct seen {
    unsigned requests;
};

static void on_request(void *to, struct http_request *r)
{
    ((struct seen *)to)->requests++;
    http_answer(r, 200, "", "", 0);
}

static void listen_somewhere(int *ret_fd, struct sockaddr_in *ret_at)
{
    socklen_t n = sizeof *ret_at;
    int fd = *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *ret_at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)ret_at, n) == 0 && listen(fd, 8) == 0);
    cr_assert(getsockname(fd, (struct sockaddr *)ret_at, &n) == 0);
}

static void say(int fd, const char *text)
{
    cr_assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* What was sent through the loopback device arrives a moment later on a machine that others fill. */
static bool reads_soon(const struct http_server *s)
{
    for (int i = 0; i < 5000 && !http_server_reading(s); i++)
        usleep(1000);
    return http_server_reading(s);
}

Test(http_server, what_has_come_is_known_before_the_loop_has_looked)
{
    struct sockaddr_in at;
    struct seen seen = {0};
    struct event_base *base = event_base_new();
    int listener = -1;
    listen_somewhere(&listener, &at);
    struct http_server *s =
        http_serve(base, listener, &(struct http_handler){.on_request = on_request, .to = &seen, .body_max = 100, .header_max = 1000});
    cr_expect(http_server_idle(s) && !http_server_reading(s));

    OWN_FD int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(connect(client, (struct sockaddr *)&at, sizeof at) == 0);
    cr_expect(reads_soon(s) && !http_server_idle(s), "it waits to be accepted");
    event_base_loop(base, EVLOOP_NONBLOCK);
    event_base_loop(base, EVLOOP_NONBLOCK);
    cr_expect(!http_server_idle(s) && !http_server_reading(s), "it is accepted, and has said nothing");

    say(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
    cr_expect(reads_soon(s), "it waits to be read");
    event_base_loop(base, EVLOOP_NONBLOCK);
    event_base_loop(base, EVLOOP_NONBLOCK);
    cr_expect(http_server_reading(s) && seen.requests == 0, "of the request a part has come");
    say(client, "{}");
    for (int i = 0; i < 5000 && !seen.requests; i++, usleep(1000))
        event_base_loop(base, EVLOOP_NONBLOCK);
    cr_expect(!http_server_reading(s) && seen.requests == 1);

    shutdown(client, SHUT_WR);
    cr_expect(reads_soon(s) && !http_server_idle(s), "its end waits to be read");
    for (int i = 0; i < 5000 && !http_server_idle(s); i++, usleep(1000))
        event_base_loop(base, EVLOOP_NONBLOCK);
    cr_expect(http_server_idle(s) && !http_server_reading(s));
    http_server_done(s);
    event_base_free(base);
}
