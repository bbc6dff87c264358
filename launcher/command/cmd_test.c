/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_test.c: a function's cases, run and judged: which cases on which runtimes in which order, what the results are written to, the exit
 * status. Cases, environments and the forms of results are launcher/test's; a command in place of cases is test_unit.c's. As under serve,
 * all that the user named is opened before root's uid is given up: the inputs of one launch for each runtime, the cases, the files of
 * results. Those are written when the last case has ended or a signal has come, in one go, so that JUnit's XML is whole whatever happened.
 */
#include "base/fs.h"
#include "base/own.h"
#include "base/place.h"
#include "launcher/command/commands.h"
#include "launcher/command/test_unit.h"
#include "launcher/launch/launch.h"
#include "launcher/test/output.h"
#include "launcher/test/runner.h"
#include "policy/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

const struct command_kind KIND_TEST = {
    .usage_exit = EXIT_USAGE,
    .invokes = true,
    .limited_by_preset = true,
    .lives_on = true,
    .many_at_once = true,
};

struct tests {
    const struct request *request;
    struct cases cases;
    struct request *requests; /* one a runtime */
    struct launch *launches;
    size_t opened; /* launches */
    struct cgroup *cgroups;
    unsigned *launch_of; /* by result */
    struct test_run run;
    size_t shown; /* results, which are shown in their order */
    FILE *text;   /* where people read */
    int junit, summary;
    const char *junit_path; /* NULL: none */
};

/* ---- cases and their order ---- */

static int read_cases(struct tests *x, const struct identity *id, struct err *err)
{
    const struct request *r = x->request;
    struct strv paths = {0};
    for (size_t i = 1; i < r->words.n; i++)
        strv_add(&paths, xstrdup(r->words.at[i]));
    if (!paths.n)
        strv_add(&paths, xstrdup("cases"));
    int status = cases_read(&paths, id, &x->cases, err);
    if (status < 0 && r->words.n < 2 && access("cases", F_OK) < 0)
        fail_hint(err, "without CASES they are the directory cases/ here: lrun test FUNCTION CASES; see man lrun, TESTING");
    strv_done(&paths);
    if (status < 0)
        return -1;
    cases_filter(&x->cases, &r->filters);
    return x->cases.n ? 0 : fail_usage(err, "--filter: no case has such a name (--list shows them)");
}

/* splitmix64: the same order for the same seed, on any machine. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void shuffle(struct tests *x)
{
    struct test_run *run = &x->run;
    uint32_t seed = 0;
    if (!x->request->seed.set && getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = (uint32_t)run->began;
    run->shuffled = true;
    run->seed = x->request->seed.set ? x->request->seed.value : seed;
    uint64_t state = run->seed;
    for (size_t i = run->n; i > 1; i--) {
        size_t k = next_random(&state) % i;
        struct result result = run->at[i - 1];
        unsigned launch = x->launch_of[i - 1];
        run->at[i - 1] = run->at[k];
        x->launch_of[i - 1] = x->launch_of[k];
        run->at[k] = result;
        x->launch_of[k] = launch;
    }
}

/* Each case on each runtime. */
static void list_runs(struct tests *x, size_t runtimes)
{
    const struct request *r = x->request;
    struct test_run *run = &x->run;
    run->case_n = x->cases.n;
    run->n = x->cases.n * runtimes;
    run->runtime_n = runtimes;
    run->began = time(NULL);
    run->at = xcalloc(run->n, sizeof *run->at);
    run->runtimes = xcalloc(runtimes, sizeof *run->runtimes);
    x->launch_of = xcalloc(run->n, sizeof *x->launch_of);
    for (size_t i = 0; i < runtimes; i++)
        run->runtimes[i] = r->runtimes.n ? r->runtimes.at[i] : "";
    for (size_t i = 0; i < run->n; i++) {
        const struct test_case *t = &x->cases.at[i % x->cases.n];
        x->launch_of[i] = (unsigned)(i / x->cases.n);
        run->at[i] = (struct result){.of = t,
                                     .runtime = run->runtimes[i / x->cases.n],
                                     .verdict = t->skip ? VERDICT_SKIPPED : VERDICT_NONE,
                                     .done = t->skip != NULL,
                                     .init_ms = -1};
        run->counts[VERDICT_SKIPPED] += t->skip != NULL;
    }
    if (r->shuffle || r->seed.set)
        shuffle(x);
}

