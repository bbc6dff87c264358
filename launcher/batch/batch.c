/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c: the process that reads the list. It alone decides what is run and writes results, in one loop that waits for three things: a
 * line, a worker's result, a signal. A line is read while a worker is free and not before. It is opened and hashed here, in the order of
 * the list, so that jobs that are alike have their earlier results in that order too. It runs no job itself. */
#include "launcher/batch/batch.h"

#include "base/clock.h"
#include "base/own.h"
#include "launcher/batch/batch_parts.h"
#include "launcher/batch/result.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { SHOW_MS = 250 };

static bool is_ours(const struct batch *b)
{
    return (b->lines->number - 1) % b->spec->shards == b->spec->shard - 1;
}

/* Of a line that is refused the reason is hashed in place of its files: with another reason, or none, it is another job. */
static void make_key(const struct batch *b, const struct line *line, const struct job *j, struct err *err, bool *refused,
                     unsigned char ret[SHA256_BYTES])
{
    struct sha256 s = b->spec->base;
    const uint64_t n = line->n;
    sha256_add(&s, &n, sizeof n);
    if (line->too_long)
        sha256_add(&s, line->sha256, sizeof line->sha256);
    else
        sha256_add(&s, line->at, line->n);
    struct sha256 whole = s;
    if (!*refused && job_hash(j, &whole, err) < 0)
        *refused = true;
    if (*refused) {
        char why[ERR_TEXT_SIZE];
        err_text(err, why, sizeof why);
        whole = s;
        sha256_add(&whole, why, strlen(why) + 1);
    }
    sha256_end(&whole, ret);
}

static int read_job(const struct batch *b, const struct line *line, struct job *j, struct err *err)
{
    const struct launch *l = b->spec->worker.launch;
    if (line->too_long)
        return fail_usage(err, "the line is longer than %d MB", JOB_LINE_MAX >> 20);
    if (job_read(line->at, line->n, j, err) < 0)
        return -1;
    if (!j->argv.n && !l->spec.argv)
        return fail_usage(err, "the line has no \"command\", and batch none after --");
    return job_open(j, b->spec->files_root, l->request->tmp_size.value << 20, err);
}

static int refuse(struct batch *b, const struct job *j, const unsigned char *key, const struct err *why, struct err *err)
{
    struct text line = {0};
    const struct result r = {.key = key, .id = j->id, .line = b->lines->number, .err = why};
    result_put(&r, &line);
    b->counts->refused++;
    int status = journal_add(b->journal, line.at, line.n, err);
    text_done(&line);
    return status;
}

/* h is idle, and stays so if the job is done already or refused. */
static int take(struct batch *b, const struct line *line, struct hand *h, struct err *err)
{
    struct job j = JOB_NONE;
    struct err why;
    struct order o = {.line = b->lines->number, .n = line->n};
    bool refused = read_job(b, line, &j, &why) < 0, good;
    int status = 0;
    make_key(b, line, &j, &why, &refused, o.key);
    b->counts->jobs++;
    if (journal_take(b->journal, o.key, &good)) {
        b->counts->before++;
        ++*(good ? &b->counts->good : &b->counts->bad);
    } else if (refused) {
        status = refuse(b, &j, o.key, &why, err);
    } else {
        status = crew_start(b, h, err) < 0 ? -1 : crew_give(b, h, &o, line->at, &j, err);
    }
    job_done(&j);
    return status;
}

static struct hand *idle(const struct batch *b)
{
    for (size_t i = 0; b->running < b->spec->at_a_time && i < b->hand_count; i++)
        if (!b->hands[i].busy)
            return &b->hands[i];
    return NULL;
}

/* Gives out what can be given. ret_wants: a line is wanted, and has not come. */
static int give_out(struct batch *b, bool *ret_wants, struct err *err)
{
    struct line line;
    struct hand *h;
    while ((h = idle(b)) && !b->list_over) {
        enum lines_got got = lines_next(b->lines, &line);
        *ret_wants = got == LINES_WAIT;
        if (got == LINES_WAIT)
            return 0;
        b->list_over = got == LINES_END;
        if (got == LINES_LINE && is_ours(b) && take(b, &line, h, err) < 0)
            return -1;
    }
    *ret_wants = false;
    return 0;
}

