/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "cache/tools.h"
#include "mounts/plan.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct row *row_of(const struct plan *p, const char *target)
{
    for (size_t i = p->n; i-- > 0;)
        if (strcmp(p->rows[i].target, target) == 0)
            return &p->rows[i];
    return NULL;
}

Test(plan, every_row_has_its_reason_and_nothing_but_tmp_is_writable)
{
    struct source layers[2] = {{.path = "/l0", .tree = -1}, {.path = "/l1", .tree = -1}};
    struct plan_input in = {.function = {.path = "/f", .tree = -1},
                            .layers = layers,
                            .layer_count = 2,
                            .tmp_bytes = 512u << 20,
                            .boot_id = "b",
                            .release = tools_release(true)};
    struct plan p;
    struct err err;
    cr_assert_eq(plan_make(&in, &p, &err), 0);
    for (size_t i = 0; i < p.n; i++) {
        cr_expect(p.rows[i].why && *p.rows[i].why, "%s", p.rows[i].target);
        cr_expect(p.rows[i].target[0] != '/', "%s", p.rows[i].target);
        if (p.rows[i].flags & FLAG_RW)
            cr_expect(strcmp(p.rows[i].target, "tmp") == 0 || str_begins(p.rows[i].target, "dev") || strcmp(p.rows[i].target, "proc") == 0,
                      "%s", p.rows[i].target);
    }
    const struct row *opt = row_of(&p, "opt");
    cr_assert(opt && opt->kind == ROW_OVERLAY && opt->n == 2);
    cr_expect_str_eq(opt->sources[1].path, "/l1");
    cr_expect_null(row_of(&p, "dev/shm"));
    plan_done(&p);
}

Test(plan, volumes_may_not_cover_what_the_sandbox_relies_on)
{
    static const char *const bad[] = {"relative", "/",        "/etc",    "/etc/x", "/proc/1", "/dev/shm", "/sys",
                                      "/usr/bin", "/lib64/x", "/a/../b", "/a//b",  "/a/",     "/a/."};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct volume v = {.source = {.path = "/x", .tree = -1}, .target = bad[i]};
        struct plan_input in = {
            .function = {.path = "/f", .tree = -1}, .volumes = &v, .volume_count = 1, .boot_id = "b", .release = tools_release(true)};
        struct plan p;
        struct err err;
        cr_expect_eq(plan_make(&in, &p, &err), -1, "%s", bad[i]);
    }
}
