/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c: tries things from inside the sandbox, one a call, and prints "ok" or the errno's name. Static, so that it runs
 * on any root file system.  probe WHAT [ARG...] */
#include "base/sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static void say(long result)
{
    puts(result >= 0 ? "ok" : strerrorname_np(errno));
}

static void *thread(void *arg)
{
    return arg;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    long a[6] = {0};
    for (int i = 2; i < argc && i < 8; i++)
        a[i - 2] = (long)strtoull(argv[i], NULL, 0);
    if (strcmp(what, "syscall") == 0) { /* number, arguments */
        say(syscall(a[0], a[1], a[2], a[3], a[4], a[5]));
    } else if (strcmp(what, "socket") == 0) {
        say(socket((int)a[0], (int)a[1], (int)a[2]));
    } else if (strcmp(what, "socket-long") == 0) {
        say(syscall(SYS_socket, a[0], a[1], a[2]));
    } else if (strcmp(what, "ioctl") == 0) { /* on standard input */
        char c = 'x';
        say(syscall(SYS_ioctl, 0, a[0], &c));
    } else if (strcmp(what, "clone") == 0) { /* flags */
        long pid = syscall(SYS_clone, a[0] | SIGCHLD, 0, 0, 0, 0);
        if (pid == 0)
            _exit(0);
        say(pid);
    } else if (strcmp(what, "clone3") == 0) {
        struct clone_args args = {.flags = (unsigned long)a[0], .exit_signal = SIGCHLD};
        long pid = sys_clone3(&args);
        if (pid == 0)
            _exit(0);
        say(pid);
    } else if (strcmp(what, "unshare") == 0) {
        say(unshare((int)a[0]));
    } else if (strcmp(what, "thread") == 0) {
        pthread_t t;
        errno = pthread_create(&t, NULL, thread, NULL);
        say(errno ? -1 : 0);
    } else if (strcmp(what, "prctl") == 0) {
        say(prctl((int)a[0], a[1], a[2], a[3], a[4]));
    } else if (strcmp(what, "chown") == 0) {
        say(chown("/tmp", (uid_t)a[0], (gid_t)a[1]));
    } else if (strcmp(what, "setuid") == 0) {
        say(setresuid((uid_t)a[0], (uid_t)a[0], (uid_t)a[0]));
    } else if (strcmp(what, "setgroups") == 0) {
        say(setgroups(0, NULL));
    } else if (strcmp(what, "openpty") == 0) {
        int m, s;
        say(openpty(&m, &s, NULL, NULL, NULL));
    } else if (strcmp(what, "mlock") == 0) {
        void *p = mmap(NULL, (size_t)a[0], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        say(mlock(p, (size_t)a[0]));
    } else if (strcmp(what, "ptrace") == 0) {
        say(ptrace(PTRACE_ATTACH, (pid_t)a[0], 0, 0));
    } else if (strcmp(what, "mount") == 0) {
        say(mount("none", "/tmp", "tmpfs", 0, NULL));
    } else if (strcmp(what, "umount") == 0) {
        say(umount2(argv[2], MNT_DETACH));
    } else if (strcmp(what, "open") == 0) { /* path, flags */
        say(open(argv[2], (int)a[1], 0644));
    } else if (strcmp(what, "kill-all") == 0) {
        say(kill(-1, SIGKILL));
    } else if (strcmp(what, "kill") == 0) {
        say(kill((pid_t)a[0], (int)a[1]));
    } else if (strcmp(what, "threads") == 0) { /* how many can be had */
        int n = 0;
        pthread_t t;
        pthread_attr_t small;
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 16384);
        while (n < 100000 && pthread_create(&t, &small, (void *(*)(void *))(void *)pause, NULL) == 0)
            n++;
        printf("%d\n", n);
    } else if (strcmp(what, "forks") == 0) {
        int n = 0;
        for (; n < 100000; n++) {
            pid_t pid = fork();
            if (pid == 0)
                pause();
            if (pid < 0)
                break;
        }
        printf("%d %s\n", n, strerrorname_np(errno));
    } else if (strcmp(what, "abstract") == 0) { /* connect to an abstract socket */
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "%s", argv[2]);
        int s = socket(AF_UNIX, SOCK_STREAM, 0);
        say(connect(s, (struct sockaddr *)&to, (socklen_t)(sizeof(sa_family_t) + 1 + strlen(argv[2]))));
    } else if (strcmp(what, "tcp") == 0) { /* address, port */
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)a[1])};
        inet_pton(AF_INET, argv[2], &to.sin_addr);
        int s = socket(AF_INET, SOCK_STREAM, 0);
        say(connect(s, (struct sockaddr *)&to, sizeof to));
    } else if (strcmp(what, "key") == 0) { /* search the session keyring for a user key of this name */
        say(syscall(SYS_keyctl, 10, -3, "user", argv[2], 0));
    } else if (strcmp(what, "int80") == 0) {
#ifdef __x86_64__
        long result;
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
        errno = (int)-result;
        say(result < 0 ? -1 : 0);
#else
        puts("ENOSYS");
#endif
    } else {
        return 2;
    }
    return 0;
}
