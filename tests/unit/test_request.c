/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/limits.h"
#include "launcher/command/commands.h"
#include "launcher/launch/exit_status.h"
#include "launcher/launch/request.h"

#include <criterion/criterion.h>
#include <string.h>

/* Each limit of standard functions and of Managed Instances: at it, and one above or below. */
Test(request, ranges_depend_on_the_kind_of_environment)
{
    static const struct {
        uint64_t concurrency, memory, timeout_ms;
        const char *says; /* NULL: good */
    } ROWS[] = {{1, 128, 3000, NULL},
                {1, 10240, 1800000, NULL},
                {1, 10241, 3000, "--memory 10241: must be 128 to 10240 (MB)"},
                {1, 128, 1801000, "--timeout 1801: must be 1 to 1800 (SECONDS)"},
                {2, 2047, 3000, "--memory 2047: must be 2048 to 32768 (MB)"},
                {2, 2048, 5400000, NULL},
                {1600, 32768, 3000, NULL}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct request r = {.kind = &KIND_SERVE,
                            .max_concurrency = {.value = ROWS[i].concurrency},
                            .memory = {.value = ROWS[i].memory, .set = true},
                            .timeout = {.value = ROWS[i].timeout_ms, .set = true}};
        struct err err = {0};
        cr_expect_eq(request_check(&r, &err), ROWS[i].says ? -1 : 0, "%zu: %s", i, err.sentence);
        cr_expect(!ROWS[i].says || str_begins(err.sentence, ROWS[i].says), "%s", err.sentence);
    }
    struct request standard = {.kind = &KIND_SERVE, .max_concurrency = {.value = 1}},
                   managed = {.kind = &KIND_SERVE, .max_concurrency = {.value = 2}};
    struct err err;
    cr_expect(request_check(&standard, &err) == 0 && standard.memory.value == MEMORY_MIN_MB);
    cr_expect(request_check(&managed, &err) == 0 && managed.memory.value == MEMORY_MANAGED_MIN_MB);
}

Test(request, an_errors_exit_status_is_its_own_or_by_the_command)
{
    const struct request run = {.kind = &KIND_RUN}, exec = {.kind = &KIND_EXEC};
    const struct err own = {.exit = 7}, usage = {.usage = true}, other = {.no = 5};
    cr_expect(request_exit(&run, &own) == 7 && request_exit(&exec, &own) == 7);
    cr_expect(request_exit(&run, &usage) == EXIT_USAGE && request_exit(&exec, &usage) == EXIT_LRUN);
    cr_expect(request_exit(&run, &other) == EXIT_LRUN && request_exit(&exec, &other) == EXIT_LRUN);
}

Test(request, memory_and_policy_depend_on_debug)
{
    static const struct {
        const struct command_kind *kind;
        bool debug, set;
        uint64_t mb;
    } ROWS[] = {{&KIND_RUN, false, false, 128},   {&KIND_RUN, false, true, 128}, {&KIND_RUN, true, true, 0},
                {&KIND_SERVE, false, false, 128}, {&KIND_EXEC, false, false, 0}, {&KIND_EXEC, false, true, 128},
                {&KIND_EXEC, true, true, 0}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct request r = {.kind = ROWS[i].kind, .debug = ROWS[i].debug, .memory = {.value = 128, .set = ROWS[i].set}};
        cr_expect_eq(request_limit_mb(&r), ROWS[i].mb, "%zu", i);
    }
    cr_expect_str_eq(request_policy(&(struct request){.seccomp = "lambda", .debug = true}), "lambda-debug");
    cr_expect_str_eq(request_policy(&(struct request){.seccomp = "lambda"}), "lambda");
    cr_expect_str_eq(request_policy(&(struct request){.seccomp = "core", .debug = true}), "core");
    cr_expect(request_per_tenant(&(struct request){.tenancy = TENANCY_PER_TENANT}) &&
              !request_per_tenant(&(struct request){.tenancy = TENANCY_NONE}));
}

Test(request, a_copy_has_lists_of_its_own)
{
    struct request r = {.region = "x"}, copy;
    strv_add(&r.env, xstrdup("A=1"));
    strv_add(&r.layers, xstrdup("l.zip"));
    strv_add(&r.owned, xstrdup("kept by the first"));
    request_copy(&r, &copy);
    strv_add(&copy.env, xstrdup("B=2"));
    cr_expect(r.env.n == 1 && copy.env.n == 2 && copy.env.at[0] != r.env.at[0] && strcmp(copy.env.at[0], "A=1") == 0);
    cr_expect(copy.layers.n == 1 && copy.owned.n == 0 && copy.region == r.region);
    request_done(&copy), request_done(&r);
    cr_expect(!copy.env.at && !r.env.at);
}
