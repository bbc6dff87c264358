/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_doctor.c: does lrun work on this host? Each probe is the real thing, done in a child: the sandbox's own steps, the cache, the
 * network, a cgroup, the interpreters. A version or a switch alone proves nothing, and a list of them would rot. What to do about a
 * failed step is launcher/sandbox/hints.c's, as for every launch; the long form is docs/hosts.md. In a child because a probe gives up
 * root and leaves things open; its result comes back by a pipe, and no result is a failure. */
#include "base/fs.h"
#include "base/helper.h"
#include "base/json.h"
#include "base/own.h"
#include "cache/cache_base.h"
#include "launcher/command/commands.h"
#include "launcher/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

const struct command_kind KIND_DOCTOR = {
    .usage_exit = EXIT_USAGE,
};

struct doctor {
    const struct request *request;
    char dir[32]; /* an empty function and two empty layers */
    char *function;
};

enum status { STATUS_OK, STATUS_FAILED, STATUS_ABSENT /* lrun works without */ };
static const char *const STATUS_NAMES[] = {"ok", "failed", "absent"};

struct finding {
    enum status status;
    struct err err;
    char note[256];
};

/* ---- the probes. Each fills note, or fails with err ---- */

static int probe_kernel(const struct doctor *d, struct finding *f)
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

static int probe_helpers(const struct doctor *d, struct finding *f)
{
    size_t n = 0;
    (void)d;
    for (size_t i = 0; HELPERS[i]; i++) {
        OWN_FD int fd = -1;
        if (helper_open(HELPERS[i], &fd, &f->err) < 0)
            return -1;
        n += (size_t)snprintf(f->note + n, sizeof f->note - n, "%s%s", i ? ", " : "", HELPERS[i]);
    }
    snprintf(f->note + n, sizeof f->note - n, " are installed");
    return 0;
}

static char *NOTHING[] = {(char *)(uintptr_t) "/bin/true", NULL};

static int prepare(const struct doctor *d, char **argv, struct request *r, struct launch *l, struct err *err)
{
    request_copy(d->request, r);
    r->command = CMD_EXEC;
    r->kind = &KIND_EXEC;
    r->argv = argv;
    r->function = d->function;
    r->quiet = true;
    r->tools = TOOLS_HOST; /* exec's */
    for (const char *name = "ab"; *name; name++)
        strv_add(&r->layers, xasprintf("%s/%c", d->dir, *name));
    return launch_prepare(r, l, err);
}

static int probe_cache(const struct doctor *d, struct finding *f)
{
    static struct request r;
    static struct launch l;
    struct statvfs st;
    if (prepare(d, NOTHING, &r, &l, &f->err) < 0)
        return -1;
    struct cache cache;
    if (cache_open(l.inputs.cache_dir, take_fd(&l.inputs.cache_place), -1, &cache, &f->err) < 0 ||
        (l.inputs.cache_base && cache_use_base(&cache, l.inputs.cache_base, l.inputs.base_named, &f->err) < 0))
        return -1;
    if (statvfs(l.inputs.cache_dir, &st) == 0)
        snprintf(f->note, sizeof f->note, "%.180s, %ju MB free", l.inputs.cache_dir, (uintmax_t)st.f_bavail * st.f_frsize >> 20);
    cache_done(&cache);
    return 0;
}

/* All of it: namespaces, mounts of two layers and a function, policy, a program started in it. ret: what it was. */
static int try_sandbox(const struct doctor *d, char **argv, enum net net, struct launch *ret, struct finding *f)
{
    static struct request r;
    struct sandbox s = SANDBOX_NONE;
    struct message m = {.type = MESSAGE_READY};
    if (prepare(d, argv, &r, ret, &f->err) < 0)
        return -1;
    ret->spec.net = net;
    if (sandbox_start(&ret->spec, &s, &f->err) < 0)
        return -1;
    while (m.type != MESSAGE_EXITED && m.type != MESSAGE_NOT_STARTED && m.type != MESSAGE_HANGUP)
        if (sandbox_hear(&s, &m, true) < 0)
            m.type = MESSAGE_HANGUP;
    sandbox_done(&s);
    if (m.type == MESSAGE_NOT_STARTED)
        f->err = m.err;
    else if (m.type == MESSAGE_HANGUP || m.value != 0)
        fail(&f->err, 0, argv[0], "run in the sandbox");
    return f->err.what[0] ? -1 : 0;
}

