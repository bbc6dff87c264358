/* SPDX-License-Identifier: Apache-2.0 */
/* environment_explain.c: gathers the evidence of a call that failed and writes the why: lines; and notes what ran short though the
 * function went on. Which cause follows from which evidence is launcher/diagnose's; when this is asked for, environment_report.c's:
 * after REPORT, so that AWS's lines stand together. Afterwards what was noted is forgotten: the next failure has evidence of its own. But
 * with --max-concurrency other calls may still run, and what was noted since the oldest of them began may be what they will fail of: nobody
 * can tell which call a process's deed belongs to. */
#include "launcher/environment/environment_parts.h"

#include "base/json.h"
#include "launcher/diagnose/explain.h"

#include <string.h>

static void say(struct environment *e, const struct cause *cause)
{
    struct text line = {0};
    if (e->launch->request->log_format == FORMAT_JSON) {
        json_open(&line, '{');
        json_put(&line, "type", "lrun.why");
        json_key(&line, "record");
        json_open(&line, '{');
        json_put(&line, "id", cause->id);
        json_put(&line, "why", cause->text);
        json_close(&line, '}');
        json_close(&line, '}');
    } else {
        text_printf(&line, "why: %s (%s)", cause->text, cause->id);
        str_line(line.at); /* it names files of the package */
    }
    text_puts(&line, "\n");
    log_note(&e->log, &line);
    text_done(&line);
}

static void look_into(struct environment *e, const struct call *c)
{
    struct evidence ev = {
        .launch = e->launch,
        .reason = c->reason,
        .payload = c->failure.at,
        .payload_size = c->failure.n,
        .tmp = e->sandbox.fds[FD_TMP],
        .earlier_calls = e->past.calls,
        .timed_out_before = e->past.timed_out,
        .init_timed_out = e->past.init_timed_out,
        .frozen_ms = e->freezer.ms,
        .began_ms = c->began_ms,
        .wait_status = e->past.wait_status,
        .response_bytes = c->response_bytes,
        .late_ms = e->past.late_ms,
        .given_s = c->limit_ms / 1000,
        .shortages = e->shortages,
        .refused = e->refused.calls,
        .refused_count = e->refused.n,
    };
    struct cause causes[CAUSES_MAX];
    ev.log = environment_tail(e, &ev.log_size);
    size_t n = explain(&ev, causes);
    for (size_t i = 0; i < n; i++) {
        if (!e->launch->request->quiet)
            say(e, &causes[i]);
        report_why(e->report, causes[i].id, causes[i].text);
    }
    causes_done(causes, n);
}

/* For an invocation that succeeded all the same: reports a lasting shortage once. */
static void note_shortages(struct environment *e)
{
    const struct request *r = e->launch->request;
    struct shortages *s = &e->shortages;
    if (s->killed[0] && !s->told_kill)
        environment_note(e, "%s was killed: the environment used more than its %ju MB of memory, and the function went on (LR-001)",
                         s->killed, (uintmax_t)r->memory.value);
    if (s->tmp_full && !s->told_tmp)
        environment_note(e, "/tmp is full: all of its %ju %s are used, and the function went on (LR-035)",
                         s->no_inode ? (uintmax_t)s->tmp_inodes : (uintmax_t)r->tmp_size.value, s->no_inode ? "inodes" : "MB");
    if (shortages_had_all_tasks(s) && !s->told_tasks)
        environment_note(e, "the environment had %u of the %u processes and threads that it may have, and the function went on (LR-039)",
                         s->tasks_most, s->tasks_max);
    s->told_kill = s->killed[0];
    s->told_tmp = s->tmp_full;
    s->told_tasks = s->told_tasks || shortages_had_all_tasks(s);
}

/* clock_ms() when the oldest of the calls that still run began; now if none does. A call that waits for an init began before it. */
static double oldest_start(const struct environment *e)
{
    double oldest = clock_ms();
    for (size_t i = 0; i < e->call_count; i++)
        oldest = e->calls[i]->start_ms < oldest ? e->calls[i]->start_ms : oldest;
    return oldest;
}

static void forget(struct environment *e)
{
    const double before = oldest_start(e);
    struct shortages *s = &e->shortages;
    refused_forget(&e->refused, before);
    if (s->killed_ms < before)
        shortages_forget_kill(s);
    if (e->call_count)
        return;
    e->freezer.ms = 0; /* with several calls nothing is ever frozen */
    s->tasks = s->tasks_most = 0;
    refused_rest(&e->refused);
}

void environment_explain(struct environment *e, struct call *c)
{
    if (c->status != STATUS_SUCCESS && c->reason != BECAUSE_INTERRUPTED)
        look_into(e, c);
    else if (c->status == STATUS_SUCCESS)
        note_shortages(e);
    text_done(&c->failure);
    past_add_call(&e->past, c->status == STATUS_TIMEOUT);
    forget(e);
}
