/* SPDX-License-Identifier: Apache-2.0 */
/* minimal.c: the least that a person would still call a sandbox of this kind, to measure against: seven namespaces, a few mounts, one
 * process, which becomes the program. floor.c makes all of lrun's mounts instead.
 *
 *   minimal FUNCTION LAYER0 LAYER1 PROGRAM    three absolute directories; PROGRAM is a path inside */
#include "base/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ROOT "/mnt"
enum { PLAIN = MS_NOSUID | MS_NODEV };

static void must(long result, const char *what)
{
    if (result < 0) {
        perror(what);
        _exit(125);
    }
}

static void map(const char *path, unsigned inside, unsigned outside)
{
    char text[40];
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    must(fd, path);
    must(write(fd, text, (size_t)snprintf(text, sizeof text, "%u %u 1", inside, outside)), path);
    close(fd);
}

static void refuse_groups(void)
{
    int fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
    must(fd, "setgroups");
    must(write(fd, "deny", 4), "setgroups");
    close(fd);
}

static void show(const char *from, const char *to)
{
    must(mount(from, to, NULL, MS_BIND | MS_REC, NULL), from);
    must(mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | PLAIN, NULL), to);
}

static const char *const DIRS[] = {"usr", "etc", "dev", "proc", "tmp", "opt", "var", "var/task"};
static const char *const LINKS[] = {"bin", "lib", "lib64"};
static const char *const DEVICES[] = {"dev/null", "dev/zero", "dev/full", "dev/random", "dev/urandom"};
#define EACH(i, table) \
    size_t i = 0; \
    i < sizeof(table) / sizeof *(table); \
    i++

static void fill(const char *function, const char *layer0, const char *layer1)
{
    char text[2 * PATH_MAX + 16];
    for (EACH(i, DIRS))
        must(mkdir(DIRS[i], 0755), DIRS[i]);
    for (EACH(i, LINKS)) {
        snprintf(text, sizeof text, "usr/%s", LINKS[i]);
        must(symlink(text, LINKS[i]), LINKS[i]);
    }
    show("/usr", "usr");
    show("/etc", "etc");
    show(function, "var/task");
    snprintf(text, sizeof text, "lowerdir=%s:%s", layer1, layer0);
    must(mount("overlay", "opt", "overlay", MS_RDONLY | PLAIN, text), "opt");
    must(mount("tmpfs", "tmp", "tmpfs", PLAIN, "size=512m"), "tmp");
    must(mount("proc", "proc", "proc", PLAIN | MS_NOEXEC, NULL), "proc");
    for (EACH(i, DEVICES)) {
        snprintf(text, sizeof text, "/%s", DEVICES[i]);
        close(open(DEVICES[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
        must(mount(text, DEVICES[i], NULL, MS_BIND, NULL), text);
    }
}

static _Noreturn void inside(char **argv, uid_t uid, gid_t gid)
{
    refuse_groups();
    map("/proc/self/uid_map", 993, uid);
    map("/proc/self/gid_map", 990, gid);
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    must(mount("tmpfs", ROOT, "tmpfs", PLAIN, "mode=755"), ROOT);
    must(chdir(ROOT), ROOT);
    fill(argv[1], argv[2], argv[3]);
    must(sys_pivot_root(".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "detach");
    must(chdir("/"), "/");
    must(mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | PLAIN, NULL), "read-only");
    execl(argv[4], argv[4], (char *)NULL);
    perror(argv[4]);
    _exit(127);
}

int main(int argc, char **argv)
{
    struct clone_args args = {.flags =
                                  CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
                              .exit_signal = SIGCHLD};
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int status;
    if (argc != 5)
        return 2;
    long pid = sys_clone3(&args);
    must(pid, "clone3");
    if (pid == 0)
        inside(argv, uid, gid);
    must(waitpid((pid_t)pid, &status, 0), "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