static int probe_sandbox(const struct doctor *d, struct finding *f)
{
    static struct launch l;
    snprintf(f->note, sizeof f->note, "namespaces, mounts, overlay of two layers, policy: a program ran in it as uid %d", INSIDE_UID);
    return try_sandbox(d, NOTHING, NET_NONE, &l, f);
}

/* The root is an overlay then. Where it is made anew in each launch, it is a tmpfs. */
static int probe_root(const struct doctor *d, struct finding *f)
{
    static char look[] = "while read -r l; do case $l in *' / / '*' - overlay '*) exit 0 ;; esac; done </proc/self/mountinfo; exit 1";
    static char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c", look, NULL};
    static struct launch l;
    snprintf(f->note, sizeof f->note, "the root's directories and files are kept in the cache");
    if (try_sandbox(d, argv, NET_NONE, &l, f) == 0)
        return 0;
    if (f->err.no || f->err.step[0])
        return -1;
    fail(&f->err, 0, l.inputs.cache_dir, "lay an overlay over the root that is kept in");
    return fail_hint(&f->err,
                     "%.180s%seach launch makes its own, which takes some 0.5 ms: try a cache on another file system (--cache-dir)",
                     l.skeleton.why_none ? l.skeleton.why_none : "", l.skeleton.why_none ? "; " : "");
}

static int probe_network(const struct doctor *d, struct finding *f)
{
    static struct launch l;
    snprintf(f->note, sizeof f->note, "--net user: pasta set up a network");
    return try_sandbox(d, NOTHING, NET_USER, &l, f);
}

static int probe_cgroup(const struct doctor *d, struct finding *f)
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

static int probe_landlock(const struct doctor *d, struct finding *f)
{
    (void)d;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    snprintf(f->note, sizeof f->note, "Landlock, version %ld, confines lrun-unpack", abi);
    if (abi > 0)
        return 0;
    fail(&f->err, errno, NULL, "use Landlock");
    return fail_hint(&f->err, "lrun-unpack is confined only by its system call policy and resource limits");
}

static int probe_runtime(const struct doctor *d, const char *name, struct finding *f)
{
    static struct launch l;
    static struct request r;
    struct request with = *d->request;
    struct doctor other = *d;
    with.runtime = name;
    other.request = &with;
    if (prepare(&other, NOTHING, &r, &l, &f->err) < 0)
        return -1;
    snprintf(f->note, sizeof f->note, "%s: %.200s", l.runtime.id, l.runtime.interpreter);
    return 0;
}

static int probe_python(const struct doctor *d, struct finding *f)
{
    return probe_runtime(d, "python3", f);
}

static int probe_node(const struct doctor *d, struct finding *f)
{
    return probe_runtime(d, "nodejs", f);
}

/* What --runtime finds before the host's. */
static int probe_runtimes(const struct doctor *d, struct finding *f)
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

static const struct probe {
    const char *name;
    bool needed;
    int (*run)(const struct doctor *, struct finding *);
} PROBES[] = {
    {"kernel", true, probe_kernel},   {"helpers", true, probe_helpers},    {"cache", true, probe_cache},
    {"sandbox", true, probe_sandbox}, {"root", false, probe_root},         {"network", false, probe_network},
    {"cgroup", false, probe_cgroup},  {"landlock", false, probe_landlock}, {"python", false, probe_python},
    {"nodejs", false, probe_node},    {"runtimes", false, probe_runtimes},
};

/* ---- running and telling them ---- */

