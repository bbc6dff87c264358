/* SPDX-License-Identifier: Apache-2.0 */
/* floor.c: what the kernel itself charges: the same namespaces, maps and mounts that lrun exec makes for two layers and
 * a function, then a program run in them, and nothing else: no cache, no checks, no policy, no protocol.
 *
 *   floor LAYER0 LAYER1 FUNCTION PROGRAM    three directories; PROGRAM is a path inside */
#include "base/sys.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void must(long result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
        _exit(1);
    }
}

static void put(const char *path, const char *text, int flags)
{
    int fd = open(path, O_WRONLY | flags, 0644);
    must(fd, path);
    must(write(fd, text, strlen(text)), path);
    close(fd);
}

static int make(const char *type, const char *key, const char *value, unsigned attrs)
{
    int fs = sys_fsopen(type);
    must(fs, type);
    if (key)
        must(sys_fsconfig(fs, FSCONFIG_SET_STRING, key, value), key);
    must(sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL), type);
    int mnt = sys_fsmount(fs, attrs);
    must(mnt, type);
    close(fs);
    return mnt;
}

static void attach(int mnt, const char *to)
{
    must(sys_move_mount(mnt, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH), to);
    close(mnt);
}

static void show(const char *from, const char *to, uint64_t attrs)
{
    int tree = sys_open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    must(tree, from);
    must(sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, attrs, 0), from);
    attach(tree, to);
}

static const char *const DIRS[] = {"root",
                                   "root/usr",
                                   "root/etc",
                                   "root/etc/ssl",
                                   "root/etc/ssl/certs",
                                   "root/etc/alternatives",
                                   "root/dev",
                                   "root/proc",
                                   "root/tmp",
                                   "root/var",
                                   "root/var/task",
                                   "root/opt",
                                   "root/home",
                                   "root/sys",
                                   "root/usr/bin",
                                   "root/usr/sbin",
                                   "root/usr/lib",
                                   "root/usr/lib32",
                                   "root/usr/lib64",
                                   "root/usr/libexec",
                                   "root/usr/share",
                                   "0",
                                   "1",
                                   "2",
                                   "empty"};
static const char *const FILES[] = {"root/etc/ld.so.cache", "root/etc/protocols", "root/etc/services",
                                    "root/etc/passwd",      "root/etc/hosts",     "nothing"};
static const char *const BINDS[] = {"/usr/bin",          "/usr/sbin",      "/usr/lib",       "/usr/lib32",
                                    "/usr/lib64",        "/usr/libexec",   "/usr/share",     "/etc/ld.so.cache",
                                    "/etc/alternatives", "/etc/ssl/certs", "/etc/protocols", "/etc/services"};
static const char *const DEVICES[] = {"null", "zero", "full", "random", "urandom"};
static const char *const FROZEN[] = {"bus", "fs", "irq", "sys"};
static const char *const HIDDEN[] = {"usr/lib/python3/dist-packages", "usr/lib/node_modules", "usr/share/nodejs"};
static const char *const MASKED[] = {"interrupts", "keys", "timer_list", "sys/kernel/random/boot_id"};

static void inside(char **argv, uid_t uid, gid_t gid)
{
    enum { RO = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
    char text[512], to[512], path[512];
    put("/proc/self/setgroups", "deny", 0);
    snprintf(text, sizeof text, "993 %u 1", uid);
    put("/proc/self/uid_map", text, 0);
    snprintf(text, sizeof text, "990 %u 1", gid);
    put("/proc/self/gid_map", text, 0);
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    int work = make("tmpfs", "size", "16m", MOUNT_ATTR_NOSUID);
    must(sys_move_mount(work, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH), "work");
    must(fchdir(work), "work");
    for (size_t i = 0; i < sizeof DIRS / sizeof *DIRS; i++)
        must(mkdir(DIRS[i], 0755), DIRS[i]);
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        put(FILES[i], "", O_CREAT);
    show("root", "root", 0);
    for (size_t i = 0; i < sizeof BINDS / sizeof *BINDS; i++) {
        snprintf(to, sizeof to, "root%s", BINDS[i]);
        if (access(BINDS[i], F_OK) == 0)
            show(BINDS[i], to, RO);
    }
    must(symlink("usr/lib64", "root/lib64"), "link");
    must(symlink("usr/lib", "root/lib"), "link");
    must(symlink("usr/bin", "root/bin"), "link");
    attach(make("tmpfs", "size", "64k", MOUNT_ATTR_NOSUID), "root/dev");
    for (size_t i = 0; i < sizeof DEVICES / sizeof *DEVICES; i++) {
        snprintf(to, sizeof to, "root/dev/%s", DEVICES[i]);
        snprintf(path, sizeof path, "/dev/%s", DEVICES[i]);
        put(to, "", O_CREAT);
        show(path, to, MOUNT_ATTR_NOSUID);
    }
    attach(make("proc", NULL, NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC), "root/proc");
    for (size_t i = 0; i < sizeof FROZEN / sizeof *FROZEN; i++) {
        snprintf(to, sizeof to, "root/proc/%s", FROZEN[i]);
        show(to, to, RO);
    }
    for (size_t i = 0; i < sizeof MASKED / sizeof *MASKED; i++) {
        snprintf(to, sizeof to, "root/proc/%s", MASKED[i]);
        if (access(to, F_OK) == 0)
            show("nothing", to, RO);
    }
    show("empty", "root/proc/acpi", RO);
    for (size_t i = 0; i < sizeof HIDDEN / sizeof *HIDDEN; i++) {
        snprintf(to, sizeof to, "root/%s", HIDDEN[i]);
        if (access(to, F_OK) == 0)
            show("empty", to, RO);
    }
    attach(make("tmpfs", "size", "512m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV), "root/tmp");
    for (int i = 0; i < 3; i++) {
        snprintf(to, sizeof to, "%d", i);
        show(argv[1 + i], to, RO);
    }
    attach(make("overlay", "lowerdir", "2:empty", RO), "root/var/task");
    attach(make("overlay", "lowerdir", "1:0", RO), "root/opt");
    must(sys_mount_setattr(AT_FDCWD, "root", 0, RO, 0), "read-only");
    must(chdir("root"), "root");
    must(sys_pivot_root(".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "detach");
    must(chdir("/"), "/");
    must(sethostname("floor", 5), "hostname");
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    must(ioctl(s, SIOCSIFFLAGS, &lo), "lo");
    close(s);
    pid_t pid = vfork();
    if (pid == 0) {
        char *const args[] = {argv[4], NULL}, *const none[] = {NULL};
        execve(argv[4], args, none);
        _exit(127);
    }
    int status;
    waitpid(pid, &status, 0);
    _exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    for (int i = 1; i < 4; i++)
        if (!(argv[i] = realpath(argv[i], NULL)))
            return 2;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    struct clone_args args = {.flags =
                                  CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET,
                              .exit_signal = SIGCHLD};
    long pid = sys_clone3(&args);
    must(pid, "clone3");
    if (pid == 0)
        inside(argv, uid, gid);
    int status;
    waitpid((pid_t)pid, &status, 0);
    return WEXITSTATUS(status);
}
