/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "launcher/sandbox/hints.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *fake_file, *fake_value;

static bool fake(const char *path, char *text, unsigned long size)
{
    if (!fake_file || strcmp(path, fake_file) != 0)
        return false;
    snprintf(text, size, "%s", fake_value);
    return true;
}

Test(hints, name_the_switch_that_was_read_and_no_other)
{
    static const struct {
        const char *step;
        int no;
        const char *file, *value, *says;
    } rows[] = {
        {"map", EACCES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"map", EPERM, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"private", EACCES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"root", EACCES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"loopback", EPERM, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"map", EACCES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0", "a security module may do so"},
        {"clone", EPERM, "/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"},
        {"clone", EPERM, "/proc/sys/kernel/unprivileged_userns_clone", "1", "the system refuses user namespaces"},
        {"clone", ENOSPC, "/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=10000"},
        {"clone", ENOSPC, "/proc/sys/user/max_user_namespaces", "1000", "a limit on namespaces is reached"},
        {"clone", EPERM, "/.dockerenv", "", "seccomp=unconfined"},
        {"clone", EPERM, NULL, NULL, "the system refuses user namespaces"},
        {"clone", EIO, NULL, NULL, NULL},
        {"go", ENOBUFS, NULL, NULL, "end other programs"},
        {"go", ENOMEM, NULL, NULL, "end other programs"},
        {"go", EPERM, NULL, NULL, "something around lrun refuses this call"},
        {"caps", EPERM, NULL, NULL, "something around lrun refuses this call"},
        {"caps", EIO, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        fake_file = rows[i].file;
        fake_value = rows[i].value;
        const char *got = hints_find(rows[i].step, rows[i].no, fake);
        cr_expect(rows[i].says ? got && strstr(got, rows[i].says) : !got, "%s %d %s: %s", rows[i].step, rows[i].no, rows[i].file, got);
    }
}
