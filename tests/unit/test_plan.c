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

static struct plan plan_of(const struct plan_input *in)
{
    struct plan_input whole = *in;
    struct plan p = {.n = 0};
    struct err err;
    if (!whole.boot_id)
        whole.boot_id = "b";
    if (!whole.release)
        whole.release = tools_release(true);
    cr_expect_eq(plan_make(&whole, &p, &err), 0);
    return p;
}

/* Nothing is mounted on what comes later, and a mount's place is made before it. */
Test(plan, the_skeleton_comes_first_and_parents_before_what_is_in_them)
{
    struct source layer = {.path = "/l", .tree = -1};
    const struct volume volume = {.source = {.path = "/x", .tree = -1}, .target = "/mnt/a/b"};
    const struct plan_input in = {.function = {.path = "/f", .tree = -1},
                                  .layers = &layer,
                                  .layer_count = 1,
                                  .volumes = &volume,
                                  .volume_count = 1,
                                  .tmp_bytes = 1 << 20,
                                  .make_out = true};
    struct plan p = plan_of(&in);
    for (size_t i = 0; i < p.n; i++) {
        const enum row_kind k = p.rows[i].kind;
        cr_expect(i >= p.skeleton || k == ROW_DIR || k == ROW_FILE || k == ROW_LINK, "%s", p.rows[i].target);
        for (size_t later = i + 1; later < p.n && i < p.skeleton; later++)
            cr_expect(later >= p.skeleton || !str_begins(p.rows[i].target, p.rows[later].target) ||
                          p.rows[i].target[strlen(p.rows[later].target)] != '/',
                      "%s before %s", p.rows[i].target, p.rows[later].target);
        cr_expect(*plan_kind(k), "%s", p.rows[i].target);
    }
    cr_expect(row_of(&p, "mnt/a/b") && row_of(&p, "mnt/a") && row_of(&p, "tmp/out"));
    cr_expect(row_of(&p, "mnt/a/b")->kind == ROW_BIND && !(row_of(&p, "mnt/a/b")->flags & FLAG_RW));
    plan_done(&p);
    cr_expect(!p.rows && !p.lowers && !p.n);
}

Test(plan, code_is_an_overlay_a_bind_or_under_a_layer_that_is_discarded)
{
    const struct source f = {.path = "/f", .tree = -1};
    static const struct {
        bool is_dir, scratch;
        enum row_kind kind;
    } ROWS[] = {{false, false, ROW_OVERLAY}, {true, false, ROW_BIND}, {false, true, ROW_SCRATCH}, {true, true, ROW_SCRATCH}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct plan p =
            plan_of(&(struct plan_input){.function = f, .function_is_dir = ROWS[i].is_dir, .scratch_bytes = ROWS[i].scratch ? 77 : 0});
        const struct row *task = row_of(&p, "var/task");
        cr_assert(task && task->kind == ROWS[i].kind);
        cr_expect_eq(task->flags & FLAG_RW, ROWS[i].scratch ? FLAG_RW : 0);
        cr_expect_str_eq(task->kind == ROW_BIND ? task->source.path : task->sources[0].path, "/f");
        plan_done(&p);
    }
}

Test(plan, tmp_and_shm_have_the_sizes_asked_for)
{
    static const struct {
        enum shm shm;
        bool there;
        enum row_kind kind;
    } ROWS[] = {{SHM_ABSENT, false, 0}, {SHM_DENIED, true, ROW_DIR}, {SHM_SIZED, true, ROW_TMPFS}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct plan p = plan_of(&(struct plan_input){
            .function = {.path = "/f", .tree = -1}, .tmp_bytes = UINT64_C(10240) << 20, .shm = ROWS[i].shm, .shm_bytes = 64 << 20});
        const struct row *shm = row_of(&p, "dev/shm"), *tmp = row_of(&p, "tmp"), *dev = row_of(&p, "dev");
        cr_expect(ROWS[i].there ? shm && shm->kind == ROWS[i].kind : !shm);
        cr_expect(!shm || shm->kind != ROW_TMPFS || (shm->size == 64 << 20 && shm->inodes == 16385 && shm->mode == 01777));
        cr_expect(tmp->size == UINT64_C(10240) << 20 && tmp->inodes == 655360 && tmp->mode == 01777 && tmp->flags & FLAG_RW);
        cr_expect(dev->mode == 0555 && dev->inodes == (ROWS[i].there ? 10 : 9), "no inode to spare, since it can be written");
        plan_done(&p);
    }
}

