/* SPDX-License-Identifier: Apache-2.0 */
/* The table of hints, and that of container managers: each says what was read and nothing else. The host is a list of files here; "$X" is
 * a variable of the environment. */
#include "base/own.h"
#include "launcher/sandbox/hints.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct file {
    const char *path, *content;
} * host;

static bool fake(const char *path, struct text *ret)
{
    for (const struct file *f = host; f && f->path; f++)
        if (strcmp(f->path, path) == 0) {
            text_puts(ret, f->content);
            return true;
        }
    return false;
}

#define APPARMOR "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
#define FILTER \
    { \
        "/proc/self/status", "Name:\tlrun\nSeccomp:\t2\nSeccomp_filters:\t1\n" \
    }
#define NO_FILTER \
    { \
        "/proc/self/status", "Name:\tlrun\nSeccomp:\t0\nSeccomp_filters:\t0\n" \
    }

Test(hints, name_the_switch_that_was_read_and_no_other)
{
    static const struct {
        const char *step;
        int no;
        struct file file[2];
        const char *says;
    } rows[] = {
        {"map", EACCES, {{APPARMOR, "1\n"}}, "packaging/apparmor/lrun"},
        {"map", EPERM, {{APPARMOR, "1\n"}}, "packaging/apparmor/lrun"},
        {"private", EACCES, {{APPARMOR, "1\n"}}, "packaging/apparmor/lrun"},
        {"root", EACCES, {{APPARMOR, "1\n"}}, "packaging/apparmor/lrun"},
        {"loopback", EPERM, {{APPARMOR, "1\n"}}, "packaging/apparmor/lrun"},
        {"map", EACCES, {{APPARMOR, "0\n"}}, "a security module may do so"},
        {"clone", EPERM, {{"/proc/sys/kernel/unprivileged_userns_clone", "0\n"}}, "kernel.unprivileged_userns_clone=1"},
        {"clone", EPERM, {{"/proc/sys/kernel/unprivileged_userns_clone", "1\n"}}, "the system refuses user namespaces"},
        {"clone", ENOSPC, {{"/proc/sys/user/max_user_namespaces", "0\n"}}, "user.max_user_namespaces=10000"},
        {"clone", ENOSPC, {{"/proc/sys/user/max_user_namespaces", "1000\n"}}, "a limit on namespaces is reached"},
        {"clone",
         EPERM,
         {{NULL, NULL}},
         "the system refuses user namespaces: a container's seccomp profile, a chroot or a sysctl may do so"},
        {"clone", EIO, {{NULL, NULL}}, NULL},
        {"map", ENOENT, {{NULL, NULL}}, "mount -t proc proc /proc"},
        {"go", ENOBUFS, {{NULL, NULL}}, "end other programs"},
        {"go", ENOMEM, {{NULL, NULL}}, "end other programs"},
        {"go", EPERM, {{NULL, NULL}}, "something around lrun refuses this call"},
        {"caps", EPERM, {{NULL, NULL}}, "something around lrun refuses this call"},
        {"caps", EIO, {{NULL, NULL}}, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char got[480] = "";
        host = rows[i].file;
        bool any = hints_find(rows[i].step, rows[i].no, fake, got, sizeof got);
        cr_expect(rows[i].says ? any && strstr(got, rows[i].says) : !any, "%zu: %s %d: %s", i, rows[i].step, rows[i].no, got);
    }
}

Test(hints, name_the_manager_that_is_known_by_its_mark_and_its_own_words)
{
    static const struct {
        struct file files[5];
        const char *manager, *says;
    } rows[] = {
        {{FILTER, {"/.dockerenv", ""}},
         "in Docker, by /.dockerenv",
         "docker run --security-opt seccomp=unconfined --security-opt apparmor="},
        {{FILTER, {"/run/.containerenv", ""}},
         "in Podman, by /run/.containerenv",
         "podman run --security-opt unmask=ALL --security-opt seccomp="},
        {{FILTER, {"/.dockerenv", ""}, {"/run/.containerenv", ""}}, "in Docker, by /.dockerenv", "docker run"}, /* an image of Podman's */
        {{FILTER,
          {"/.dockerenv", ""},
          {"/proc/self/mountinfo", "1 2 0:3 /c/.containerenv /run/.containerenv rw - ext4 x rw\n4 2 0:3 / / rw - ext4 x rw\n"}},
         "in Podman, by /run/.containerenv",
         "podman run"},
        {{FILTER, {"/.dockerenv", ""}, {"$GITLAB_CI", "true"}}, "GitLab", "[runners.docker] security_opt = [\"seccomp=unconfined\""},
        {{FILTER, {"/.dockerenv", ""}, {"$GITHUB_ACTIONS", "true"}}, "GitHub Actions", "options: --security-opt seccomp=unconfined"},
        {{FILTER, {"/.dockerenv", ""}, {"$GITHUB_ACTIONS", "false"}}, "in Docker", "docker run"},
        {{FILTER, {"$KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"/run/.containerenv", ""}}, "in Kubernetes", "procMount: Unmasked"},
        {{FILTER, {"/run/host/container-manager", "systemd-nspawn\n"}}, "in systemd-nspawn", "--system-call-filter="},
        {{FILTER, {"$container", "lxc"}}, "in LXC, by $container", "nesting.conf"},
        {{FILTER, {"/dev/incus/sock", ""}}, "in Incus", "incus config set NAME security.nesting=true"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char got[480] = "";
        host = rows[i].files;
        cr_expect(hints_find("clone", EPERM, fake, got, sizeof got) && strstr(got, "Seccomp: 2") && strstr(got, rows[i].manager) &&
                      strstr(got, rows[i].says) && strstr(got, "see docs/hosts.md"),
                  "%zu: %s", i, got);
    }
}

Test(hints, present_no_guess_as_a_cause)
{
    static const struct file marks[] = {NO_FILTER, {"/.dockerenv", ""}, {"$GITLAB_CI", "true"}, {"/run/.containerenv", ""}, {NULL, NULL}};
    static const struct file filter[] = {FILTER, {"/proc/self/attr/apparmor/current", "unconfined\n"}, {NULL, NULL}};
    static const struct file profile[] = {
        NO_FILTER, {"/proc/self/attr/apparmor/current", "docker-default (enforce)\n"}, {"/.dockerenv", ""}, {NULL, NULL}};
    char got[480];
    host = marks; /* a machine that was made from an image: nothing is established */
    cr_expect(hints_find("clone", EPERM, fake, got, sizeof got) && !strstr(got, "Docker") && !strstr(got, "Podman") &&
                  strstr(got, "may do so"),
              "%s", got);
    host = filter;
    cr_expect(hints_find("root", EPERM, fake, got, sizeof got) && strstr(got, "Seccomp: 2") && !strstr(got, "AppArmor") &&
                  !strstr(got, "Docker"),
              "%s", got);
    host = profile;
    cr_expect(hints_find("root", EACCES, fake, got, sizeof got) && strstr(got, "AppArmor confines lrun (profile docker-default)") &&
                  !strstr(got, "Seccomp") && strstr(got, "apparmor=unconfined"),
              "%s", got);
}

Test(hints, fit_where_everything_is_established)
{
    static const struct file pod[] = {FILTER,
                                      {"/proc/self/attr/apparmor/current", "cri-containerd.apparmor.d (enforce)\n"},
                                      {"$KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                                      {NULL, NULL}};
    static const struct file podman[] = {
        FILTER, {"/proc/self/attr/apparmor/current", "containers-default-0.50.1 (enforce)\n"}, {"/run/.containerenv", ""}, {NULL, NULL}};
    char got[480];
    host = pod;
    cr_expect(hints_find("hostname", EPERM, fake, got, sizeof got) && strstr(got, "profile cri-containerd.apparmor.d") &&
                  str_ends(got, "runAsUser: 1000}, see docs/hosts.md"),
              "%s", got);
    host = podman;
    cr_expect(hints_find("hostname", EPERM, fake, got, sizeof got) &&
                  str_ends(got, "unmask=ALL --security-opt seccomp=unconfined --security-opt apparmor=unconfined, see docs/hosts.md"),
              "%s", got);
}

Test(hints, know_a_chroot_by_its_missing_root_mount)
{
    static const struct file in[] = {
        FILTER, {"/proc/self/mountinfo", "40 1 0:22 / /proc rw - proc proc rw\n41 1 0:3 / /dev/pts rw - devpts x rw\n"}, {NULL, NULL}};
    static const struct file out[] = {
        NO_FILTER, {"/proc/self/mountinfo", "40 1 0:22 / /proc rw - proc proc rw\n30 1 8:1 / / rw - ext4 x rw\n"}, {NULL, NULL}};
    static const struct file part[] = {NO_FILTER, {"/proc/self/mountinfo", "30 1 8:1 /some/where / rw - ext4 x rw\n"}, {NULL, NULL}};
    char got[480];
    host = in;
    cr_expect(hints_find("clone", EPERM, fake, got, sizeof got) && strstr(got, "this is a chroot") && !strstr(got, "Seccomp"), "%s", got);
    cr_expect(hints_find("root", EPERM, fake, got, sizeof got) && !strstr(got, "chroot"), "%s", got);
    host = out;
    cr_expect(hints_find("clone", EPERM, fake, got, sizeof got) && !strstr(got, "this is a chroot"), "%s", got);
    host = part;
    cr_expect(hints_find("clone", EPERM, fake, got, sizeof got) && !strstr(got, "this is a chroot"), "%s", got);
}