static int list(struct tests *x)
{
    for (size_t i = 0; i < x->run.n; i++) {
        OWN_PTR char *name = output_name(&x->run, &x->run.at[i]);
        printf("%s\t%s:%u\n", name, x->run.at[i].of->file, x->run.at[i].of->line);
    }
    return 0;
}

/* ---- the launches ---- */

static int open_launches(struct tests *x, const struct identity *id, struct err *err)
{
    const struct request *r = x->request;
    size_t n = x->run.runtime_n;
    x->requests = xcalloc(n, sizeof *x->requests);
    x->launches = xcalloc(n, sizeof *x->launches);
    for (size_t i = 0; i < n; i++) {
        request_copy(r, &x->requests[i]);
        x->requests[i].runtime = r->runtimes.n ? r->runtimes.at[i] : NULL;
        x->opened++;
        if (launch_open(&x->requests[i], id, &x->launches[i], err) < 0)
            return -1;
    }
    x->run.function = x->launches[0].inputs.name;
    return launch_cgroups(&x->launches[0], x->run.jobs, &x->cgroups, err);
}

/* The log of a case is the same with --quiet, which is about what lrun prints. */
static int make_launches(struct tests *x, struct err *err)
{
    for (size_t i = 0; i < x->run.runtime_n; i++) {
        if (inputs_release_trees(&x->launches[i].inputs, err) < 0 || launch_make(&x->launches[i], err) < 0)
            return -1;
        x->requests[i].quiet = false;
        if (!*x->run.runtimes[i] && x->launches[i].runtime.id[0]) {
            x->run.runtimes[i] = x->launches[i].runtime.id;
            for (size_t k = 0; k < x->run.n; k++)
                x->run.at[k].runtime = x->run.runtimes[i];
        }
    }
    return 0;
}

/* ---- results ---- */

static int open_results(struct tests *x, struct err *err)
{
    const char *summary = github_is_here() ? getenv("GITHUB_STEP_SUMMARY") : NULL;
    const char *junit = x->request->junit ? x->request->junit : getenv("XML_OUTPUT_FILE"); /* Bazel names one */
    x->junit_path = junit && *junit ? junit : NULL;
    if (x->junit_path && (x->junit = inputs_open_output(x->junit_path, 0, "open the file for JUnit XML", err)) < 0)
        return -1;
    if (summary && *summary && (x->summary = inputs_open_output(summary, O_APPEND, "open GITHUB_STEP_SUMMARY", err)) < 0)
        return -1;
    return 0;
}

static void show_progress(const struct tests *x)
{
    const struct test_run *run = &x->run;
    size_t ended = 0;
    char line[120];
    if (x->request->quiet || !isatty(STDERR_FILENO))
        return;
    for (int i = VERDICT_PASSED; i < VERDICT_COUNT; i++)
        ended += run->counts[i];
    int n = snprintf(line, sizeof line, "\r\033[K%zu of %zu, %zu failed", ended, run->n, run->counts[VERDICT_FAILED]);
    fs_write_all(STDERR_FILENO, line, (size_t)n);
}

static void clear_progress(const struct tests *x)
{
    static const char CLEAR[] = "\r\033[K";
    if (!x->request->quiet && isatty(STDERR_FILENO))
        fs_write_all(STDERR_FILENO, CLEAR, strlen(CLEAR));
}

static void show(struct tests *x, const struct result *r)
{
    if (x->request->tap)
        tap_result(&x->run, r, stdout);
    text_result(&x->run, r, x->request->quiet || x->request->tap, x->text);
    fflush(x->text);
}

/* In the order of the list, which the seed decides, whichever ended first. */
static void on_result(void *to, size_t i)
{
    struct tests *x = to;
    (void)i;
    clear_progress(x);
    while (x->shown < x->run.n && x->run.at[x->shown].done)
        show(x, &x->run.at[x->shown++]);
    show_progress(x);
}

/* All that has ended but stood behind one that has not. */
static void show_rest(struct tests *x)
{
    clear_progress(x);
    for (; x->shown < x->run.n; x->shown++)
        if (x->run.at[x->shown].done)
            show(x, &x->run.at[x->shown]);
}

/* What was there before is replaced; a pipe or a terminal has nothing to cut off. */
static int write_file(int fd, const struct text *bytes, const char *path, bool replace, struct err *err)
{
    if (replace && ftruncate(fd, 0) < 0 && errno != EINVAL)
        return fail(err, errno, path, "empty the file");
    return fs_write_all(fd, bytes->at, bytes->n) < 0 ? fail(err, errno, path, "write results to") : 0;
}

