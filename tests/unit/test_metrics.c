/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "launcher/serve/metrics.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool has(const struct text *t, const char *line)
{
    OWN_PTR char *whole = xasprintf("\n%s\n", line);
    return strstr(t->at, whole) != NULL;
}

Test(metrics, buckets_hold_what_took_at_most_so_long)
{
    static const double MS[] = {0, 1, 1.001, 10, 30000, 30001, 1e12};
    struct function_metrics m = {.function = "fn"}, *all[] = {&m};
    struct text t = {0};
    for (size_t i = 0; i < COUNT(MS); i++)
        metrics_invocation(&m, MS[i], NULL);
    metrics_render(all, 1, &t);
    cr_expect(has(&t, "lrun_duration_seconds_bucket{function=\"fn\",le=\"0.001\"} 2"));
    cr_expect(has(&t, "lrun_duration_seconds_bucket{function=\"fn\",le=\"0.005\"} 3"));
    cr_expect(has(&t, "lrun_duration_seconds_bucket{function=\"fn\",le=\"0.01\"} 4"));
    cr_expect(has(&t, "lrun_duration_seconds_bucket{function=\"fn\",le=\"30\"} 5"));
    cr_expect(has(&t, "lrun_duration_seconds_bucket{function=\"fn\",le=\"+Inf\"} 7"));
    cr_expect(has(&t, "lrun_duration_seconds_count{function=\"fn\"} 7") && has(&t, "lrun_invocations_total{function=\"fn\"} 7"));
    text_done(&t);
    metrics_done(&m);
}

/* The function names its errors: it can fill no memory with them, nor write lines of its own. */
Test(metrics, only_so_many_errors_are_told_apart)
{
    struct function_metrics m = {.function = "a\"b\\c\nd"}, *all[] = {&m};
    struct text t = {0};
    char type[200];
    for (int i = 0; i < 1000; i++) {
        snprintf(type, sizeof type, "Function.E%d", i);
        metrics_invocation(&m, 1, type);
        metrics_invocation(&m, 1, "Function.E0");
    }
    memset(type, 'x', sizeof type - 1), type[sizeof type - 1] = 0;
    metrics_invocation(&m, 1, type);
    uint64_t sum = 0;
    for (size_t i = 0; i < m.error_count; i++)
        sum += m.errors[i].n;
    cr_expect(m.error_count == 32 && sum == 2001 && m.errors[0].n == 1001 && strcmp(m.errors[31].type, "other") == 0);
    metrics_render(all, 1, &t);
    cr_expect(has(&t, "lrun_errors_total{function=\"a\\\"b\\\\cd\",type=\"other\"} 970"), "%s", t.at);
    text_done(&t);
    metrics_done(&m);
    cr_expect(!m.errors && !m.error_count);
}

Test(metrics, each_is_described_once_and_told_for_every_function)
{
    struct function_metrics a = {.function = "a", .busy = 1}, b = {.function = "b", .peak_bytes = UINT64_C(1) << 40}, *all[] = {&a, &b};
    struct text t = {0};
    metrics_render(all, 2, &t);
    cr_expect(has(&t, "lrun_environments_busy{function=\"a\"} 1") && has(&t, "lrun_environments_busy{function=\"b\"} 0"));
    cr_expect(has(&t, "lrun_max_memory_used_bytes{function=\"b\"} 1099511627776"));
    unsigned types = 0;
    for (const char *c = t.at; (c = strstr(c, "# TYPE ")); c++)
        types++;
    cr_expect_eq(types, 13);
    text_done(&t);
    text_puts(&t, "");
    metrics_render(all, 0, &t);
    cr_expect(!strstr(t.at, "function="));
    text_done(&t);
}
