/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c: /metrics in Prometheus' text form 0.0.4. The figures are counted by pool.c and pool_slot.c; the report of a run is
 * launcher/launch/report.c. A counter only grows while lrun runs, a gauge is what is now. Names of error types are the function's own:
 * at most 32 are told apart, the rest are "other", or a function could fill memory with names. Buckets of the histogram are
 * cumulative, as the form demands: each counts all that were shorter. */
#include "launcher/serve/metrics.h"

#include "base/own.h"

#include <stdio.h>
#include <string.h>

/* The function chooses the names of error types: only so many are kept apart, or it could fill memory with them. */
enum { ERROR_TYPES_MAX = 32 };

static const double LIMITS_MS[DURATION_BUCKETS - 1] = {1, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 30000};

static struct error_count *count_of(struct function_metrics *m, const char *type)
{
    for (size_t i = 0; i < m->error_count; i++)
        if (strncmp(m->errors[i].type, type, sizeof m->errors[i].type - 1) == 0)
            return &m->errors[i];
    if (m->error_count >= ERROR_TYPES_MAX)
        return strcmp(type, "other") == 0 ? &m->errors[0] : count_of(m, "other");
    m->errors = xrealloc(m->errors, m->error_count + 1, sizeof *m->errors);
    struct error_count *new = &m->errors[m->error_count++];
    *new = (struct error_count){.n = 0};
    snprintf(new->type, sizeof new->type, "%s", m->error_count == ERROR_TYPES_MAX ? "other" : type);
    return new;
}

void metrics_invocation(struct function_metrics *m, double ms, const char *error_type)
{
    m->invocations++;
    m->duration_sum_ms += ms;
    for (size_t i = 0; i < DURATION_BUCKETS; i++)
        if (i == DURATION_BUCKETS - 1 || ms <= LIMITS_MS[i])
            m->buckets[i]++;
    if (error_type)
        count_of(m, error_type)->n++;
}

static void quoted(struct text *out, const char *value)
{
    for (; *value; value++)
        if (*value == '"' || *value == '\\')
            text_printf(out, "\\%c", *value);
        else if ((unsigned char)*value >= 0x20)
            text_add(out, value, 1);
}

/* name{function="...",key="value"} */
static void sample(struct text *out, const char *name, const struct function_metrics *m, const char *key, const char *value, double n)
{
    text_printf(out, "%s{function=\"", name);
    quoted(out, m->function);
    if (key) {
        text_printf(out, "\",%s=\"", key);
        quoted(out, value);
    }
    text_printf(out, "\"} %.15g\n", n);
}

static void help(struct text *out, const char *name, const char *type, const char *text)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, text, name, type);
}

enum field { INVOCATIONS, THROTTLES, COLD_STARTS, INIT_FAILURES, RELOADS, INIT_SECONDS, ENVIRONMENTS, BUSY, FROZEN, QUEUED, PEAK, FIELDS };
static double value_of(const struct function_metrics *m, enum field field)
{
    const double values[FIELDS] = {
        [INVOCATIONS] = (double)m->invocations,
        [THROTTLES] = (double)m->throttles,
        [COLD_STARTS] = (double)m->cold_starts,
        [INIT_FAILURES] = (double)m->init_failures,
        [RELOADS] = (double)m->reloads,
        [INIT_SECONDS] = m->init_sum_ms / 1000,
        [ENVIRONMENTS] = m->environments,
        [BUSY] = m->busy,
        [FROZEN] = m->frozen,
        [QUEUED] = m->queued,
        [PEAK] = (double)m->peak_bytes,
    };
    return values[field];
}

static const struct {
    enum field field;
    const char *name, *type, *help;
} ROWS[] = {
    {INVOCATIONS, "lrun_invocations_total", "counter", "Invocations that have ended."},
    {THROTTLES, "lrun_throttles_total", "counter", "Requests refused with 429."},
    {COLD_STARTS, "lrun_cold_starts_total", "counter", "Environments that were started."},
    {INIT_FAILURES, "lrun_init_failures_total", "counter", "Init phases that failed."},
    {INIT_SECONDS, "lrun_init_seconds_total", "counter", "Time spent in init phases."},
    {RELOADS, "lrun_reloads_total", "counter", "Times the package was read anew (--watch)."},
    {ENVIRONMENTS, "lrun_environments", "gauge", "Environments that there are."},
    {BUSY, "lrun_environments_busy", "gauge", "Environments with an invocation."},
    {FROZEN, "lrun_environments_idle", "gauge", "Environments that wait for work."},
    {QUEUED, "lrun_queued", "gauge", "Invocations that wait for an environment."},
    {PEAK, "lrun_max_memory_used_bytes", "gauge", "The most memory an environment has used."},
};

void metrics_render(struct function_metrics *const *all, size_t n, struct text *out)
{
    for (size_t row = 0; row < COUNT(ROWS); row++) {
        help(out, ROWS[row].name, ROWS[row].type, ROWS[row].help);
        for (size_t i = 0; i < n; i++)
            sample(out, ROWS[row].name, all[i], NULL, NULL, value_of(all[i], ROWS[row].field));
    }
    help(out, "lrun_errors_total", "counter", "Invocations that have failed, by error type.");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < all[i]->error_count; k++)
            sample(out, "lrun_errors_total", all[i], "type", all[i]->errors[k].type, (double)all[i]->errors[k].n);
    help(out, "lrun_duration_seconds", "histogram", "How long invocations took.");
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < DURATION_BUCKETS; k++) {
            char limit[24] = "+Inf";
            if (k < DURATION_BUCKETS - 1)
                snprintf(limit, sizeof limit, "%g", LIMITS_MS[k] / 1000);
            sample(out, "lrun_duration_seconds_bucket", all[i], "le", limit, (double)all[i]->buckets[k]);
        }
        sample(out, "lrun_duration_seconds_sum", all[i], NULL, NULL, all[i]->duration_sum_ms / 1000);
        sample(out, "lrun_duration_seconds_count", all[i], NULL, NULL, (double)all[i]->invocations);
    }
}

void metrics_done(struct function_metrics *m)
{
    free(m->errors);
    m->errors = NULL;
    m->error_count = 0;
}
