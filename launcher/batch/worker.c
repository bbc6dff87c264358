/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c: a worker's life: take a job, run it, send its result. A job is over when its command has ended and nobody can write to its
 * streams any more; that is said at once, and another worker has the next job while the kernel takes this one's mounts down, which takes
 * some milliseconds and computes nothing. What it has used is known only then. Killed lrun: SIGKILL comes by PDEATHSIG, and takes the
 * sandbox along. */
#include "launcher/batch/worker.h"

#include "base/fs.h"
#include "base/own.h"
#include "launcher/batch/capture.h"
#include "launcher/batch/order.h"
#include "launcher/batch/result.h"
#include "launcher/environment/task.h"
#include "launcher/launch/exit_status.h"
#include "launcher/launch/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct worker {
    const struct worker_spec *spec;
    const struct cgroup *cgroup;
    int socket;
    struct event_base *base;
};

struct run { /* of one job */
    struct task task;
    struct report report;
    struct job job;
    struct capture streams[2];
    struct placed placed[JOB_FILES_MAX];
    struct event *gone, *too_late;
    bool over;
};

/* ---- one job ---- */

/* What follows its end: if others still can write, the sandbox is killed with them. */
static void on_end(struct task *t)
{
    struct run *run = t->owner;
    if (!capture_is_over(&run->streams[0]) || !capture_is_over(&run->streams[1]))
        task_gone(t);
    else
        run->over = true;
}

/* Process 1 has both streams too, and has said how the command ended before they end with it. */
static void on_stream_end(void *of)
{
    struct run *run = of;
    if (!capture_is_over(&run->streams[0]) || !capture_is_over(&run->streams[1]))
        return;
    task_hear(&run->task);
    run->over = run->task.ended;
}

static void on_gone(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct run *run = to;
    task_hear(&run->task);
    run->over = run->task.ended;
}

/* Standard input, whole and unchangeable: who opens it anew can write nothing there. */
static int open_input(const struct job *j, struct err *err)
{
    if (!j->input.n) {
        int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return nothing < 0 ? fail(err, errno, "/dev/null", "open") : nothing;
    }
    enum { SEALS = F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK };
    OWN_FD int fd = memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || fs_write_all(fd, j->input.at, j->input.n) < 0 || lseek(fd, 0, SEEK_SET) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        return fail(err, errno, NULL, "hold the command's standard input");
    return take_fd(&fd);
}

