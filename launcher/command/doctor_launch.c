/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_launch.c: doctor's probes of a launch: each is the real thing, with one thing more than the one before. Two ways of a launch are
 * left to their own messages: what asks a network outside (images by name, layers by ARN), and what needs a debugger. A probe's process
 * ends with it, so memory and descriptors of its launch are left to that. */
#include "base/arch.h"
#include "base/fs.h"
#include "base/helper.h"
#include "base/own.h"
#include "cache/cache_base.h"
#include "cache/image.h"
#include "launcher/command/commands.h"
#include "launcher/command/doctor.h"
#include "launcher/launch/launch.h"
#include "launcher/launch/policy_file.h"
#include "launcher/launch/project_read.h"
#include "relay/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

static char *NOTHING[] = {(char *)(uintptr_t) "/bin/true", NULL};

struct trial { /* how a launch differs from the plainest */
    char **argv;
    enum net net;
    const char *doors;
    bool zipped; /* function and layer are zips */
    const char *policy;
};

static char *in_dir(const struct doctor *d, const char *name)
{
    return xasprintf("%s/%s", d->dir, name);
}

static int prepare(const struct doctor *d, const struct trial *t, struct request *r, struct launch *l, struct err *err)
{
    request_copy(d->request, r);
    r->command = CMD_EXEC;
    r->kind = &KIND_EXEC;
    r->argv = t->argv;
    r->function = t->zipped ? in_dir(d, DOCTOR_ZIP) : d->function; /* the process ends with the probe */
    r->quiet = true;
    r->tools = TOOLS_HOST; /* exec's */
    r->net = t->net;
    r->doors = t->doors;
    if (t->policy)
        r->seccomp = t->policy;
    for (const char *name = "ab"; *name && !t->zipped; name++)
        strv_add(&r->layers, xasprintf("%s/%c", d->dir, *name));
    if (t->zipped)
        strv_add(&r->layers, in_dir(d, DOCTOR_ZIP));
    return launch_prepare(r, l, err);
}

