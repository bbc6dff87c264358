/* SPDX-License-Identifier: Apache-2.0 */
/* storm.c: a program that holds the lock of its memory nearly all the time, so that whoever asks the kernel for its mappings waits. It is a
 * runtime that never answers the event it has asked for.  storm forks|maps|execs THREADS MB */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *forks(void *arg)
{
    for (;;)
        if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) /* not fork(): the C library has locks of its own */
            syscall(SYS_exit_group, 0);
    return arg;
}

static void *maps(void *arg)
{
    enum { SIZE = 64 << 10 };
    for (;;)
        munmap(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0), SIZE);
    return arg;
}

/* Whoever becomes another program waits for the lock of the memory that he shares, and holds another one meanwhile. */
static void *execs(void *arg)
{
    for (;;)
        if (vfork() == 0) {
            execl("/proc/self/exe", "storm", "ends", (char *)NULL);
            _exit(1);
        }
    return arg;
}

static void get_event(const char *api)
{
    char host[64], answer[4096];
    snprintf(host, sizeof host, "%s", api);
    char *colon = strchr(host, ':');
    *colon = 0;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(colon + 1)), .sin_addr.s_addr = inet_addr(host)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        dprintf(fd, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", api) < 0 ||
        read(fd, answer, sizeof answer) <= 0)
        exit(1);
}

static void start(void *(*what)(void *), int threads)
{
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    while (threads-- > 0 && pthread_create(&thread, &small, what, NULL) == 0)
        ;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return argc == 2 ? 0 : 2;
    size_t size = (size_t)atoi(argv[3]) << 20;
    if (getenv("AWS_LAMBDA_RUNTIME_API"))
        get_event(getenv("AWS_LAMBDA_RUNTIME_API"));
    signal(SIGCHLD, SIG_IGN);
    if (size) {
        char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        madvise(memory, size, MADV_NOHUGEPAGE); /* a fork copies what leads to each page */
        memset(memory, 1, size);
    }
    if (strcmp(argv[1], "execs") == 0) {
        prctl(PR_SET_DUMPABLE, 0);
        if (write(memfd_create("held", 0), "x", 1) != 1)
            return 1;
        start(execs, 8);
    } else if (fork() == 0) { /* several: what they share must be told apart */
        pause();
        _exit(0);
    }
    start(strcmp(argv[1], "maps") == 0 ? maps : forks, atoi(argv[2]));
    for (;;)
        pause();
}
