/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_doctor.c: does lrun work on this host? Each probe is the real thing, done in a child: all that a launch does, unpacking included, the
 * network, a cgroup, the interpreters. A version or a switch alone proves nothing, and a list of them would rot. What to do about a
 * failed step is launcher/sandbox/hints.c's, as for every launch; the long form is docs/hosts.md. In a child because a probe gives up
 * root and leaves things open; its result comes back by a pipe, and no result is a failure. */
#include "base/fs.h"
#include "base/json.h"
#include "base/own.h"
#include "launcher/command/commands.h"
#include "launcher/command/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

const struct command_kind KIND_DOCTOR = {
    .usage_exit = EXIT_USAGE,
};

static const char *const STATUS_NAMES[] = {"ok", "failed", "absent"};

static const struct probe {
    const char *name;
    bool needed;
    int (*run)(const struct doctor *, struct finding *);
} PROBES[] = {
    {"kernel", true, probe_kernel},      {"container", false, probe_container}, {"helpers", true, probe_helpers},
    {"cache", true, probe_cache},        {"sandbox", true, probe_sandbox},      {"unpack", true, probe_unpack},
    {"root", false, probe_root},         {"network", false, probe_network},     {"relay", false, probe_relay},
    {"policy", false, probe_policy},     {"project", false, probe_project},     {"cgroup", false, probe_cgroup},
    {"landlock", false, probe_landlock}, {"python", false, probe_python},       {"nodejs", false, probe_node},
    {"runtimes", false, probe_runtimes},
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

static int write_archive(const struct doctor *d, const char *name, struct err *err)
{
    OWN_PTR char *path = xasprintf("%s/%s", d->dir, name);
    struct text bytes = {0};
    OWN_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    doctor_archive(d, name, &bytes);
    int status = fd < 0 || fchmod(fd, 0644) < 0 || fs_write_all(fd, bytes.at, bytes.n) < 0 ? fail(err, errno, path, "write") : 0;
    text_done(&bytes);
    return status;
}

static int make_scratch(struct doctor *d, struct err *err)
{
    static const char *const FILES[] = {DOCTOR_ZIP, DOCTOR_TAR, DOCTOR_IMAGE, DOCTOR_POLICY, DOCTOR_TEMPLATE};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(d->unique, sizeof d->unique, "%d %jd.%09ld\n", (int)getpid(), (intmax_t)now.tv_sec, now.tv_nsec);
    snprintf(d->dir, sizeof d->dir, "/tmp/lrun-doctor.XXXXXX");
    if (!mkdtemp(d->dir) || chmod(d->dir, 0755) < 0)
        return fail(err, errno, d->dir, "make the directory");
    d->function = xasprintf("%s/f", d->dir);
    for (const char *name = "fab"; *name; name++) {
        OWN_PTR char *path = xasprintf("%s/%c", d->dir, *name);
        if (mkdir(path, 0755) < 0)
            return fail(err, errno, path, "make the directory");
    }
    for (size_t i = 0; i < COUNT(FILES); i++)
        if (write_archive(d, FILES[i], err) < 0)
            return -1;
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
