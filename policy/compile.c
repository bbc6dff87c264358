/* SPDX-License-Identifier: Apache-2.0 */
/* compile.c: lrun-policy: policies from OCI seccomp JSON to BPF.
 *
 *   lrun-policy embed ARCH   for the build: static const POLICY_NAME[] of each built-in policy and CALL_NAMES[], on standard output
 *   lrun-policy user         for lrun: the user's policy from standard input, stacked on core; struct sock_filter[] on
 *                            standard output and status 0, or a struct err and status 1
 *   lrun-policy print NAME   for lrun: a built-in policy, or with "-" the one on standard input, stacked on core, as
 *                            one policy in the OCI's JSON; or a struct err and status 1
 *
 * A policy is judged in groups, one after the other: what a group allows goes on to the next, and what it refuses keeps
 * its errno. That is as stacked filters would, but loaded in one, and of two filters that both answer with an errno the
 * later one would win: core's ENOSYS for clone3 must, or no thread could be started. Files of one group are merged (same
 * default action). The refusals of the user's file are a group of their own, before its permissions.
 * Compiling at run time costs a launch a millisecond, so lrun keeps what it was given. A call no rule of an architecture
 * knows is left out of that architecture's filter. Foreign ABIs get ENOSYS: they look like a kernel without them, and
 * never kill. */
#include "base/arch.h"
#include "base/embed.h"
#include "base/fs.h"
#include "base/own.h"
#include "policy/calls.h"
#include "policy/oci.h"
#include "policy/restrict.h"
#include "policy/tree.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

EMBED(core_json, "policy/core.json");
EMBED(refusals_json, "policy/lambda-refusals.json");
EMBED(legacy_json, "policy/lambda-legacy.json");
EMBED(lambda_json, "policy/lambda.json");
EMBED(debug_json, "policy/lambda-debug.json");

struct source { /* one file of a group */
    const char *text, *path;
    size_t n; /* bytes; 0: text ends with 0 */
};

// clang-format off
#define CORE {core_json, "core", 0}
#define REFUSALS_OF_LAMBDA {refusals_json, "lambda-refusals", 0}
// clang-format on

/* The built-in policies: the files of the group that refuses, then of the group that allows. */
static const struct builtin {
    const char *name, *symbol;
    struct source refusals[4], allowed[3];
} BUILTINS[] = {
    {"core", "CORE", {CORE}, {{NULL, NULL, 0}}},
    {"lambda", "LAMBDA", {CORE, REFUSALS_OF_LAMBDA}, {{lambda_json, "lambda", 0}}},
    {"lambda-legacy", "LEGACY", {CORE, REFUSALS_OF_LAMBDA, {legacy_json, "lambda-legacy", 0}}, {{lambda_json, "lambda", 0}}},
    {"lambda-debug", "DEBUG", {CORE, REFUSALS_OF_LAMBDA}, {{lambda_json, "lambda", 0}, {debug_json, "lambda-debug", 0}}},
};

enum part { WHOLE, REFUSALS, REST }; /* of the files */

struct group { /* being compiled */
    scmp_filter_ctx ctx;
    uint32_t arch, fallback;
    enum part part;
    unsigned rules;  /* that libseccomp was given */
    bool ours;       /* what looks at no argument is decided by number, in a tree before the rules */
    uint32_t *fates; /* by number; TREE_FOLLOWS: by rules */
    const uint32_t
        *before; /* the fates of the group before; what is refused there is not asked for here. NULL: this is the first, core's */
};

/* A call by number, once: two rules for it that both ignore its arguments could not both hold. */
static int decide(struct group *g, int nr, uint32_t fate, const char *name, struct err *err)
{
    uint32_t *now = &g->fates[nr];
    if (*now != g->fallback && *now != fate)
        return fail(err, 0, NULL, "two rules decide differently on %s, and look at no argument", name);
    *now = fate;
    return 0;
}

