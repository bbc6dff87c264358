/* SPDX-License-Identifier: Apache-2.0 */
/* extension.c: a static external extension without a library: registers, subscribes to telemetry over TCP, prints each event
 * it gets as "C-EXTENSION GOT ...", and ends with SHUTDOWN. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 8092 };
static char answer[65536];

static int connect_api(void)
{
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API"), *colon = api ? strchr(api, ':') : NULL;
    char host[64];
    if (!colon)
        exit(2);
    snprintf(host, sizeof host, "%.*s", (int)(colon - api), api);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(colon + 1))};
    inet_pton(AF_INET, host, &to.sin_addr);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof to) < 0)
        exit(3);
    return s;
}

/* One request on a connection of its own; the answer, head and all, is in answer. Returns its status. */
static int call(const char *method, const char *path, const char *header, const char *body)
{
    char request[4096];
    int s = connect_api(),
        n = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: api\r\nConnection: close\r\n%s\r\nContent-Length: %zu\r\n\r\n%s",
                     method, path, header, strlen(body), body);
    size_t got = 0;
    if (write(s, request, (size_t)n) != n)
        exit(4);
    for (ssize_t more; got < sizeof answer - 1 && (more = read(s, answer + got, sizeof answer - 1 - got)) > 0;)
        got += (size_t)more;
    answer[got] = 0;
    close(s);
    return atoi(answer + 9);
}

static void *listen_for_telemetry(void *arg)
{
    int s = *(int *)arg, c = accept(s, NULL, NULL);
    FILE *lines = fdopen(c, "r");
    char *line = NULL;
    size_t size = 0;
    while (lines && getline(&line, &size, lines) > 0) {
        printf("C-EXTENSION GOT %s", line);
        fflush(stdout);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;
    char header[256], body[512], id[64] = "";
    const char *name = argc > 0 && strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : "extension";
    if (bind(s, (struct sockaddr *)&here, sizeof here) < 0 || listen(s, 1) < 0 ||
        pthread_create(&thread, NULL, listen_for_telemetry, &s) != 0)
        return 5;
    snprintf(header, sizeof header, "Lambda-Extension-Name: %s", name);
    if (call("POST", "/2020-01-01/extension/register", header, "{\"events\":[\"INVOKE\",\"SHUTDOWN\"]}") != 200)
        return 6;
    const char *at = strcasestr(answer, "Lambda-Extension-Identifier: ");
    sscanf(at ? at + 29 : "", "%63[^\r\n]", id);
    snprintf(header, sizeof header, "Lambda-Extension-Identifier: %s", id);
    snprintf(body, sizeof body,
             "{\"schemaVersion\":\"2022-12-13\",\"types\":[\"platform\",\"function\"],\"buffering\":{\"timeoutMs\":25},\"destination\":{"
             "\"protocol\":\"TCP\",\"port\":%d}}",
             PORT);
    if (call("PUT", "/2022-07-01/telemetry", header, body) != 200)
        return 7;
    while (call("GET", "/2020-01-01/extension/event/next", header, "") == 200)
        if (strstr(answer, "\"SHUTDOWN\"")) {
            usleep(200000); /* for what is still on its way */
            puts("C-EXTENSION ends");
            return 0;
        }
    return 8;
}