static void show(struct batch *b, bool last)
{
    const struct batch_counts *c = b->counts;
    const double now = clock_ms();
    if (!b->spec->progress || (!last && now < b->shown_ms + SHOW_MS))
        return;
    b->shown_ms = now;
    char text[160];
    int n = last ? snprintf(text, sizeof text, "\r\033[K")
                 : snprintf(text, sizeof text, "\r\033[Klrun: %ju done, %ju of them earlier; %ju failed, %ju refused; %u running",
                            (uintmax_t)(c->jobs - b->busy), (uintmax_t)c->before, (uintmax_t)(c->bad + c->lrun_failed),
                            (uintmax_t)c->refused, b->running);
    if (write(STDERR_FILENO, text, (size_t)n) < 0) /* it is for whoever looks */
        return;
}

/* Waits, and hears all who have something. Returns the number of a signal, 0, or -1. */
static int wait_once(struct batch *b, struct pollfd *polled, bool wants, struct err *err)
{
    struct signalfd_siginfo signal;
    const size_t n = b->hand_count;
    polled[0] = (struct pollfd){.fd = b->signals, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = wants ? b->lines->fd : -1, .events = POLLIN};
    for (size_t i = 0; i < n; i++)
        polled[i + 2] = (struct pollfd){.fd = b->hands[i].busy ? b->hands[i].socket : -1, .events = POLLIN};
    if (poll(polled, n + 2, b->spec->progress ? SHOW_MS : -1) < 0)
        return errno == EINTR ? 0 : fail(err, errno, NULL, "wait for jobs");
    for (size_t i = 0; i < n; i++)
        if (polled[i + 2].revents && crew_hear(b, &b->hands[i], err) < 0)
            return -1;
    if (polled[0].revents && read(b->signals, &signal, sizeof signal) == sizeof signal)
        return (int)signal.ssi_signo;
    return polled[1].revents ? lines_fill(b->lines, err) : 0;
}

static int watch_signals(sigset_t *before)
{
    static const int ENDING[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < COUNT(ENDING); i++)
        sigaddset(&mask, ENDING[i]);
    sigprocmask(SIG_BLOCK, &mask, before);
    signal(SIGXFSZ, SIG_IGN); /* a results file at its limit is an error as a full disk is */
    return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Each is a descriptor here, and poll(2) takes no more than may be open. */
static unsigned most_workers(void)
{
    enum { OTHERS = 32 }; /* batch's own, and what starting one more needs */
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= UINT_MAX)
        return UINT_MAX;
    return limit.rlim_cur > OTHERS ? (unsigned)limit.rlim_cur - OTHERS : 1;
}

static int check_room(const struct batch_spec *spec, struct err *err)
{
    if (spec->at_a_time <= most_workers())
        return 0;
    fail(err, EMFILE, NULL, "run %u jobs at a time", spec->at_a_time);
    return fail_hint(err, "--jobs %u is the most here; or raise the limit of open files (ulimit -n)", most_workers());
}

/* A sandbox takes up to some 20 ms to end, and a short command 2 ms to run. */
unsigned batch_workers(unsigned at_a_time)
{
    enum { ENDING_EACH = 4, ENDING_MAX = 64 };
    const unsigned ending = at_a_time * ENDING_EACH < ENDING_MAX ? at_a_time * ENDING_EACH : ENDING_MAX, most = most_workers();
    return at_a_time + (at_a_time >= most ? 0 : ending < most - at_a_time ? ending : most - at_a_time);
}

int batch_run(const struct batch_spec *spec, struct lines *lines, struct journal *journal, struct batch_counts *ret, struct err *err)
{
    sigset_t before;
    struct batch b = {.spec = spec, .lines = lines, .journal = journal, .counts = ret, .hand_count = batch_workers(spec->at_a_time)};
    OWN_PTR struct pollfd *polled = xcalloc(b.hand_count + 2, sizeof *polled);
    b.hands = xcalloc(b.hand_count, sizeof *b.hands);
    for (size_t i = 0; i < b.hand_count; i++)
        b.hands[i].socket = -1;
    b.signals = watch_signals(&before);
    int status = b.signals < 0 ? fail(err, errno, NULL, "watch for signals") : check_room(spec, err);
    bool wants = false;
    while (status == 0 && (status = give_out(&b, &wants, err)) == 0 && (!b.list_over || b.busy)) {
        status = wait_once(&b, polled, wants, err);
        show(&b, false);
    }
    show(&b, true);
    crew_done(&b, status != 0);
    own_close(&b.signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
