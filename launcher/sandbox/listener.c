/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/sandbox/listener.h"

#include "base/own.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

int listener_open(const char *address, uint16_t port, const char *what, int *ret, uint16_t *ret_port, struct err *err)
{
    enum { BACKLOG = 512 };
    char where[80];
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t length = sizeof a;
    snprintf(where, sizeof where, "%.60s:%u", address, port);
    if (inet_pton(AF_INET, address, &a.sin_addr) != 1)
        return fail_usage(err, "--host '%.80s': expected an IPv4 address, e.g. 127.0.0.1", address);
    OWN_FD int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) < 0 || bind(s, (struct sockaddr *)&a, sizeof a) < 0 ||
        listen(s, BACKLOG) < 0 || getsockname(s, (struct sockaddr *)&a, &length) < 0) {
        fail(err, errno, where, "%s", what);
        return errno == EADDRINUSE ? fail_hint(err, "the port is in use: choose another port") : -1;
    }
    if (ret_port)
        *ret_port = ntohs(a.sin_port);
    *ret = take_fd(&s);
    return 0;
}