/* Marks numbers that are no calls, and in later groups those that earlier groups refuse. */
static void fill_gaps(const struct group *g)
{
    for (int nr = 0; nr < CALL_NUMBERS; nr++)
        if (g->before && g->before[nr] != SECCOMP_RET_ALLOW && g->before[nr] != TREE_FOLLOWS)
            g->fates[nr] = TREE_ANY;
        else if (!g->before && !call_name(nr, g->arch))
            g->fates[nr] = SECCOMP_RET_ERRNO | ENOSYS;
}

/* core.json and calls.tsv must say the same of each call, or one was added to without a decision. */
static int check_decisions(const struct group *g, struct err *err)
{
    for (int nr = 0; nr < CALL_NUMBERS; nr++)
        if (g->fates[nr] != call_decision(nr, g->arch)) {
            fail(err, 0, call_name(nr, g->arch), "make core's filter: calls.tsv and core.json differ on the call");
            return fail_hint(
                err, "a call with rules that look at arguments is \"rule\", one that is refused is EPERM or ENOSYS, any other \"allow\"");
        }
    return 0;
}

/* libseccomp cannot name calls newer than itself: an own prologue answers for all numbers above the last, and for those that
 * are decided without a look at arguments. It leaves other architectures to the filter behind it, whose first instructions judge them. */
static size_t emit_prologue(struct sock_filter *code, size_t at, const struct group *g, uint32_t last)
{
    const struct sock_filter prologue[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, g->arch, 1, 0),
        BPF_STMT(BPF_JMP | BPF_JA, 0), /* patched below */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };
    memcpy(code + at, prologue, sizeof prologue);
    size_t end = tree_emit(code, at + sizeof prologue / sizeof prologue[0], g->fates, last + 1);
    code[at + 2].k = (uint32_t)(end - at - 3);
    return end;
}

static bool refuses(uint32_t action)
{
    return action == SCMP_ACT_KILL_PROCESS || action == SCMP_ACT_KILL_THREAD || action == SCMP_ACT_TRAP ||
           (action & 0xffff0000U) == SCMP_ACT_ERRNO(0);
}

static int add_rule(const struct oci_rule *rule, void *to, struct err *err)
{
    struct group *g = to;
    if (rule->action == g->fallback || (g->part != WHOLE && refuses(rule->action) != (g->part == REFUSALS)))
        return 0;
    for (unsigned i = 0; i < rule->name_count; i++) {
        const char *name = rule->names[i];
        int nr = seccomp_syscall_resolve_name(name), ours = call_number(name, g->arch);
        if (ours == CALL_UNKNOWN && nr == __NR_SCMP_ERROR && g->ours)
            return fail(err, 0, NULL, "no system call is called %s", name);
        if (g->ours && ours < 0) /* another architecture's */
            continue;
        if (g->ours && decide(g, ours, rule->arg_count ? TREE_FOLLOWS : rule->action, name, err) < 0)
            return -1;
        if (g->ours && !rule->arg_count)
            continue;
        if (nr == __NR_SCMP_ERROR && ours < 0)
            continue;
        if (nr == __NR_SCMP_ERROR)
            nr = ours; /* newer than libseccomp, which takes this machine's numbers as they are */
        g->rules++;
        int failed = seccomp_rule_add_array(g->ctx, rule->action, nr, rule->arg_count, rule->args);
        if (failed && failed != -EEXIST) /* the same is said already */
            return fail(err, -failed, NULL, "libseccomp refuses it for %s (%s)", name, strerror(-failed));
    }
    return 0;
}

static int export_group(const struct group *g, struct sock_filter *code, size_t *at, struct err *err)
{
    OWN_FD int fd = memfd_create("bpf", MFD_CLOEXEC);
    int failed = fd < 0 ? -errno : seccomp_export_bpf(g->ctx, fd);
    if (failed)
        return fail(err, -failed, NULL, "compile the policy");
    ssize_t n = pread(fd, code + *at, (BPF_MAXINSNS - *at) * sizeof *code, 0);
    off_t all = lseek(fd, 0, SEEK_END);
    if (n <= 0 || n != all)
        return fail(err, E2BIG, NULL, "compile the policy: a filter holds at most %d instructions", BPF_MAXINSNS);
    *at += (size_t)n / sizeof *code;
    return 0;
}

