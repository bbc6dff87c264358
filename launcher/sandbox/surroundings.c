/* SPDX-License-Identifier: Apache-2.0 */
/* surroundings.c: THE TABLE of container managers: by what each is known from inside, and the exact words that its user needs. Rows of a
 * manager inside another's come first. That a file or a variable is there says who made the container, and not who refused a call: causes
 * are established apart from it (the filter's and AppArmor's state in /proc), and each is named with what shows it. A virtual machine made
 * from a container's image still has /.dockerenv, so a manager alone is no reason to say anything. docs/hosts.md has the long form. */
#include "launcher/sandbox/surroundings.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNCONFINED "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
#define PODMAN "podman run --security-opt unmask=ALL --security-opt seccomp=unconfined"

static const struct manager {
    const char *name, *file, *value; /* "*": it is there; else its first word. "@FILE": it is a mount's place */
    const char *also;                /* a file that must be there too, or NULL */
    const char *remedy;
} MANAGERS[] = {
    // clang-format off
    {"Kubernetes", "$KUBERNETES_SERVICE_HOST", "*", NULL,
     "hostUsers: false in the pod, and the container's securityContext: {procMount: Unmasked, seccompProfile: {type: Unconfined}, "
     "appArmorProfile: {type: Unconfined}, runAsUser: 1000}"},
    {"a job of GitLab's in Docker", "$GITLAB_CI", "true", "/.dockerenv",
     "[runners.docker] security_opt = [\"seccomp=unconfined\", \"apparmor=unconfined\"] in the runner's config.toml, and a /proc that "
     "is not masked"},
    {"a container of GitHub Actions", "$GITHUB_ACTIONS", "true", "/.dockerenv", "in the job's container: options: " UNCONFINED},
    {"Podman", "@/run/.containerenv", "*", NULL, PODMAN},
    {"systemd-nspawn", "/run/host/container-manager", "systemd-nspawn", NULL, "systemd-nspawn --system-call-filter=CALL"},
    {"systemd-nspawn", "$container", "systemd-nspawn", NULL, "systemd-nspawn --system-call-filter=CALL"},
    {"Incus", "/dev/incus/sock", "*", NULL, "incus config set NAME security.nesting=true"},
    {"LXD", "/dev/lxd/sock", "*", NULL, "lxc config set NAME security.nesting=true"},
    {"LXC", "$container", "lxc", NULL, "lxc.include = /usr/share/lxc/config/nesting.conf in the container's config"},
    {"LXC", "/run/systemd/container", "lxc", NULL, "lxc.include = /usr/share/lxc/config/nesting.conf in the container's config"},
    {"Docker", "/.dockerenv", "*", NULL, "docker run " UNCONFINED},
    {"Podman", "/run/.containerenv", "*", NULL, PODMAN}, /* an image that Podman made may have that file in Docker, too */
    // clang-format on
};

bool surroundings_read(const char *path, struct text *ret)
{
    enum { MOST = 1 << 20 };
    struct err ignored;
    if (path[0] == '$') {
        const char *value = getenv(path + 1);
        text_puts(ret, value ? value : "");
        return value;
    }
    OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 ? fs_read_all(fd, MOST, path, ret, &ignored) == 0 : access(path, F_OK) == 0; /* a socket is there, too */
}

/* Is there a mount at this place? False too where /proc does not say. */
static bool is_mount(surroundings_reader reader, const char *place)
{
    struct text text = {0};
    bool found = false;
    for (const char *line = reader("/proc/self/mountinfo", &text) ? text.at : NULL; line && !found; line = line ? line + 1 : NULL) {
        char at[128] = ""; /* longer places are others */
        found = sscanf(line, "%*s %*s %*s %*s %127s", at) == 1 && strcmp(at, place) == 0;
        line = strchr(line, '\n');
    }
    text_done(&text);
    return found;
}

static bool is(surroundings_reader reader, const char *path, const char *value)
{
    struct text text = {0};
    if (path[0] == '@')
        return is_mount(reader, path + 1);
    bool yes = reader(path, &text);
    if (yes && strcmp(value, "*") != 0)
        yes = text.n && strcspn(text.at, " \n") == strlen(value) && str_begins(text.at, value);
    text_done(&text);
    return yes;
}

/* The root directory is not a mount's own: the mounts that /proc shows to a process are those beneath its root. */
static bool is_chroot(surroundings_reader reader)
{
    return is(reader, "/proc/self/mountinfo", "*") && !is_mount(reader, "/");
}

void surroundings_look(surroundings_reader reader, struct surroundings *ret)
{
    struct text status = {0}, label = {0};
    *ret = (struct surroundings){.in_chroot = is_chroot(reader)};
    for (size_t i = 0; i < COUNT(MANAGERS) && !ret->manager; i++) {
        const struct manager *m = &MANAGERS[i];
        if (is(reader, m->file, m->value) && (!m->also || is(reader, m->also, "*"))) {
            ret->manager = m->name;
            ret->evidence = m->file + (m->file[0] == '@');
            ret->remedy = m->remedy;
        }
    }
    ret->filtered = reader("/proc/self/status", &status) && status.n && strstr(status.at, "\nSeccomp:\t2");
    if (reader("/proc/self/attr/apparmor/current", &label) && label.n && !str_begins(label.at, "unconfined"))
        snprintf(ret->profile, sizeof ret->profile, "%.*s", (int)strcspn(label.at, " \n"), label.at);
    str_line(ret->profile);
    text_done(&status);
    text_done(&label);
}

bool surroundings_say(const struct surroundings *s, bool hidden, char *text, size_t size)
{
    size_t n = 0;
    text[0] = 0;
    if (!s->filtered && !s->profile[0] && !hidden)
        return false;
    if (s->filtered)
        n += (size_t)snprintf(text + n, size - n, "a seccomp filter is on (Seccomp: 2 in /proc/self/status)");
    if (s->profile[0] && n < size)
        n += (size_t)snprintf(text + n, size - n, "%sAppArmor confines lrun (profile %s)", n ? "; " : "", s->profile);
    if (s->manager && n < size)
        n += (size_t)snprintf(text + n, size - n, "%sin %s, by %s: %s", n ? "; " : "", s->manager, s->evidence, s->remedy);
    /* Podman has profiles on some hosts only: its words name it where one is there. */
    if (s->manager && s->profile[0] && n < size && str_begins(s->remedy, "podman"))
        snprintf(text + n, size - n, " --security-opt apparmor=unconfined");
    return n > 0 || s->manager;
}
