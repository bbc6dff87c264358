/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c: the least that carries an invocation, to measure against: hands on what one client sends to one runtime, and what that answers
 * to the client. It knows the end of a message, and nothing else: no queue, no deadline, no log, no second environment.
 *
 *   relay CLIENTS RUNTIMES    two ports of 127.0.0.1. The runtime connects first; when it is gone the relay ends */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
    int listener, fd;
    char bytes[65536]; /* of one message, ended with 0 */
    size_t n;
};

static const char EVENT[] = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 2f5a2f0e-52c9-4d17-a3a7-64d5b0a3c0de\r\n"
                            "Lambda-Runtime-Deadline-Ms: 1900000000000\r\n"
                            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:f\r\n";
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nX-Amzn-RequestId: 2f5a2f0e-52c9-4d17-a3a7-64d5b0a3c0de\r\n";
static const char TAKEN[] = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";

static void must(long result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

static void listen_at(struct peer *p, const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), port);
    must(bind(p->listener, (struct sockaddr *)&at, sizeof at), port);
    must(listen(p->listener, 8), port);
}

static void welcome(struct peer *p)
{
    p->n = 0;
    p->fd = accept(p->listener, NULL, NULL);
    must(p->fd, "accept");
    must(setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)), "nodelay");
}

/* 1 and its body if a whole message is there, 0 if not yet, -1 if the peer is gone. */
static int hear(struct peer *p, const char **body, size_t *size)
{
    ssize_t got = read(p->fd, p->bytes + p->n, sizeof p->bytes - 1 - p->n);
    if (got <= 0)
        return -1;
    p->n += (size_t)got;
    p->bytes[p->n] = 0;
    char *end = strstr(p->bytes, "\r\n\r\n"), *length = strcasestr(p->bytes, "\r\nContent-Length:");
    if (!end)
        return 0;
    *body = end + 4;
    *size = length && length < end ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10) : 0;
    return *body + *size <= p->bytes + p->n;
}

static void say(int fd, const char *head, const char *body, size_t size)
{
    char all[70000];
    int n = snprintf(all, sizeof all, "%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s", head, size, (int)size, body);
    must(write(fd, all, (size_t)n) == n ? 0 : -1, "write");
}

int main(int argc, char **argv)
{
    static struct peer client, runtime;
    const char *event = NULL, *answer;
    size_t event_size = 0, size;
    bool waits = false;
    if (argc != 3)
        return 2;
    listen_at(&client, argv[1]);
    listen_at(&runtime, argv[2]);
    welcome(&runtime);
    welcome(&client);
    for (;;) {
        struct pollfd ready[] = {{.fd = client.fd, .events = POLLIN}, {.fd = runtime.fd, .events = POLLIN}};
        must(poll(ready, 2, -1), "poll");
        if (ready[0].revents) {
            int heard = hear(&client, &event, &event_size);
            if (heard < 0) {
                close(client.fd);
                welcome(&client);
            }
            if (heard != 1)
                event = NULL;
        }
        if (ready[1].revents) {
            int heard = hear(&runtime, &answer, &size);
            if (heard < 0)
                return 0;
            if (heard && runtime.bytes[0] == 'P') {
                say(client.fd, ANSWER, answer, size);
                must(write(runtime.fd, TAKEN, sizeof TAKEN - 1), "write");
            } else if (heard) {
                waits = true;
            }
            if (heard)
                runtime.n = 0;
        }
        if (waits && event) {
            say(runtime.fd, EVENT, event, event_size);
            client.n = 0;
            event = NULL;
            waits = false;
        }
    }
}