static int start(struct worker *w, struct run *run, struct err *err)
{
    const struct launch *l = w->spec->launch;
    struct sandbox_spec spec = l->spec;
    OWN_FD int input = open_input(&run->job, err);
    if (input < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        if (capture_open(&run->streams[i], w->spec->output_limit, err) < 0)
            return -1;
    for (size_t i = 0; i < run->job.file_count; i++)
        run->placed[i] = run->job.files[i].into;
    spec.stdio[0] = input;
    spec.stdio[1] = run->streams[0].theirs;
    spec.stdio[2] = run->streams[1].theirs;
    spec.argv = run->job.argv.n ? run->job.argv.at : l->spec.argv;
    const struct placed_files files = {run->placed, run->job.file_count};
    spec.placed = &files;
    spec.cgroup = w->cgroup && w->cgroup->dir >= 0 ? w->cgroup : NULL;
    spec.heard_at_end = spec.one_shot && !spec.watched;
    if (task_start(&run->task, &spec, err) < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        if (capture_join(&run->streams[i], w->base, on_stream_end, run, err) < 0)
            return -1;
    run->gone = event_new(w->base, run->task.sandbox.pidfd, EV_READ, on_gone, run);
    if (loop_add(run->gone, err) < 0)
        return -1;
    return task_watch(&run->task, w->base) < 0 ? *err = run->task.err, -1 : 0;
}

static void wait_for_end(struct worker *w, struct run *run)
{
    while (!run->over && event_base_loop(w->base, EVLOOP_ONCE) == 0)
        ;
    for (int i = 0; i < 2; i++)
        capture_drain(&run->streams[i]);
}

/* The next job may begin, though this one's sandbox is still there. */
static int say_over(const struct worker *w)
{
    const struct answer over = {.outcome = OUTCOME_OVER};
    return fs_write_all(w->socket, &over, sizeof over);
}

static int send_result(const struct worker *w, const struct result *r)
{
    struct text line = {0};
    result_put(r, &line);
    const struct answer head = {
        .n = line.n,
        .outcome = result_is_good(r)                          ? OUTCOME_GOOD
                   : r->report->reason == BECAUSE_LRUN_FAILED ? OUTCOME_LRUN_FAILED
                                                              : OUTCOME_BAD,
    };
    int status = fs_write_all(w->socket, &head, sizeof head) < 0 || fs_write_all(w->socket, line.at, line.n) < 0 ? -1 : 0;
    text_done(&line);
    return status;
}

static void note_output(struct run *run)
{
    struct report_output *o = &run->report.output;
    o->limited = true;
    for (int i = 0; i < 2; i++) {
        o->bytes[i] = run->streams[i].bytes;
        o->cut[i] = run->streams[i].bytes > run->streams[i].kept.n;
    }
}

/* --out: a directory for each line, by its number. All processes are gone by now. */
static int bring_results(struct worker *w, const struct order *o, struct run *run, struct err *err)
{
    const struct launch *l = w->spec->launch;
    char name[24];
    if (l->inputs.out < 0)
        return 0;
    snprintf(name, sizeof name, "%ju", (uintmax_t)o->line);
    if (mkdirat(l->inputs.out, name, S_IRWXU | S_IRWXG | S_IRWXO) < 0 && errno != EEXIST)
        return fail(err, errno, l->request->out, "make a directory for the job's results in");
    OWN_FD int dir = openat(l->inputs.out, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) {
        fail(err, errno, l->request->out, "open the directory for the job's results in");
        return fail_hint(err, "'%s' in it is no directory: move it away, or name another directory with --out", name);
    }
    return task_results(&run->task, dir, request_out_mb(l->request) << 20, l->request->out_replace, err);
}

static int run_job(struct worker *w, const struct order *o, struct run *run)
{
    struct err err;
    bool failed = start(w, run, &err) < 0;
    if (!failed) {
        wait_for_end(w, run);
        failed = run->task.failed;
        err = run->task.err;
    } else if (run->report.reason == BECAUSE_SUCCESS) {
        run->report.reason = BECAUSE_LRUN_FAILED;
    }
    if (run->gone)
        event_free(run->gone);
    if (say_over(w) < 0)
        return -1;
    if (!failed && bring_results(w, o, run, &err) < 0) {
        failed = true;
        run->report.reason = BECAUSE_LRUN_FAILED;
    }
    task_done(&run->task); /* what it has used is known then */
    note_output(run);
    const struct result r = {
        .key = o->key,
        .id = run->job.id,
        .line = o->line,
        .report = &run->report,
        .exit = failed && !run->task.ended ? EXIT_LRUN : run->task.status,
        .streams = run->streams,
        .err = failed ? &err : NULL,
    };
    return send_result(w, &r);
}

/* It was read before, by the one who sends it. */
static int take(struct worker *w, const struct order *o, const struct text *line)
{
    struct err err;
    static struct run run; /* large */
    run = (struct run){.streams = {CAPTURE_NONE, CAPTURE_NONE}, .task = TASK_NONE};
    run.task.launch = w->spec->launch;
    run.task.report = &run.report;
    run.task.on_end = on_end;
    run.task.owner = &run;
    run.task.metered = run.task.silent = true;
    int status = job_read(line->at, line->n, &run.job, &err), n = 0;
    for (size_t i = 0; i < run.job.file_count && n < (int)o->files; i++)
        if (run.job.files[i].path) {
            const char *name = run.job.files[i].into.name;
            run.job.files[i].into = o->into[n++];
            run.job.files[i].into.name = name;
        }
    if (status == 0)
        status = run_job(w, o, &run);
    for (int i = 0; i < 2; i++)
        capture_done(&run.streams[i]);
    report_done(&run.report);
    job_done(&run.job);
    return status;
}

static _Noreturn void work(struct worker *w)
{
    struct err err;
    struct order o;
    struct text line = {0};
    w->base = loop_new(&err);
    while (w->base && order_receive(w->socket, &o, &line) == 1 && take(w, &o, &line) == 0)
        ;
    _exit(0);
}

pid_t worker_start(const struct worker_spec *spec, const struct cgroup *cgroup, const int *fds, size_t n, int *ret_socket, struct err *err)
{
    int pair[2];
    const pid_t parent = getpid();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return fail(err, errno, NULL, "make a socket for a worker");
    pid_t pid = fork();
    if (pid == 0) {
        static struct worker w;
        prctl(PR_SET_NAME, "lrun-batch");
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(1);
        close(pair[0]);
        for (size_t i = 0; i < n; i++)
            close(fds[i]);
        signal(SIGXFSZ, SIG_DFL); /* the command has it from here */
        w = (struct worker){.spec = spec, .cgroup = cgroup, .socket = pair[1]};
        work(&w);
    }
    int no = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return fail(err, no, NULL, "make a process for a worker");
    }
    *ret_socket = pair[0];
    return pid;
}
