/* SPDX-License-Identifier: Apache-2.0 */
/* hints.c: THE TABLE of what to do about a failed step, by (step, errno) and by a switch of the host that was read: no message names a
 * cause that was not established. Where no switch explains the failure, the text says what to look at. First match counts, so rows
 * with a file come before those without. What may be the doing of a container is completed by what surroundings.c establishes. What the
 * steps are is steps.c; docs/hosts.md has the long form. EPERM alone would not do: for clone, map and the first mount it has three
 * different causes and cures. */
#include "launcher/sandbox/hints.h"

#include "base/own.h"
#include "launcher/sandbox/surroundings.h"
#include "mounts/apply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NO_PROC "no /proc is mounted here: mount -t proc proc /proc"
#define CHROOT_TEXT \
    "this is a chroot (no mount of /proc/self/mountinfo is the root), where nobody may make one: run lrun outside of it, or enter the " \
    "tree with systemd-nspawn -D"

static const struct hint {
    const char *step; /* "*": any */
    int no;
    const char *file, *value; /* established by this file having this first word; NULL: nothing to establish */
    const char *text;
    const char *around; /* it may be the doing of what is around lrun: what to say where nothing of that is established; NULL: it is not */
} HINTS[] = {
#define APPARMOR "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
// clang-format off
#define APPARMOR_TEXT                                                                                                    \
    "AppArmor restricts user namespaces here (kernel.apparmor_restrict_unprivileged_userns=1, as on Ubuntu 24.04): "      \
    "install packaging/apparmor/lrun, see docs/hosts.md"
    // clang-format on
    {"map", EACCES, APPARMOR, "1", APPARMOR_TEXT, NULL},
    {"map", EPERM, APPARMOR, "1", APPARMOR_TEXT, NULL},
    {"private", EACCES, APPARMOR, "1", APPARMOR_TEXT, NULL},
    {"private", EPERM, APPARMOR, "1", APPARMOR_TEXT, NULL},
    {"root", EACCES, APPARMOR, "1", APPARMOR_TEXT, NULL},
    {"root", EPERM, APPARMOR, "1", APPARMOR_TEXT, NULL},
    {"loopback", EPERM, APPARMOR, "1", APPARMOR_TEXT, NULL},
    {"clone", EACCES, APPARMOR, "1", APPARMOR_TEXT, NULL},
    {"clone", EPERM, "/proc/sys/kernel/unprivileged_userns_clone", "0",
     "user namespaces are switched off for users here: sudo sysctl -w kernel.unprivileged_userns_clone=1", NULL},
    {"clone", ENOSPC, "/proc/sys/user/max_user_namespaces", "0",
     "user namespaces are switched off here: sudo sysctl -w user.max_user_namespaces=10000", NULL},
    {"clone", ENOSPC, NULL, NULL, "a limit on namespaces is reached: see /proc/sys/user/max_*_namespaces", NULL},
    {"clone", EINVAL, NULL, NULL,
     "the kernel may lack a kind of namespace: lrun needs Linux 5.14 with user, pid, net, ipc, uts and cgroup namespaces", NULL},
    {"clone", EUSERS, NULL, NULL, "user namespaces are nested too deep here", NULL},
    {"clone", EAGAIN, NULL, NULL, "the limit on processes is reached: see ulimit -u", NULL},
    {"clone", ENOSYS, NULL, NULL, "clone3 is refused", "the kernel is too old, or a container's seccomp profile does it"},
    {"clone", EPERM, NULL, NULL, "the system refuses user namespaces", "a container's seccomp profile, a chroot or a sysctl may do so"},
    {"hostname", EPERM, NULL, NULL, "the sandbox must not show this host's name, and giving it another is refused",
     "a container's seccomp profile may do so"},
    {"map", ENOENT, NULL, NULL, NO_PROC, NULL},
    {"oom", ENOENT, NULL, NULL, NO_PROC, NULL},
    {"network", ENOSPC, NULL, NULL, "a limit on namespaces is reached: see /proc/sys/user/max_net_namespaces", NULL},
    {"map", EPERM, NULL, NULL, "the user namespace was given without power over itself", "a security module may do so"},
    {"map", EACCES, NULL, NULL, "the user namespace was given without power over itself", "a security module may do so"},
    {"private", EPERM, NULL, NULL, "mounts are refused inside the user namespace", "a security module may do so"},
    {"private", EACCES, NULL, NULL, "mounts are refused inside the user namespace", "a security module may do so"},
    {"root", EPERM, NULL, NULL, "mounts are refused inside the user namespace", "a security module or a container's profile may do so"},
    {"root", EACCES, NULL, NULL, "mounts are refused inside the user namespace", "a security module or a container's profile may do so"},
    {"root", ENOSPC, NULL, NULL, "not the disk: the kernel's limit of mounts, see /proc/sys/fs/mount-max", NULL},
    {"root", ENOSYS, NULL, NULL, "the kernel is too old or a seccomp profile refuses the call: lrun needs Linux 5.14", NULL},
    {"root", ENODEV, NULL, NULL, "the kernel lacks this file system", NULL},
    {"go", ENOBUFS, NULL, NULL, "the kernel has no memory left for a message: end other programs, or raise the memory limit around lrun",
     NULL},
    {"go", ENOMEM, NULL, NULL, "the kernel has no memory left for a message: end other programs, or raise the memory limit around lrun",
     NULL},
    {"*", ENOSYS, NULL, NULL, "the kernel is too old or a seccomp profile refuses the call: lrun needs Linux 5.14", NULL},
    {"*", EINVAL, NULL, NULL,
     "the kernel does not do this as lrun asks for it: Linux 5.14 is needed, and kernels that only look like Linux (gVisor, WSL 1) may "
     "lack it",
     NULL},
    {"*", ENOSPC, NULL, NULL, "not the disk: one of the kernel's limits is reached, see /proc/sys/user and /proc/sys/fs/mount-max", NULL},
    {"*", EPERM, NULL, NULL, "something around lrun refuses this call", "a container's seccomp profile or a security module may do so"},
    {"*", EACCES, NULL, NULL, "something around lrun refuses this call", "a container's seccomp profile or a security module may do so"},
};