static int read_source(const struct source *s, struct oci_policy **ret, struct err *err)
{
    const char *text = s->text ? s->text : "";
    return oci_read(text, s->n ? s->n : strlen(text), s->path, ret, err);
}

static int fill_group(struct group *g, const struct source *files, size_t n, unsigned *ret_last, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct oci_policy *p = NULL;
        if (read_source(&files[i], &p, err) < 0)
            return -1;
        if (i == 0) {
            g->fallback = g->part == REFUSALS ? SCMP_ACT_ALLOW : oci_default(p);
            g->ctx = seccomp_init(g->fallback);
            *ret_last = g->part == REFUSALS ? 0 : g->ours && !g->before ? (unsigned)call_last(g->arch) : oci_last_call(p);
            for (int nr = 0; nr < CALL_NUMBERS; nr++)
                g->fates[nr] = g->ours ? g->fallback : TREE_FOLLOWS;
            if (g->ctx && g->arch != seccomp_arch_native() &&
                (seccomp_arch_add(g->ctx, g->arch) || seccomp_arch_remove(g->ctx, seccomp_arch_native())))
                seccomp_release(g->ctx), g->ctx = NULL;
        }
        int status = g->ctx ? 0 : fail(err, EINVAL, files[i].path, "make a filter of the policy");
        if (status == 0 && i == 0) {
            seccomp_attr_set(g->ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
            seccomp_attr_set(g->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a decision tree */
        }
        if (status == 0)
            status = oci_each(p, g->arch, add_rule, g, err);
        oci_done(p);
        if (status < 0)
            return -1;
    }
    return 0;
}

static struct sock_filter code[2 * BPF_MAXINSNS];

/* Compiles the files behind code[*at]; no rules of such a part: nothing. What the groups before allow goes on to it. */
static int emit_group(size_t *at, uint32_t arch, bool ours, enum part part, const struct source *files, size_t n, struct err *err)
{
    static uint32_t fates[2][CALL_NUMBERS]; /* of core's group, and of the one being made */
    struct group g = {
        .arch = arch,
        .ours = ours,
        .part = part,
        .fates = fates[*at > 0],
        .before = *at ? fates[0] : NULL,
    };
    const size_t first = *at;
    unsigned last = 0;
    int status = fill_group(&g, files, n, &last, err);
    if (status == 0 && ours)
        fill_gaps(&g);
    if (status == 0 && files == BUILTINS[0].refusals)
        status = check_decisions(&g, err);
    if (status == 0 && last)
        *at = emit_prologue(code, *at, &g, last < CALL_NUMBERS ? last : CALL_NUMBERS - 1);
    if (status == 0 && (g.rules || part != REFUSALS))
        status = export_group(&g, code, at, err);
    if (g.ctx)
        seccomp_release(g.ctx);
    for (size_t i = 0; *at > first && i < first; i++)
        if (code[i].code == (BPF_RET | BPF_K) && code[i].k == SECCOMP_RET_ALLOW)
            code[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(first - i - 1));
    return status;
}

static void print_program(const char *name, size_t n)
{
    printf("static const struct sock_filter POLICY_%s[] = {\n", name);
    for (size_t i = 0; i < n; i++)
        printf("    {0x%04x, %u, %u, 0x%08x},\n", code[i].code, code[i].jt, code[i].jf, code[i].k);
    printf("};\n");
}

/* No pointers, which a position-independent program would relocate, and so write to, at every start. */
static void print_names(uint32_t arch)
{
    printf("static const char CALL_NAMES[][24] = {\n");
    for (int nr = 0; nr <= call_last(arch); nr++)
        if (call_name(nr, arch))
            printf("    [%d] = \"%s\",\n", nr, call_name(nr, arch));
    printf("};\n");
}

static int die(const struct err *err)
{
    err_say(err, "lrun-policy");
    return 1;
}

static size_t count(const struct source *files, size_t most)
{
    size_t n = 0;
    while (n < most && files[n].text)
        n++;
    return n;
}

static int embed(const char *arch, struct err *err)
{
    uint32_t token = 0;
    for (size_t i = 0; i < ARCH_COUNT; i++)
        if (strcmp(arch, ARCHES[i].kernel) == 0)
            token = ARCHES[i].audit;
    for (size_t i = 0; i < COUNT(BUILTINS); i++) {
        const struct builtin *b = &BUILTINS[i];
        size_t at = 0, allowed = count(b->allowed, COUNT(b->allowed));
        if (emit_group(&at, token, true, WHOLE, b->refusals, count(b->refusals, COUNT(b->refusals)), err) < 0)
            return -1;
        if (allowed && emit_group(&at, token, true, WHOLE, b->allowed, allowed, err) < 0)
            return -1;
        print_program(b->symbol, at);
    }
    print_names(token);
    return 0;
}

static int user(struct err *err)
{
    struct text text = {0};
    size_t at = 0;
    if (fs_read_all(STDIN_FILENO, 1 << 20, "", &text, err) < 0)
        return -1;
    const struct source own = {text.at ? text.at : "", "", text.n};
    int status = emit_group(&at, seccomp_arch_native(), true, WHOLE, BUILTINS[0].refusals, 1, err);
    if (status == 0)
        status = emit_group(&at, seccomp_arch_native(), false, REFUSALS, &own, 1, err);
    if (status == 0)
        status = emit_group(&at, seccomp_arch_native(), false, REST, &own, 1, err);
    text_done(&text);
    if (status < 0)
        return -1;
    if (at > BPF_MAXINSNS)
        return fail(err, E2BIG, NULL, "compile the policy: with core's it holds more than %d instructions", BPF_MAXINSNS);
    return fs_write_all(STDOUT_FILENO, code, at * sizeof *code) < 0 ? fail(err, errno, NULL, "hand over the filter") : 0;
}

static int print(const char *name, struct err *err)
{
    struct source files[8] = {BUILTINS[0].refusals[0]};
    struct oci_policy *policies[COUNT(files)];
    struct text text = {0};
    size_t n = 0, read = 0;
    int status = 0;
    if (strcmp(name, "-") == 0) {
        if (fs_read_all(STDIN_FILENO, 1 << 20, "", &text, err) < 0)
            return -1;
        files[1] = (struct source){text.at ? text.at : "", "", text.n};
        n = 2;
    }
    for (size_t i = 0; n == 0 && i < COUNT(BUILTINS); i++) {
        const struct builtin *b = &BUILTINS[i];
        for (size_t k = 0; strcmp(name, b->name) == 0 && k < COUNT(b->refusals) + COUNT(b->allowed); k++) {
            const struct source *f = k < COUNT(b->refusals) ? &b->refusals[k] : &b->allowed[k - COUNT(b->refusals)];
            if (f->text)
                files[n++] = *f;
        }
    }
    for (; status == 0 && read < n; read += status == 0)
        status = read_source(&files[read], &policies[read], err);
    if (status == 0)
        status = oci_print(policies, n, seccomp_arch_native(), STDOUT_FILENO, err);
    while (read > 0)
        oci_done(policies[--read]);
    text_done(&text);
    return status;
}

static int answer(int status, const struct err *err) /* to lrun */
{
    return status == 0 ? 0 : fs_write_all(STDOUT_FILENO, err, sizeof *err) < 0 ? 2 : 1;
}

int main(int argc, char **argv)
{
    static struct err err;
    if (calls_load(&err) < 0)
        return die(&err);
    if (argc == 3 && strcmp(argv[1], "embed") == 0)
        return embed(argv[2], &err) < 0 ? die(&err) : 0;
    if (argc == 2 && strcmp(argv[1], "user") == 0)
        return answer(restrict_self(&err) < 0 ? -1 : user(&err), &err);
    if (argc == 3 && strcmp(argv[1], "print") == 0)
        return answer(restrict_self(&err) < 0 ? -1 : print(argv[2], &err), &err);
    fputs("lrun-policy: started by lrun and its build only; it compiles seccomp policies\n", stderr);
    return 2;
}
