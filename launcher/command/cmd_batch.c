/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_batch.c: many commands from a list, each in a sandbox of its own, prepared once. What a job may do is this command line's; what it
 * does is its line's (launcher/batch/job.h), which somebody else may have written. Root opens the list, the results and the directory of
 * files before it becomes another user, and the files themselves after it. Status: 0 all commands ended with 0; 1 one did not, or a
 * line was refused; 125 lrun could not go on; 128 + signal. */
#include "base/num.h"
#include "base/own.h"
#include "base/place.h"
#include "launcher/batch/batch.h"
#include "launcher/batch/job.h"
#include "launcher/command/cli_key.h"
#include "launcher/command/commands.h"
#include "policy/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct command_kind KIND_BATCH = {
    .usage_exit = EXIT_LRUN,
    .many_at_once = true,
};

enum { SHARDS_MAX = 1000000, FAILED = 1 };

static int read_shard(const char *text, struct batch_spec *ret, struct err *err)
{
    struct err ignored;
    ret->shard = ret->shards = 1;
    if (!text)
        return 0;
    const char *slash = strchr(text, '/');
    OWN_PTR char *first = slash ? strndup(text, (size_t)(slash - text)) : NULL;
    if (first && num_parse(slash + 1, 1, SHARDS_MAX, &ret->shards, &ignored) == 0 &&
        num_parse(first, 1, ret->shards, &ret->shard, &ignored) == 0)
        return 0;
    fail_usage(err, "--shard '%.40s': expected I/N, I from 1 to N", text);
    return fail_hint(err, "of a Slurm array of N tasks (--array=1-N): --shard $SLURM_ARRAY_TASK_ID/N");
}

/* By the rights of who called: before the identity is taken. */
static int open_all(const struct request *r, struct lines *lines, struct journal *journal, int *ret_root, struct err *err)
{
    lines->name = r->joblist ? r->joblist : "standard input";
    lines->fd =
        r->joblist ? place_open(r->joblist, O_RDONLY | O_NOCTTY, 0, "open the list of jobs", err) : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (lines->fd < 0)
        return r->joblist ? -1 : fail(err, errno, lines->name, "read the list of jobs from");
    if (r->files_root && (*ret_root = place_open(r->files_root, O_PATH | O_DIRECTORY, 0, "open the directory of --files-root", err)) < 0)
        return -1;
    return journal_open(journal, r->results, err);
}

/* As launch_prepare(), for many sandboxes: the order is launch.h's. */
static int prepare(const struct request *r, struct launch *l, struct batch_spec *spec, struct err *err)
{
    struct identity id;
    if (identity_choose(&id, err) < 0 || launch_open(r, &id, l, err) < 0 ||
        launch_cgroups(l, batch_workers(spec->at_a_time), &spec->cgroups, err) < 0 || identity_take(&id, err) < 0 ||
        inputs_release_trees(&l->inputs, err) < 0)
        return -1;
    return launch_make(l, err);
}

static void summarize(const struct launch *l, const struct batch_counts *c, const struct journal *journal, int status)
{
    const uint64_t results = c->good + c->bad + c->refused + c->lrun_failed;
    if (journal->strange)
        launch_note(l, "%s: %ju lines are no results, and count for nothing", journal->path, (uintmax_t)journal->strange);
    OWN_PTR char *failed = c->lrun_failed ? xasprintf(", %ju not run by a fault of lrun's", (uintmax_t)c->lrun_failed) : xstrdup("");
    OWN_PTR char *before = c->before ? xasprintf("; %ju were done before", (uintmax_t)c->before) : xstrdup("");
    launch_note(l, "batch: %ju job%s%s: %ju succeeded, %ju failed, %ju refused%s%s", (uintmax_t)results, results == 1 ? "" : "s",
                status > 0   ? " before it was interrupted"
                : status < 0 ? " before it failed"
                             : "",
                (uintmax_t)c->good, (uintmax_t)c->bad, (uintmax_t)c->refused, failed, before);
}

static int run(const struct request *r, struct launch *l, struct batch_spec *spec, struct lines *lines, struct journal *journal,
               struct err *err)
{
    struct batch_counts counts = {0};
    if (journal_read(journal, err) < 0)
        return -1;
    cli_key_base(r, l, &spec->base);
    spec->worker = (struct worker_spec){.launch = l, .output_limit = r->output_limit.value};
    spec->progress = !r->quiet && isatty(STDERR_FILENO) && (r->results || !isatty(STDOUT_FILENO));
    int status = batch_run(spec, lines, journal, &counts, err);
    summarize(l, &counts, journal, status);
    if (status != 0)
        return status < 0 ? -1 : 128 + status;
    return counts.bad || counts.refused || counts.lrun_failed ? FAILED : 0;
}

int cmd_batch(const struct request *r, struct err *err)
{
    static struct launch l;
    struct batch_spec spec = {.at_a_time = r->jobs.set ? (unsigned)r->jobs.value : limits_processors(), .files_root = -1};
    struct lines lines = {.fd = -1, .most = JOB_LINE_MAX};
    struct journal journal = JOURNAL_NONE;
    int status = read_shard(r->shard, &spec, err);
    if (status == 0)
        status = open_all(r, &lines, &journal, &spec.files_root, err);
    if (status == 0)
        status = prepare(r, &l, &spec, err);
    if (status == 0)
        status = run(r, &l, &spec, &lines, &journal, err);
    launch_cgroups_done(spec.cgroups, batch_workers(spec.at_a_time));
    lines_done(&lines);
    own_close(&lines.fd);
    own_close(&spec.files_root);
    journal_done(&journal);
    return status;
}