/* Lambda's five and three; a sixth would have no inode. */
Test(plan, dev_has_what_lambda_has)
{
    static const char *const THERE[] = {"null", "zero", "full", "random", "urandom", "stdin", "stdout", "stderr"};
    struct plan p = plan_of(&(struct plan_input){.function = {.path = "/f", .tree = -1}});
    size_t in_dev = 0;
    for (size_t i = 0; i < p.n; i++)
        in_dev += str_begins(p.rows[i].target, "dev/");
    cr_expect_eq(in_dev, COUNT(THERE));
    for (size_t i = 0; i < COUNT(THERE); i++) {
        OWN_PTR char *path = xasprintf("dev/%s", THERE[i]);
        cr_expect(row_of(&p, path) != NULL, "%s", path);
    }
    plan_done(&p);
}

Test(plan, what_was_asked_for_is_seen)
{
    const struct plan_input usual = {.function = {.path = "/f", .tree = -1}}, other = {.function = {.path = "/f", .tree = -1},
                                                                                       .no_user = true,
                                                                                       .host_net = true,
                                                                                       .meminfo = "MemTotal: 1 kB\n",
                                                                                       .boot_id = "123"};
    struct plan a = plan_of(&usual), b = plan_of(&other);
    cr_expect(strstr(row_of(&a, "etc/passwd")->text, "sbx_user1051") && !strstr(row_of(&b, "etc/passwd")->text, "sbx_user1051"));
    cr_expect(row_of(&a, "etc/resolv.conf")->kind == ROW_FILE && row_of(&b, "etc/resolv.conf")->kind == ROW_BIND);
    cr_expect(!row_of(&a, "proc/meminfo") && strcmp(row_of(&b, "proc/meminfo")->text, "MemTotal: 1 kB\n") == 0);
    cr_expect_str_eq(row_of(&b, "proc/sys/kernel/random/boot_id")->text, "123\n");
    cr_expect(!row_of(&a, "opt")->sources && row_of(&a, "opt")->kind == ROW_DIR, "empty without layers");
    plan_done(&a), plan_done(&b);
}

/* Of a root file system of the user's nothing of the host's is shown beside it, and what Lambda has empty is hidden. */
Test(plan, a_root_of_the_users_is_not_the_hosts)
{
    struct plan p = plan_of(&(struct plan_input){.function = {.path = "/f", .tree = -1}, .rootfs = {.path = "/r", .tree = -1}});
    cr_expect(p.has_rootfs && strcmp(p.rootfs.path, "/r") == 0);
    cr_expect(!row_of(&p, "usr/bin") && !row_of(&p, "usr") && !row_of(&p, "etc/os-release"));
    static const char *const HIDDEN[] = {"opt", "home", "sys"};
    for (size_t i = 0; i < COUNT(HIDDEN); i++)
        cr_expect_eq(row_of(&p, HIDDEN[i])->kind, ROW_MASK, "%s", HIDDEN[i]);
    plan_done(&p);
}

/* The kernel may refuse the overlay over /usr: then each part of it must be there by itself, and only then. */
Test(plan, what_hides_parts_of_usr_has_a_second_way)
{
    struct plan p = plan_of(&(struct plan_input){.function = {.path = "/f", .tree = -1}, .usr = {.path = "/cache/tree", .tree = -1}});
    bool tried = false;
    unsigned others = 0;
    for (size_t i = 0; i < p.n; i++) {
        if (p.rows[i].flags & FLAG_TRY) {
            tried = p.rows[i].kind == ROW_OVERLAY && strcmp(p.rows[i].target, "usr") == 0 && p.rows[i].n == 2 &&
                    strcmp(p.rows[i].sources[0].path, "/usr") == 0 && strcmp(p.rows[i].sources[1].path, "/cache/tree") == 0;
        } else if (i >= p.skeleton && str_begins(p.rows[i].target, "usr/")) {
            cr_expect(p.rows[i].flags & FLAG_ELSE, "%s", p.rows[i].target);
            others++;
        } else {
            cr_expect(!(p.rows[i].flags & FLAG_ELSE), "%s", p.rows[i].target);
        }
    }
    cr_expect(tried && others > 5);
    plan_done(&p);
}

