/* SPDX-License-Identifier: Apache-2.0 */
/* policy_file.c: a user's policy on its way to a filter: from the cache, or by lrun-policy. What a policy means is policy/compile.c's,
 * which runs in that other program, for JSON of others is not parsed in lrun. DIR/policy/HASH holds what the policy was compiled from
 * and what came out. A short hash is enough to find it, since what it was compiled from is compared whole. All that decides the
 * outcome is part of that, the kernel's release too (minKernel). */
#include "launcher/launch/policy_file.h"

#include "base/fs.h"
#include "base/helper.h"
#include "base/own.h"
#include "base/version.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>

enum { FILTER_MAX = BPF_MAXINSNS * sizeof(struct sock_filter), PRINTED_MAX = 8 << 20 };

/* All that decides the outcome: lrun's version and what lrun-policy makes of a file (counted), its core policy, the kernel (minKernel), the
 * policy. */
static void make_key(const struct text *policy, struct text *ret)
{
    struct utsname u = {0};
    struct seccomp_program core;
    uname(&u);
    text_printf(ret, "lrun " LRUN_VERSION " 3 %s %s %zu\n", u.release, u.machine, policy->n);
    if (seccomp_builtin("core", &core))
        text_add(ret, core.code, core.n * sizeof *core.code);
    text_add(ret, policy->at, policy->n);
}

static void name_of(const struct text *key, char *name, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < key->n; i++)
        hash = (hash ^ (unsigned char)key->at[i]) * UINT64_C(1099511628211);
    snprintf(name, size, "policy/%016jx", (uintmax_t)hash);
}

static int use(struct text *code, struct inputs *in, struct seccomp_program *ret)
{
    in->policy_code = *code;
    *ret = (struct seccomp_program){(unsigned short)(code->n / sizeof(struct sock_filter)),
                                    (const struct sock_filter *)(const void *)in->policy_code.at};
    return 0;
}

static bool recall(struct inputs *in, const char *name, const struct text *key, struct seccomp_program *ret)
{
    struct text kept = {0}, code = {0};
    struct err ignored;
    OWN_FD int fd = openat(in->cache.dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool good = fd >= 0 && fs_read_all(fd, (2u << 20) + FILTER_MAX, name, &kept, &ignored) == 0 && kept.n > key->n &&
                memcmp(kept.at, key->at, key->n) == 0 && (kept.n - key->n) % sizeof(struct sock_filter) == 0;
    if (good) {
        text_add(&code, kept.at + key->n, kept.n - key->n);
        use(&code, in, ret);
    }
    text_done(&kept);
    return good;
}

/* A policy that cannot be kept is compiled again next time. */
static void keep(struct inputs *in, const char *name, const struct text *key, const struct text *code)
{
    struct text all = {0};
    struct err ignored;
    text_add(&all, key->at, key->n);
    text_add(&all, code->at, code->n);
    fs_replace(in->cache.dir, name, all.at, all.n, &ignored);
    text_done(&all);
}

/* The policy's descriptor is the helper's standard input, or -1; a struct err instead of an answer comes with status 1. */
static int ask(int program, char *const *argv, int policy, const char *path, size_t most, struct text *ret, struct err *err)
{
    int ends[2], status = 0;
    if ((policy >= 0 && lseek(policy, 0, SEEK_SET) < 0) || pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, path, "hand over the policy");
    const int fds[] = {policy, ends[1], 2};
    pid_t pid = fork();
    if (pid == 0)
        helper_become(program, argv, fds, COUNT(fds));
    close(ends[1]);
    int got = pid < 0 ? fail(err, errno, NULL, "start lrun-policy") : fs_read_all(ends[0], most, "lrun-policy", ret, err);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (got < 0)
        return -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && ret->n == sizeof *err) {
        memcpy(err, ret->at, sizeof *err);
        snprintf(err->path, sizeof err->path, "%s", path);
        return -1;
    }
    if (status == 0 && ret->n)
        return 0;
    fail(err, 0, path, "compile the policy: lrun-policy failed");
    return fail_hint(err, "its libraries may be missing; run it by hand to check");
}

static int compile(const struct inputs *in, const char *path, struct text *ret, struct err *err)
{
    static char *const argv[] = {(char *)(uintptr_t) "lrun-policy", (char *)(uintptr_t) "user", NULL};
    return ask(in->policy_program, argv, in->policy, path, FILTER_MAX, ret, err);
}

int policy_file_print(int program, int policy, const char *path, FILE *to, struct err *err)
{
    char *const argv[] = {(char *)(uintptr_t) "lrun-policy", (char *)(uintptr_t) "print", (char *)(uintptr_t)(policy < 0 ? path : "-"),
                          NULL};
    struct text all = {0};
    int status = ask(program, argv, policy, path, PRINTED_MAX, &all, err);
    if (status == 0)
        fwrite(all.at, 1, all.n, to);
    text_done(&all);
    return status;
}

int policy_file_load(struct inputs *in, const char *path, struct seccomp_program *ret, struct err *err)
{
    struct text policy = {0}, key = {0}, code = {0};
    char name[40];
    if (fs_read_all(in->policy, 1 << 20, path, &policy, err) < 0)
        return -1;
    make_key(&policy, &key);
    name_of(&key, name, sizeof name);
    int status = inputs_open_cache(in, err);
    if (status == 0 && !recall(in, name, &key, ret)) {
        if (in->policy_program < 0)
            status = helper_open("lrun-policy", &in->policy_program, err);
        if (status == 0)
            status = compile(in, path, &code, err);
        if (status == 0) {
            keep(in, name, &key, &code);
            use(&code, in, ret);
        } else {
            text_done(&code);
        }
    }
    text_done(&policy);
    text_done(&key);
    return status;
}
