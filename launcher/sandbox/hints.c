/* SPDX-License-Identifier: Apache-2.0 */
/* hints.c: THE TABLE of what to do about a failed step, by (step, errno) and by a switch of the host that was read: no message names a
 * cause that was not established. Where no switch explains the failure, the text says what to look at. First match counts, so rows
 * with a file come before those without. What the steps are is steps.c; docs/hosts.md has the long form. EPERM alone would not do: for
 * clone, map and the first mount it has three different causes and cures. */
#include "launcher/sandbox/hints.h"

#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const struct hint {
    const char *step; /* "*": any */
    int no;
    const char *file, *value; /* established by this file having this first word; NULL: nothing to establish; "*": it exists */
    const char *text;
} HINTS[] = {
#define APPARMOR "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
// clang-format off
#define APPARMOR_TEXT                                                                                                    \
    "AppArmor restricts user namespaces here (kernel.apparmor_restrict_unprivileged_userns=1, as on Ubuntu 24.04): "      \
    "install packaging/apparmor/lrun, see docs/hosts.md"
    // clang-format on
    {"map", EACCES, APPARMOR, "1", APPARMOR_TEXT},
    {"map", EPERM, APPARMOR, "1", APPARMOR_TEXT},
    {"private", EACCES, APPARMOR, "1", APPARMOR_TEXT},
    {"private", EPERM, APPARMOR, "1", APPARMOR_TEXT},
    {"root", EACCES, APPARMOR, "1", APPARMOR_TEXT},
    {"root", EPERM, APPARMOR, "1", APPARMOR_TEXT},
    {"loopback", EPERM, APPARMOR, "1", APPARMOR_TEXT},
    {"clone", EACCES, APPARMOR, "1", APPARMOR_TEXT},
    {"clone", EPERM, "/proc/sys/kernel/unprivileged_userns_clone", "0",
     "user namespaces are switched off for users here: sudo sysctl -w kernel.unprivileged_userns_clone=1"},
    {"clone", ENOSPC, "/proc/sys/user/max_user_namespaces", "0",
     "user namespaces are switched off here: sudo sysctl -w user.max_user_namespaces=10000"},
    {"clone", ENOSPC, NULL, NULL, "a limit on namespaces is reached: see /proc/sys/user/max_*_namespaces"},
    {"clone", EINVAL, NULL, NULL,
     "the kernel may lack a kind of namespace: lrun needs Linux 5.14 with user, pid, net, ipc, uts and cgroup namespaces"},
    {"clone", EUSERS, NULL, NULL, "user namespaces are nested too deep here"},
    {"clone", EAGAIN, NULL, NULL, "the limit on processes is reached: see ulimit -u"},
    {"clone", ENOSYS, NULL, NULL,
     "clone3 is refused: a container's seccomp profile may do so (Docker: --security-opt seccomp=unconfined), or the kernel is too old"},
    {"clone", EPERM, "/.dockerenv", "*",
     "in a container, the one who starts it must allow this; for Docker: --security-opt seccomp=unconfined "
     "--security-opt apparmor=unconfined --security-opt systempaths=unconfined, see docs/hosts.md"},
    {"clone", EPERM, NULL, NULL,
     "the system refuses user namespaces: a container's seccomp profile, a chroot or a sysctl may do so, see docs/hosts.md"},
    {"network", ENOSPC, NULL, NULL, "a limit on namespaces is reached: see /proc/sys/user/max_net_namespaces"},
    {"map", EPERM, NULL, NULL, "the user namespace was given without power over itself: a security module may do so, see docs/hosts.md"},
    {"map", EACCES, NULL, NULL, "the user namespace was given without power over itself: a security module may do so, see docs/hosts.md"},
    {"private", EPERM, NULL, NULL, "mounts are refused inside the user namespace: a security module may do so, see docs/hosts.md"},
    {"private", EACCES, NULL, NULL, "mounts are refused inside the user namespace: a security module may do so, see docs/hosts.md"},
    {"root", EPERM, NULL, NULL,
     "mounts are refused inside the user namespace: a security module or a container's profile may do so, see docs/hosts.md"},
    {"root", EACCES, NULL, NULL,
     "mounts are refused inside the user namespace: a security module or a container's profile may do so, see docs/hosts.md"},
    {"root", ENOSPC, NULL, NULL, "not the disk: the kernel's limit of mounts, see /proc/sys/fs/mount-max"},
    {"root", ENOSYS, NULL, NULL, "the kernel is too old or a seccomp profile refuses the call: lrun needs Linux 5.14"},
    {"root", ENODEV, NULL, NULL, "the kernel lacks this file system"},
    {"go", ENOBUFS, NULL, NULL, "the kernel has no memory left for a message: end other programs, or raise the memory limit around lrun"},
    {"go", ENOMEM, NULL, NULL, "the kernel has no memory left for a message: end other programs, or raise the memory limit around lrun"},
    {"*", ENOSYS, NULL, NULL, "the kernel is too old or a seccomp profile refuses the call: lrun needs Linux 5.14"},
    {"*", EINVAL, NULL, NULL,
     "the kernel does not do this as lrun asks for it: Linux 5.14 is needed, and kernels that only look like Linux (gVisor, WSL 1) may "
     "lack it"},
    {"*", ENOSPC, NULL, NULL, "not the disk: one of the kernel's limits is reached, see /proc/sys/user and /proc/sys/fs/mount-max"},
    {"*", EPERM, NULL, NULL,
     "something around lrun refuses this call: a container's seccomp profile or a security module may do so, see docs/hosts.md"},
    {"*", EACCES, NULL, NULL,
     "something around lrun refuses this call: a container's seccomp profile or a security module may do so, see docs/hosts.md"},
};

static bool read_first_word(const char *path, char *text, unsigned long size)
{
    if (fs_read_small(AT_FDCWD, path, text, size) < 0)
        return false;
    text[strcspn(text, " \n")] = 0;
    return true;
}

const char *hints_find(const char *step, int no, hints_reader reader)
{
    for (size_t i = 0; i < COUNT(HINTS); i++) {
        const struct hint *h = &HINTS[i];
        char text[64];
        if ((strcmp(h->step, step) != 0 && strcmp(h->step, "*") != 0) || h->no != no)
            continue;
        if (!h->file || (reader(h->file, text, sizeof text) && (strcmp(h->value, "*") == 0 || strcmp(text, h->value) == 0)))
            return h->text;
    }
    return NULL;
}

int hints_add(struct err *err)
{
    const char *text = err->hint[0] ? NULL : hints_find(err->step, err->no, read_first_word);
    return text ? fail_hint(err, "%s", text) : -1;
}