Test(plan, an_interpreter_is_in_var_lang)
{
    static const struct plan_file FILES[] = {
        {"var/runtime/bootstrap", "#!/bin/sh\n", 0755, 0}, {"var/runtime/lib", NULL, 0755, 0}, {"var/runtime/a.pyc", "a\0b", 0644, 3}};
    struct plan_runtime rt = {.name = "python3.12",
                              .interpreter = "/usr/bin/python3.12",
                              .files = FILES,
                              .file_count = 2,
                              .compiled = &FILES[2],
                              .compiled_count = 1};
    struct plan p = plan_of(&(struct plan_input){.function = {.path = "/f", .tree = -1}, .runtime = rt});
    cr_expect(row_of(&p, "var/runtime/bootstrap")->mode == 0755 && row_of(&p, "var/runtime/lib")->kind == ROW_DIR);
    cr_expect(row_of(&p, "var/runtime/a.pyc")->size == 3 && row_of(&p, "var/runtime/bootstrap")->size == 0);
    cr_expect(row_of(&p, "var/lang/bin/python3.12") && strcmp(row_of(&p, "var/lang/bin/python3")->text, "python3.12") == 0);
    cr_expect_str_eq(row_of(&p, "var/lang/lib/python3.12")->text, "/usr/lib/python3.12");
    plan_done(&p);
    rt = (struct plan_runtime){.name = "node", .interpreter = "/home/me/node/bin/node", .prefix = "/home/me/node"};
    p = plan_of(&(struct plan_input){.function = {.path = "/f", .tree = -1}, .runtime = rt});
    bool shown = false;
    for (size_t i = 0; i < p.n; i++)
        shown = shown || (strcmp(p.rows[i].target, "var/lang") == 0 && i >= p.skeleton);
    cr_expect(shown && !row_of(&p, "var/lang/lib/python3.12"));
    plan_done(&p);
}

Test(plan, volumes_of_files_and_places_that_may_be)
{
    static const char *const GOOD[] = {"/x",        "/mnt/a", "/tmp/a/b", "/opt/x",  "/var/task", "/var/task/x",
                                       "/etcetera", "/usrx",  "/.a",      "/a..b/c", "/lib32x"};
    for (size_t i = 0; i < COUNT(GOOD); i++)
        for (unsigned file = 0; file < 2; file++) {
            const struct volume v = {.source = {.path = "/x", .tree = -1}, .target = GOOD[i], .rw = file, .is_file = file};
            struct plan p = plan_of(&(struct plan_input){.function = {.path = "/f", .tree = -1}, .volumes = &v, .volume_count = 1});
            const struct row *last = &p.rows[p.n - 1];
            cr_expect(last->kind == ROW_BIND && last->flags & FLAG_USER && strcmp(last->target, GOOD[i] + 1) == 0);
            cr_expect_eq(last->flags & (FLAG_RW | FLAG_FILE), file ? FLAG_RW | FLAG_FILE : 0);
            plan_done(&p);
        }
}

/* An overlay of the code has it besides: nothing can be made in what is read-only, and nothing shall be made in a directory of the user's.
 */
Test(plan, the_first_directory_over_the_code_has_its_place)
{
    const struct volume volumes[] = {{.source = {.path = "/a", .tree = -1}, .target = "/mnt/a"},
                                     {.source = {.path = "/b", .tree = -1}, .target = "/var/task/file", .is_file = true},
                                     {.source = {.path = "/c", .tree = -1}, .target = "/var/task/tests/unit"},
                                     {.source = {.path = "/d", .tree = -1}, .target = "/var/task/other"}};
    for (int i = 0; i < 8; i++) {
        const bool directory = i & 1, image = i & 2, below = i & 4;
        struct plan p = plan_of(&(struct plan_input){.function = {.path = "/f", .tree = -1},
                                                     .function_is_dir = directory,
                                                     .own_code = image,
                                                     .rootfs = {.path = image ? "/r" : NULL, .tree = -1},
                                                     .volumes = volumes,
                                                     .volume_count = below ? COUNT(volumes) : 2});
        const struct row *code = row_of(&p, "var/task"), *tests = row_of(&p, "var/task/tests/unit");
        cr_expect_eq(tests && tests->kind == ROW_BIND, below);
        if (!image) {
            cr_assert(code && code->kind == (directory && !below ? ROW_BIND : ROW_OVERLAY), "%d", i);
            cr_expect(below ? code->text && strcmp(code->text, "tests/unit") == 0 : !code->text, "%d", i);
        }
        plan_done(&p);
    }
}