static int write_junit(struct tests *x, struct err *err)
{
    struct text junit = {0};
    junit_write(&x->run, &junit);
    int status = write_file(x->junit, &junit, x->junit_path, true, err);
    text_done(&junit);
    return status;
}

/* No case can run, since the function cannot: the first one has the reason, and readers of the file find XML in it. */
static int give_up(struct tests *x, const struct err *err)
{
    char text[ERR_TEXT_SIZE];
    struct err second;
    size_t i = 0;
    while (i + 1 < x->run.n && x->run.at[i].verdict == VERDICT_SKIPPED)
        i++;
    err_text(err, text, sizeof text);
    x->run.at[i].broken = xstrdup(text);
    x->run.at[i].verdict = VERDICT_BROKEN;
    if (x->junit >= 0)
        write_junit(x, &second);
    return -1;
}

static int write_results(struct tests *x, struct err *err)
{
    struct test_run *run = &x->run;
    struct text summary = {0};
    int status = 0;
    run->counts[VERDICT_NONE] = run->n;
    for (int i = VERDICT_PASSED; i < VERDICT_COUNT; i++)
        run->counts[VERDICT_NONE] -= run->counts[i];
    show_rest(x);
    if (x->request->tap)
        tap_end(run, stdout);
    if (github_is_here())
        github_annotate(run, x->text);
    text_end(run, x->text);
    if (x->junit >= 0)
        status = write_junit(x, err);
    if (x->summary >= 0) {
        github_summary(run, &summary);
        if (write_file(x->summary, &summary, "GITHUB_STEP_SUMMARY", false, err) < 0)
            status = -1;
    }
    text_done(&summary);
    return status;
}

/* ---- the command ---- */

static int run_cases(struct tests *x, struct err *err)
{
    const struct request *r = x->request;
    const struct runner_config config = {.launches = x->launches,
                                         .cgroups = x->cgroups,
                                         .jobs = x->run.jobs,
                                         .warm = r->warm,
                                         .fail_fast = r->fail_fast,
                                         .on_result = on_result,
                                         .to = x};
    if (r->tap)
        tap_begin(&x->run, stdout);
    if (!r->quiet && !r->tap)
        text_begin(&x->run, x->text);
    show_progress(x);
    struct err second;
    int status = runner_run(&x->run, x->launch_of, &config, err);
    if (write_results(x, status < 0 ? &second : err) < 0 || status < 0)
        return -1;
    if (status)
        return status;
    return x->run.counts[VERDICT_BROKEN] ? EXIT_LRUN : x->run.counts[VERDICT_FAILED] ? EXIT_FUNCTION_ERROR : 0;
}

static int perform(struct tests *x, struct err *err)
{
    const struct request *r = x->request;
    struct identity id;
    if (launch_raise_files(err) < 0 || identity_choose(&id, err) < 0 || read_cases(x, &id, err) < 0)
        return -1;
    list_runs(x, r->runtimes.n ? r->runtimes.n : 1);
    if (r->list)
        return list(x);
    x->run.jobs = r->jobs.set ? (unsigned)r->jobs.value : limits_processors();
    if (x->run.jobs > x->run.n)
        x->run.jobs = (unsigned)x->run.n;
    if (open_launches(x, &id, err) < 0 || open_results(x, err) < 0 || identity_take(&id, err) < 0)
        return -1;
    if (make_launches(x, err) < 0)
        return give_up(x, err);
    return run_cases(x, err);
}

static void tests_done(struct tests *x)
{
    for (size_t i = 0; i < x->run.n; i++)
        result_done(&x->run.at[i]);
    for (size_t i = 0; i < x->opened; i++) {
        launch_done(&x->launches[i]);
        request_done(&x->requests[i]);
    }
    launch_cgroups_done(x->cgroups, x->run.jobs);
    own_close(&x->junit);
    own_close(&x->summary);
    cases_done(&x->cases);
    free(x->run.at);
    free(x->run.runtimes);
    free(x->requests);
    free(x->launches);
    free(x->launch_of);
}

int cmd_test(const struct request *r, struct err *err)
{
    if (test_unit_check(r, err) < 0)
        return -1;
    if (r->argv)
        return test_unit(r, err);
    struct tests x = {.request = r, .text = r->tap ? stderr : stdout, .junit = -1, .summary = -1};
    int status = perform(&x, err);
    tests_done(&x);
    return status;
}
