/* SPDX-License-Identifier: Apache-2.0 */
/* enter.c: exec --in: finding an environment's namespaces and joining them. Who joins, and in which order it sheds what is the
 * caller's, is launcher/command/cmd_enter.c.
 *   kept     descriptors of an lrun started with --hold or --debug, found by the links in its /proc/PID/fd
 *   inside   any process in it that is dumpable, by /proc/PID/ns; init itself is not
 * A namespace that is the caller's own is refused, since the command would run outside; with --net host the network's may be. The user
 * namespace is first: the right to join the others comes with it. */
#include "launcher/sandbox/enter.h"

#include "base/descriptors.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const struct {
    const char *name; /* in /proc/PID/ns, and in what a descriptor's link says */
    int type;
} KINDS[NAMESPACES] = {{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},      {"net", CLONE_NEWNET},
                       {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP}};
static const char VARIABLES[] = "lrun-variables"; /* name of the memory file */

static void nothing(struct enterable *e)
{
    e->variables = -1;
    for (int i = 0; i < NAMESPACES; i++)
        e->ns[i] = -1;
}

static bool open_namespaces(pid_t pid, struct enterable *e)
{
    for (int i = 0; i < NAMESPACES; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, KINDS[i].name);
        if ((e->ns[i] = open(path, O_RDONLY | O_CLOEXEC)) < 0)
            return false;
    }
    return true;
}

int enter_keep(pid_t pid, char *const *envp, struct enterable *ret, struct err *err)
{
    nothing(ret);
    ret->variables = memfd_create(VARIABLES, MFD_CLOEXEC);
    if (!open_namespaces(pid, ret) || ret->variables < 0)
        return fail(err, errno, NULL, "keep the sandbox open for others");
    for (; *envp; envp++)
        if (fs_write_all(ret->variables, *envp, strlen(*envp) + 1) < 0)
            return fail(err, errno, NULL, "keep the variables");
    return 0;
}

static void read_variables(int fd, struct strv *ret)
{
    struct text all = {0};
    struct err ignored;
    if (fs_read_all(fd, 1u << 20, "variables", &all, &ignored) == 0)
        for (size_t at = 0; at < all.n; at += strlen(all.at + at) + 1)
            if (all.at[at])
                strv_add(ret, xstrdup(all.at + at));
    text_done(&all);
}

/* In our own user namespace the command would run outside of any sandbox. */
static bool elsewhere(const struct enterable *e)
{
    struct stat own, its;
    return stat("/proc/self/ns/user", &own) == 0 && fstat(e->ns[0], &its) == 0 && own.st_ino != its.st_ino;
}

/* Descriptors that pid keeps: /proc/PID/fd has a link for each. */
static bool open_kept(pid_t pid, struct enterable *e)
{
    char path[64], link[330], to[128];
    int found = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    OWN_DIR DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
        ssize_t n = readlink(link, to, sizeof to - 1);
        to[n > 0 ? n : 0] = 0;
        if (str_begins(to, "/memfd:lrun-variables"))
            e->variables = open(link, O_RDONLY | O_CLOEXEC);
        for (int i = 0; i < NAMESPACES; i++) {
            size_t length = strlen(KINDS[i].name);
            if (strncmp(to, KINDS[i].name, length) == 0 && to[length] == ':' && e->ns[i] < 0 &&
                (e->ns[i] = open(link, O_RDONLY | O_CLOEXEC)) >= 0)
                found++;
        }
    }
    return found == NAMESPACES && elsewhere(e);
}

/* A process inside can be inspected once it has become its program, since init and its forks are not dumpable. */
static bool open_inside(pid_t pid, struct enterable *e)
{
    char path[64];
    if (!open_namespaces(pid, e) || !elsewhere(e))
        return false;
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    e->variables = open(path, O_RDONLY | O_CLOEXEC);
    return e->variables >= 0;
}

static bool find(pid_t pid, struct enterable *e, int depth)
{
    typedef bool (*way)(pid_t, struct enterable *);
    static const way WAYS[] = {open_kept, open_inside};
    char path[64], children[4096];
    for (size_t i = 0; i < COUNT(WAYS); i++) {
        if (WAYS[i](pid, e))
            return true;
        enter_done(e);
    }
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    if (depth == 0 || fs_read_small(AT_FDCWD, path, children, sizeof children) < 0)
        return false;
    char *save = NULL;
    for (char *word = strtok_r(children, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
        uint64_t child;
        if (num_plain(word, 10, &child) == 0 && (pid_t)child != getpid() && find((pid_t)child, e, depth - 1))
            return true;
    }
    return false;
}

int enter_find(pid_t pid, struct enterable *ret, struct strv *ret_envp, struct err *err)
{
    enum { DEPTH = 2 }; /* lrun, init, what it started */
    char path[64];
    nothing(ret);
    if (find(pid, ret, DEPTH)) {
        read_variables(ret->variables, ret_envp);
        return 0;
    }
    snprintf(path, sizeof path, "/proc/%d", pid);
    fail(err, access(path, F_OK) < 0 ? ESRCH : 0, path, "enter the environment of");
    return fail_hint(
        err, "--in takes the process ID of an lrun of the same user that has a process inside, or was started with --hold or --debug");
}

int enter_close_others(struct enterable *e, struct err *err)
{
    e->variables = -1;
    return descriptors_keep(e->ns, NAMESPACES) < 0 ? fail(err, errno, NULL, "close what must not come along") : 0;
}

/* Finds the namespaces that are the caller's own. With --net host the network is, and cannot be joined; with any other the
 * command would run outside. */
static int find_shared(const struct enterable *e, bool shared[NAMESPACES], struct err *err)
{
    for (int i = 0; i < NAMESPACES; i++) {
        struct stat own, its;
        char path[64];
        snprintf(path, sizeof path, "/proc/self/ns/%s", KINDS[i].name);
        if (stat(path, &own) < 0 || fstat(e->ns[i], &its) < 0)
            return fail(err, errno, path, "look at the namespace");
        shared[i] = own.st_ino == its.st_ino;
        if (shared[i] && KINDS[i].type != CLONE_NEWNET)
            return fail(err, 0, KINDS[i].name, "enter a sandbox that shares lrun's namespace");
    }
    return 0;
}

int enter_join(struct enterable *e, struct err *err)
{
    bool shared[NAMESPACES] = {false}; /* looked at while /proc is the host's */
    if (find_shared(e, shared, err) < 0)
        return -1;
    for (int i = 0; i < NAMESPACES; i++)
        if (!shared[i] && setns(e->ns[i], KINDS[i].type) < 0)
            return fail(err, errno, KINDS[i].name, "join the namespace");
    enter_done(e);
    return 0;
}

void enter_done(struct enterable *e)
{
    for (int i = 0; i < NAMESPACES; i++)
        own_close(&e->ns[i]);
    own_close(&e->variables);
}
