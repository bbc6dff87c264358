/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c: a bootstrap that does what its event names, and says how it went: burn, hog, forks, watch, or what memory it holds. Static. */
#define main example_main
#include "examples/hello-c/bootstrap.c"
#undef main

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>

static double now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static volatile double longest_gap;
static volatile bool watching;

/* A millisecond's sleep that takes much longer: it was frozen meanwhile. */
static void *watch(void *arg)
{
    for (double before = now_ms(CLOCK_MONOTONIC), after;; before = after) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        after = now_ms(CLOCK_MONOTONIC);
        watching = true;
        if (after - before > longest_gap)
            longest_gap = after - before;
    }
    return arg;
}

enum { HELD_MB = 160 };

static void touch(char *p)
{
    for (size_t i = 0; p != MAP_FAILED && i < HELD_MB; i++)
        memset(p + (i << 20), 1, 1 << 20);
}

static void *map(int fd, int flags)
{
    return mmap(NULL, (size_t)HELD_MB << 20, PROT_READ | PROT_WRITE, flags, fd, 0);
}

static int sized(int fd)
{
    return ftruncate(fd, (off_t)HELD_MB << 20) < 0 ? -1 : fd;
}

static void written(int fd)
{
    static char block[1 << 20];
    memset(block, 1, sizeof block);
    for (int i = 0; i < HELD_MB; i++)
        if (write(fd, block, sizeof block) < 0)
            break;
}

/* 160 MB of the kind that the event names, for a while. */
static double hold(const char *event)
{
    if (strstr(event, "private file"))
        touch(map(sized(open("/tmp/a", O_RDWR | O_CREAT, 0600)), MAP_PRIVATE));
    else if (strstr(event, "shared"))
        touch(map(-1, MAP_SHARED | MAP_ANONYMOUS));
    else if (strstr(event, "mapped memfd"))
        touch(map(sized(memfd_create("x", 0)), MAP_SHARED));
    else if (strstr(event, "memfd"))
        written(memfd_create("x", 0));
    else if (strstr(event, "segment"))
        touch(shmat(shmget(IPC_PRIVATE, (size_t)HELD_MB << 20, 0600), NULL, 0));
    else if (strstr(event, "/dev/shm"))
        written(open("/dev/shm/a", O_RDWR | O_CREAT, 0600));
    else if (strstr(event, "mapped tmp"))
        touch(map(sized(open("/tmp/a", O_RDWR | O_CREAT, 0600)), MAP_SHARED));
    else
        written(open("/tmp/a", O_RDWR | O_CREAT, 0600));
    sleep(3);
    return HELD_MB;
}

static double do_it(const char *event)
{
    if (strstr(event, "burn")) { /* CPU time in ms of two seconds' work */
        double cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID);
        for (double end = now_ms(CLOCK_MONOTONIC) + 2000; now_ms(CLOCK_MONOTONIC) < end;)
            ;
        return now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    }
    if (strstr(event, "hog")) /* MB that could be had */
        for (long mb = 0;; mb++) {
            char *p = malloc(1 << 20);
            if (!p)
                return (double)mb;
            memset(p, 1, 1 << 20);
        }
    if (strstr(event, "forks")) {
        int n = 0;
        pid_t pid;
        while (n < 5000 && (pid = fork()) >= 0) {
            if (pid == 0) {
                pause();
                _exit(0);
            }
            n++;
        }
        int no = errno;
        signal(SIGTERM, SIG_IGN);
        kill(0, SIGTERM);
        while (wait(NULL) > 0)
            ;
        return no == EAGAIN ? n : -n;
    }
    if (strstr(event, "watch")) {
        static pthread_t t;
        if (!t)
            pthread_create(&t, NULL, watch, NULL);
        do /* it may not have begun yet, or not have woken up yet */
            nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        while (!watching);
        double gap = longest_gap;
        longest_gap = 0;
        return gap;
    }
    return strstr(event, "hold") ? hold(event) : 0;
}

int main(void)
{
    static const char NEXT[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: api\r\n\r\n";
    int s = connect_api();
    for (;;) {
        char id[64] = "", answer[512];
        if (s < 0 || write(s, NEXT, sizeof NEXT - 1) < 0)
            return 1;
        char *event = read_answer(s);
        const char *header = event ? strcasestr(buffer, "\r\nLambda-Runtime-Aws-Request-Id: ") : NULL;
        sscanf(header ? header + 33 : "", "%63[^\r\n]", id);
        char number[32];
        int n = snprintf(number, sizeof number, "%.0f", do_it(event ? event : ""));
        int all = snprintf(answer, sizeof answer,
                           "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: api\r\nContent-Length: %d\r\n\r\n%s", id, n,
                           number);
        if (write(s, answer, (size_t)all) != all || !read_answer(s))
            return 1;
    }
}