int probe_cache(const struct doctor *d, struct finding *f)
{
    static struct request r;
    static struct launch l;
    struct statvfs st;
    if (prepare(d, &(struct trial){.argv = NOTHING}, &r, &l, &f->err) < 0)
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

/* Whether lrun-relay has enclosed itself: its filter is one more than ours. */
static bool is_enclosed(pid_t relay)
{
    enum { SIZE = 4096 };
    char path[40], text[SIZE], own[SIZE];
    snprintf(path, sizeof path, "/proc/%d/status", (int)relay);
    const char *its = fs_read_small(AT_FDCWD, path, text, SIZE) > 0 ? strstr(text, "\nSeccomp_filters:") : NULL;
    const char *ours = fs_read_small(AT_FDCWD, "/proc/self/status", own, SIZE) > 0 ? strstr(own, "\nSeccomp_filters:") : NULL;
    unsigned is = 0, was = 0;
    return its && ours && sscanf(its, "\nSeccomp_filters: %u", &is) == 1 && sscanf(ours, "\nSeccomp_filters: %u", &was) == 1 && is > was;
}

static int await_relay(struct relay *r, struct err *err)
{
    enum { TRIES = 200, PAUSE_NS = 10000000 };
    char line[RELAY_NOTE_MAX] = "it ended";
    int heard = 0;
    for (int i = 0; i < TRIES && heard == 0 && !is_enclosed(r->pid); i++) {
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        heard = relay_hear(r, line, sizeof line);
    }
    if (heard == 0 && is_enclosed(r->pid))
        return 0;
    fail(err, 0, "lrun-relay", "enclose");
    return fail_hint(err, "%.300s", heard == 0 ? "it does not get ready" : line);
}

/* All of it: namespaces, mounts of two layers and a function, policy, a program started in it. ret: what it was. */
static int try_sandbox(const struct doctor *d, const struct trial *t, struct launch *ret, struct finding *f)
{
    static struct request r;
    struct sandbox s = SANDBOX_NONE;
    struct message m = {.type = MESSAGE_READY};
    if (prepare(d, t, &r, ret, &f->err) < 0 || sandbox_start(&ret->spec, &s, &f->err) < 0)
        return -1;
    while (m.type != MESSAGE_EXITED && m.type != MESSAGE_NOT_STARTED && m.type != MESSAGE_HANGUP)
        if (sandbox_hear(&s, &m, true) < 0)
            m.type = MESSAGE_HANGUP;
    if (m.type == MESSAGE_NOT_STARTED)
        f->err = m.err;
    else if (m.type == MESSAGE_HANGUP || m.value != 0)
        fail(&f->err, 0, t->argv[0], "run in the sandbox");
    else if (t->net == NET_ALLOW)
        await_relay(&s.relay, &f->err);
    sandbox_done(&s);
    return f->err.what[0] ? -1 : 0;
}

int probe_sandbox(const struct doctor *d, struct finding *f)
{
    static struct launch l;
    snprintf(f->note, sizeof f->note, "namespaces, mounts, overlay of two layers, policy: a program ran in it as uid %d", INSIDE_UID);
    return try_sandbox(d, &(struct trial){.argv = NOTHING}, &l, f);
}

/* The content is like no other, so nobody else has the entry. */
static void forget_entry(struct cache *c, const char *tree_path)
{
    struct err ignored;
    const char *key = strstr(tree_path, "/tree/");
    OWN_PTR char *name = key ? xasprintf("tree/%.*s", (int)strcspn(key + 6, "/"), key + 6) : NULL;
    if (name)
        fs_remove_tree(c->dir, name, &ignored);
}

/* A tarball and an image, each by its own way, into the cache that a launch has opened. */
static int unpack_others(const struct doctor *d, struct cache *c, struct err *err)
{
    struct cache_entry entry;
    struct image_facts facts;
    OWN_PTR char *tar = in_dir(d, DOCTOR_TAR), *image = in_dir(d, DOCTOR_IMAGE);
    OWN_FD int tar_fd = open(tar, O_RDONLY | O_CLOEXEC), image_fd = open(image, O_RDONLY | O_CLOEXEC);
    if (tar_fd < 0 || image_fd < 0)
        return fail(err, errno, d->dir, "open what was made in");
    if (cache_get(c, &(struct archive){.name = tar, .fd = tar_fd, .use = USE_TARBALL}, 1, &entry, err) < 0)
        return -1;
    forget_entry(c, entry.tree_path);
    if (cache_get_image(c, &(struct archive){.name = image, .fd = image_fd, .use = USE_IMAGE}, ARCHES[ARCH_OURS].go, "", &facts, &entry,
                        err) < 0)
        return -1;
    forget_entry(c, entry.tree_path);
    return 0;
}

int probe_unpack(const struct doctor *d, struct finding *f)
{
    static char look[] = "read -r x </var/task/" DOCTOR_FILE " && read -r y </opt/" DOCTOR_FILE " && [ \"$x\" = \"$y\" ] && [ -n \"$x\" ]";
    static char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c", look, NULL};
    static struct launch l;
    snprintf(f->note, sizeof f->note,
             "a zip was unpacked and its file read in the sandbox, as function and as layer; a tarball and an image were unpacked");
    int status = try_sandbox(d, &(struct trial){.argv = argv, .zipped = true}, &l, f);
    if (status == 0)
        status = unpack_others(d, &l.inputs.cache, &f->err);
    for (size_t i = 0; i < INPUTS_MAX; i++)
        if (l.inputs.entries[i].tree_path)
            forget_entry(&l.inputs.cache, l.inputs.entries[i].tree_path);
    return status;
}

/* The root is an overlay then. Where it is made anew in each launch, it is a tmpfs. */
int probe_root(const struct doctor *d, struct finding *f)
{
    static char look[] = "while read -r l; do case $l in *' / / '*' - overlay '*) exit 0 ;; esac; done </proc/self/mountinfo; exit 1";
    static char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c", look, NULL};
    static struct launch l;
    snprintf(f->note, sizeof f->note, "the root's directories and files are kept in the cache");
    if (try_sandbox(d, &(struct trial){.argv = argv}, &l, f) == 0)
        return 0;
    if (f->err.no || f->err.step[0])
        return -1;
    fail(&f->err, 0, l.inputs.cache_dir, "lay an overlay over the root that is kept in");
    return fail_hint(&f->err,
                     "%.180s%seach launch makes its own, which takes some 0.5 ms: try a cache on another file system (--cache-dir)",
                     l.skeleton.why_none ? l.skeleton.why_none : "", l.skeleton.why_none ? "; " : "");
}

int probe_network(const struct doctor *d, struct finding *f)
{
    static struct launch l;
    snprintf(f->note, sizeof f->note, "--net user: pasta set up a network");
    return try_sandbox(d, &(struct trial){.argv = NOTHING, .net = NET_USER}, &l, f);
}

int probe_relay(const struct doctor *d, struct finding *f)
{
    static struct launch l;
    snprintf(f->note, sizeof f->note, "--net allow: a door was made, and lrun-relay enclosed itself");
    return try_sandbox(d, &(struct trial){.argv = NOTHING, .net = NET_ALLOW, .doors = "localhost:9"}, &l, f);
}

/* Compiled anew, and then used: a launch may find it in the cache. */
int probe_policy(const struct doctor *d, struct finding *f)
{
    static struct launch l;
    OWN_PTR char *path = in_dir(d, DOCTOR_POLICY);
    OWN_FD int program = -1, policy = open(path, O_RDONLY | O_CLOEXEC);
    FILE *nowhere = fdopen(open("/dev/null", O_WRONLY | O_CLOEXEC), "w");
    snprintf(f->note, sizeof f->note, "--seccomp FILE: a policy was compiled, and a program ran under it");
    if (policy < 0 || !nowhere)
        return fail(&f->err, errno, path, "open");
    if (helper_open("lrun-policy", &program, &f->err) < 0 || policy_file_print(program, policy, path, nowhere, &f->err) < 0)
        return -1;
    fclose(nowhere);
    return try_sandbox(d, &(struct trial){.argv = NOTHING, .policy = path}, &l, f);
}

int probe_project(const struct doctor *d, struct finding *f)
{
    struct identity id;
    struct request r;
    struct text answer = {0};
    struct slice top;
    OWN_FD int root = open(d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct project_place place = {.root = root, .root_path = (char *)(uintptr_t)d->dir, .file = (char *)(uintptr_t)DOCTOR_TEMPLATE};
    snprintf(f->note, sizeof f->note, "lrun-project read a template of a project");
    if (root < 0)
        return fail(&f->err, errno, d->dir, "open");
    request_copy(d->request, &r);
    r.cache_dir = "/dev/null/none"; /* no answer is kept */
    int status = identity_choose(&id, &f->err) < 0 ? -1 : project_read(&place, &r, &id, &answer, &top, &f->err);
    text_done(&answer);
    return status;
}

static int probe_runtime(const struct doctor *d, const char *name, struct finding *f)
{
    static struct launch l;
    static struct request r;
    struct request with = *d->request;
    struct doctor other = *d;
    with.runtime = name;
    other.request = &with;
    if (prepare(&other, &(struct trial){.argv = NOTHING}, &r, &l, &f->err) < 0)
        return -1;
    snprintf(f->note, sizeof f->note, "%s: %.200s", l.runtime.id, l.runtime.interpreter);
    return 0;
}

int probe_python(const struct doctor *d, struct finding *f)
{
    return probe_runtime(d, "python3", f);
}

int probe_node(const struct doctor *d, struct finding *f)
{
    return probe_runtime(d, "nodejs", f);
}