/* In a child: a probe changes identity and leaves things open. */
static void run_probe(const struct probe *p, const struct doctor *d, struct finding *ret)
{
    int ends[2], status;
    *ret = (struct finding){.status = p->needed ? STATUS_FAILED : STATUS_ABSENT};
    if (pipe2(ends, O_CLOEXEC) < 0) {
        fail(&ret->err, errno, NULL, "make a pipe");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        static struct finding f;
        f.status = p->run(d, &f) == 0 ? STATUS_OK : p->needed ? STATUS_FAILED : STATUS_ABSENT;
        _exit(fs_write_all(ends[1], &f, sizeof f) < 0);
    }
    close(ends[1]);
    struct text bytes = {0};
    struct err ignored;
    if (pid < 0 || fs_read_all(ends[0], sizeof *ret, p->name, &bytes, &ignored) < 0 || bytes.n != sizeof *ret)
        fail(&ret->err, pid < 0 ? errno : 0, p->name, "get a result from the probe");
    else
        memcpy(ret, bytes.at, sizeof *ret);
    close(ends[0]);
    text_done(&bytes);
    if (pid > 0)
        waitpid(pid, &status, 0);
}

static void put_finding(struct text *out, size_t i, const void *of)
{
    const struct finding *f = (const struct finding *)of + i;
    bool good = f->status == STATUS_OK;
    json_put(out, "name", PROBES[i].name);
    json_flag(out, "needed", PROBES[i].needed);
    json_put(out, "status", STATUS_NAMES[f->status]);
    json_put(out, "note", good ? f->note : NULL);
    json_put(out, "what", good ? NULL : err_what(&f->err));
    json_put(out, "path", good ? NULL : err_object(&f->err));
    json_num(out, "errno", good ? 0 : f->err.no);
    json_put(out, "step", good || !f->err.step[0] ? NULL : f->err.step);
    json_put(out, "remedy", good || !f->err.hint[0] ? NULL : f->err.hint);
}

static void put_json(const struct finding *found, bool works)
{
    struct text out = {0};
    json_open(&out, '{');
    json_put(&out, "schema", "lrun.doctor/1");
    json_flag(&out, "works", works);
    json_objects(&out, "probes", COUNT(PROBES), put_finding, found);
    json_close(&out, '}');
    puts(out.at);
    text_done(&out);
}

static void put_text(const struct finding *found, bool works)
{
    for (size_t i = 0; i < COUNT(PROBES); i++) {
        char text[ERR_TEXT_SIZE];
        err_text(&found[i].err, text, sizeof text);
        printf("%-7s %-9s %s%s%s%s\n", STATUS_NAMES[found[i].status], PROBES[i].name, found[i].status == STATUS_OK ? found[i].note : text,
               found[i].status != STATUS_OK && found[i].err.step[0] ? " (step " : "", found[i].status != STATUS_OK ? found[i].err.step : "",
               found[i].status != STATUS_OK && found[i].err.step[0] ? ")" : "");
    }
    puts(works ? "lrun works here." : "lrun does not work here: see what failed, and docs/hosts.md.");
}

static int make_scratch(struct doctor *d, struct err *err)
{
    snprintf(d->dir, sizeof d->dir, "/tmp/lrun-doctor.XXXXXX");
    if (!mkdtemp(d->dir) || chmod(d->dir, 0755) < 0)
        return fail(err, errno, d->dir, "make the directory");
    d->function = xasprintf("%s/f", d->dir);
    for (const char *name = "fab"; *name; name++) {
        OWN_PTR char *path = xasprintf("%s/%c", d->dir, *name);
        if (mkdir(path, 0755) < 0)
            return fail(err, errno, path, "make the directory");
    }
    return 0;
}

int cmd_doctor(const struct request *r, struct err *err)
{
    static struct finding found[COUNT(PROBES)];
    struct doctor d = {.request = r};
    struct err ignored;
    bool works = true;
    fflush(stdout); /* the children must not write it again */
    int status = make_scratch(&d, err);
    for (size_t i = 0; i < COUNT(PROBES) && status == 0; i++) {
        run_probe(&PROBES[i], &d, &found[i]);
        works = works && !(PROBES[i].needed && found[i].status != STATUS_OK);
    }
    fs_remove_tree(AT_FDCWD, d.dir, &ignored);
    free(d.function);
    if (status < 0)
        return -1;
    r->json ? put_json(found, works) : put_text(found, works);
    return works ? 0 : 1;
}
