/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_host.c: doctor's probes of what is here: kernel, what is around lrun, its other programs, a cgroup, Landlock, added runtimes. The
 * other programs are started, as a launch starts them: a file that is there proves nothing of the libraries it needs. What a launch makes
 * of all this is tried in doctor_launch.c. */
#include "base/fs.h"
#include "base/helper.h"
#include "base/own.h"
#include "launcher/command/doctor.h"
#include "launcher/launch/launch.h"
#include "launcher/sandbox/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

int probe_kernel(const struct doctor *d, struct finding *f)
{
    struct utsname u;
    unsigned major = 0, minor = 0;
    (void)d;
    uname(&u);
    sscanf(u.release, "%u.%u", &major, &minor);
    snprintf(f->note, sizeof f->note, "Linux %.60s", u.release);
    if (major > 5 || (major == 5 && minor >= 14))
        return 0;
    fail(&f->err, 0, NULL, "run on Linux %.60s", u.release);
    return fail_hint(&f->err, "5.14 or later is needed");
}

/* Not needed, and no failure: it says what else the other probes' remedies are about. */
int probe_container(const struct doctor *d, struct finding *f)
{
    struct surroundings s;
    (void)d;
    surroundings_look(surroundings_read, &s);
    snprintf(f->note, sizeof f->note, "%s%s%s%s; seccomp filter: %s; AppArmor: %s%s", s.manager ? "marks of " : "no container's marks",
             s.manager ? s.manager : "", s.manager ? " are here: " : "", s.manager ? s.evidence : "", s.filtered ? "yes" : "no",
             s.profile[0] ? s.profile : "does not confine lrun", s.in_chroot ? "; in a chroot" : "");
    return 0;
}

/* Without arguments each says at once that lrun starts it; 126 and 127 are helper_become()'s and the dynamic loader's. */
static int start_helper(const char *name, int program, struct err *err)
{
    int ends[2], status = 0;
    struct text said = {0};
    struct err ignored;
    char *const argv[] = {(char *)(uintptr_t)name, NULL};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe");
    const int fds[] = {-1, -1, ends[1]};
    pid_t pid = fork();
    if (pid == 0)
        helper_become(program, argv, fds, COUNT(fds));
    close(ends[1]);
    fs_read_all(ends[0], 64 << 10, name, &said, &ignored);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) < 126) {
        text_done(&said);
        return 0;
    }
    fail(err, 0, name, "start");
    if (said.n)
        said.at[strcspn(said.at, "\n")] = 0;
    if (said.n)
        fail_hint(err,
                  "it said: %.200s; lrun starts it without LD_LIBRARY_PATH or any other variable: install its libraries where the loader "
                  "looks (ldconfig)",
                  str_line(said.at));
    text_done(&said);
    return -1;
}

int probe_helpers(const struct doctor *d, struct finding *f)
{
    enum { MOST = 8 };
    int programs[MOST];
    size_t n = 0, count = 0;
    struct identity id;
    (void)d;
    for (; HELPERS[count] && count < MOST; count++)
        if (helper_open(HELPERS[count], &programs[count], &f->err) < 0)
            return -1;
    if (identity_choose(&id, &f->err) < 0 || identity_take(&id, &f->err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (start_helper(HELPERS[i], programs[i], &f->err) < 0)
            return -1;
        n += (size_t)snprintf(f->note + n, sizeof f->note - n, "%s%s", i ? ", " : "", HELPERS[i]);
    }
    snprintf(f->note + n, sizeof f->note - n, " start, with an empty environment");
    return 0;
}

int probe_cgroup(const struct doctor *d, struct finding *f)
{
    struct cgroup c = CGROUP_NONE;
    struct identity id;
    if (identity_choose(&id, &f->err) < 0 || cgroup_make(d->request->cgroup, 128, 0, id.uid, &c, &f->err) < 0)
        return -1;
    bool memory = c.memory, cpu = c.cpu, freeze = c.freeze >= 0, there = c.dir >= 0;
    cgroup_done(&c);
    snprintf(f->note, sizeof f->note, "limits by cgroup: memory %s, CPU share %s, freezing %s", memory ? "yes" : "no", cpu ? "yes" : "no",
             freeze ? "yes" : "no");
    if (there && memory && cpu)
        return 0;
    fail(&f->err, 0, NULL, "%s: memory is %s, the CPU share %s", there ? "limit everything by a cgroup" : "find a delegated cgroup v2",
         memory ? "limited" : "watched", cpu ? "limited" : "not limited");
    return fail_hint(
        &f->err,
        "run lrun below systemd's user manager (systemd-run --user --scope -p Delegate=yes), or name a delegated cgroup with --cgroup");
}

int probe_landlock(const struct doctor *d, struct finding *f)
{
    (void)d;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    snprintf(f->note, sizeof f->note, "Landlock, version %ld, confines lrun-unpack, lrun-project and lrun-relay", abi);
    if (abi > 0)
        return 0;
    fail(&f->err, errno, NULL, "use Landlock");
    return fail_hint(
        &f->err,
        "lrun-unpack and lrun-project are confined by a root directory of their own in its place, lrun-relay only by its system call "
        "policy and resource limits");
}

/* What --runtime finds before the host's. */
int probe_runtimes(const struct doctor *d, struct finding *f)
{
    struct identity id;
    struct cache store = {.dir = -1};
    struct strv names = {0};
    (void)d;
    if (identity_choose(&id, &f->err) < 0 || identity_take(&id, &f->err) < 0)
        return -1;
    OWN_PTR char *path = identity_store_dir(&id);
    int there = store_at(path, -1, &store, &f->err);
    if (there < 0 || (there && store_names(&store, &names, &f->err) < 0))
        return -1;
    snprintf(f->note, sizeof f->note, names.n ? "added:" : "none is added (lrun runtime add ID SOURCE)");
    for (size_t i = 0; i < names.n; i++)
        snprintf(f->note + strlen(f->note), sizeof f->note - strlen(f->note), " %s", names.at[i]);
    strv_done(&names);
    if (there)
        cache_done(&store);
    return 0;
}