/* What is established of a failure that something around lrun may have caused; where nothing is, what it may be. */
static void say_around(const struct hint *h, const struct surroundings *s, char *text, size_t size)
{
    size_t n = strlen(text);
    char around[sizeof((struct err *)0)->hint];
    if (h->around && h->no == EPERM && strcmp(h->step, "clone") == 0 && s->in_chroot)
        snprintf(text + n, size - n, ": " CHROOT_TEXT ", see docs/hosts.md");
    else if (h->around && surroundings_say(s, false, around, sizeof around))
        snprintf(text + n, size - n, ": %s, see docs/hosts.md", around);
    else if (h->around)
        snprintf(text + n, size - n, ": %s, see docs/hosts.md", h->around);
}

static bool is_established(const struct hint *h, surroundings_reader reader)
{
    struct text text = {0};
    bool yes = !h->file || reader(h->file, &text);
    if (h->file && yes)
        yes = text.n && strcspn(text.at, " \n") == strlen(h->value) && str_begins(text.at, h->value);
    text_done(&text);
    return yes;
}

bool hints_find(const char *step, int no, surroundings_reader reader, char *text, size_t size)
{
    for (size_t i = 0; i < COUNT(HINTS); i++) {
        const struct hint *h = &HINTS[i];
        if ((strcmp(h->step, step) != 0 && strcmp(h->step, "*") != 0) || h->no != no || !is_established(h, reader))
            continue;
        struct surroundings s = {0};
        if (h->around)
            surroundings_look(reader, &s);
        snprintf(text, size, "%s", h->text);
        say_around(h, &s, text, size);
        return true;
    }
    return false;
}

/* What mounts/ said of a hidden /proc lacks who hid it. */
static int add_manager(struct err *err)
{
    struct surroundings s;
    char around[sizeof err->hint];
    surroundings_look(surroundings_read, &s);
    bool known = surroundings_say(&s, true, around, sizeof around) && s.manager;
    return fail_hint(err, "%s; %s, see docs/hosts.md", NEW_MOUNT_HIDDEN,
                     known ? around : "Docker: --security-opt systempaths=unconfined, Podman: --security-opt unmask=ALL");
}

int hints_add(struct err *err)
{
    char text[sizeof err->hint];
    if (strcmp(err->hint, NEW_MOUNT_HIDDEN) == 0)
        return add_manager(err);
    return !err->hint[0] && hints_find(err->step, err->no, surroundings_read, text, sizeof text) ? fail_hint(err, "%s", text) : -1;
}
