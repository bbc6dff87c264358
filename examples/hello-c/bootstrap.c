/* SPDX-License-Identifier: Apache-2.0 */
/* bootstrap.c: a whole custom runtime and its function in C, without a library: link it statically, name it
 * bootstrap, zip it. It answers every event with a greeting and the event itself. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[7 << 20];

static int connect_api(void)
{
    char host[64];
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API"), *colon = api ? strchr(api, ':') : NULL;
    if (!colon)
        return -1;
    snprintf(host, sizeof host, "%.*s", (int)(colon - api), api);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(colon + 1))};
    inet_pton(AF_INET, host, &to.sin_addr);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    return s >= 0 && connect(s, (struct sockaddr *)&to, sizeof to) == 0 ? s : -1;
}

/* Reads one HTTP answer; returns where its body begins in buffer and ends it with 0, or NULL. */
static char *read_answer(int s)
{
    size_t n = 0, want = 0;
    char *body = NULL;
    for (;;) {
        ssize_t got = read(s, buffer + n, sizeof buffer - 1 - n);
        if (got <= 0)
            return NULL;
        n += (size_t)got;
        buffer[n] = 0;
        if (!body && (body = strstr(buffer, "\r\n\r\n"))) {
            body += 4;
            const char *length = strcasestr(buffer, "\r\nContent-Length:");
            want = length ? strtoul(length + 17, NULL, 10) : 0;
        }
        if (body && n - (size_t)(body - buffer) >= want)
            return body;
    }
}

int main(void)
{
    static const char NEXT[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: api\r\nUser-Agent: hello-c/1\r\n\r\n";
    static char answer[sizeof buffer + 512], response[sizeof buffer + 64];
    int s = connect_api();
    if (s < 0) {
        fputs("no Runtime API\n", stderr);
        return 1;
    }
    for (;;) {
        char id[64] = "";
        if (write(s, NEXT, sizeof NEXT - 1) < 0)
            return 1;
        char *event = read_answer(s);
        if (!event)
            return 1;
        const char *header = strcasestr(buffer, "\r\nLambda-Runtime-Aws-Request-Id: ");
        sscanf(header ? header + 33 : "", "%63[^\r\n]", id);
        int n = snprintf(response, sizeof response, "{\"hello\":\"from C\",\"event\":%s}", event);
        int all = snprintf(answer, sizeof answer,
                           "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: api\r\n"
                           "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                           id, n, response);
        for (int done = 0; done < all;) {
            ssize_t wrote = write(s, answer + done, (size_t)(all - done));
            if (wrote <= 0)
                return 1;
            done += (int)wrote;
        }
        if (!read_answer(s))
            return 1;
    }
}
