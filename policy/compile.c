/* SPDX-License-Identifier: Apache-2.0 */
/* compile.c: a tool of the build: policies from OCI seccomp JSON to BPF, as C.
 *
 *   compile ARCH NAME FILE... [-- FILE...]    static const POLICY_NAME[]
 *
 * Files of one group are merged (same default action). What the first group allows is judged by the second: as two
 * stacked filters would, but loaded in one, and what the first refuses keeps its errno.
 * Compiling at run time would cost a launch a millisecond. A call no rule of an architecture knows is left out of that
 * architecture's filter. Foreign ABIs get ENOSYS: they look like a kernel without them, and never kill. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Noreturn void die(const char *what, const char *object)
{
    fprintf(stderr, "policy/compile: cannot %s %s\n", what, object);
    exit(1);
}

static const struct {
    const char *name;
    uint32_t token;
} ARCHES[] = {{"x86_64", SCMP_ARCH_X86_64}, {"aarch64", SCMP_ARCH_AARCH64}};

static const struct {
    const char *name;
    enum scmp_compare op;
} OPS[] = {{"SCMP_CMP_EQ", SCMP_CMP_EQ}, {"SCMP_CMP_NE", SCMP_CMP_NE}, {"SCMP_CMP_GT", SCMP_CMP_GT}, {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};

static double number(const cJSON *o, const char *key)
{
    const cJSON *n = cJSON_GetObjectItem(o, key);
    return n ? n->valuedouble : 0;
}

static uint32_t action_of(const cJSON *o, const char *key, const char *errno_key)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(o, key));
    if (name && strcmp(name, "SCMP_ACT_ALLOW") == 0)
        return SCMP_ACT_ALLOW;
    if (name && strcmp(name, "SCMP_ACT_ERRNO") == 0)
        return SCMP_ACT_ERRNO((uint32_t)number(o, errno_key));
    die("use the action", name ? name : "(none)");
}

static unsigned read_args(const cJSON *rule, struct scmp_arg_cmp *ret)
{
    unsigned n = 0;
    const cJSON *arg;
    cJSON_ArrayForEach(arg, cJSON_GetObjectItem(rule, "args"))
    {
        const char *op = cJSON_GetStringValue(cJSON_GetObjectItem(arg, "op"));
        size_t i = 0;
        while (i < sizeof OPS / sizeof OPS[0] && strcmp(OPS[i].name, op ? op : "") != 0)
            i++;
        if (i == sizeof OPS / sizeof OPS[0] || n == 6)
            die("use the comparison", op ? op : "(none)");
        ret[n++] = (struct scmp_arg_cmp){.arg = (unsigned)number(arg, "index"), .op = OPS[i].op,
                                         .datum_a = (scmp_datum_t)number(arg, "value"), .datum_b = (scmp_datum_t)number(arg, "valueTwo")};
    }
    return n;
}

/* Calls an allow list allows whatever their arguments, by number. They come first in the filter, as a search tree over
 * ranges: neighbours in number are mostly neighbours in fate, and a filter's load time goes by its length. libseccomp
 * makes a leaf of each call. */
enum { NUMBERS = 1024 };
static bool plain[NUMBERS];

static bool is_plain(uint32_t arch, const cJSON *root, const cJSON *rule, const char *name)
{
    int nr = seccomp_syscall_resolve_name_arch(arch, name);
    uint32_t fallback = action_of(root, "defaultAction", "defaultErrnoRet");
    if (fallback == SCMP_ACT_ALLOW || cJSON_GetArraySize(cJSON_GetObjectItem(rule, "args")) > 0 || nr >= NUMBERS)
        return false;
    if (nr >= 0)
        plain[nr] = true;
    return true;
}

/* Where the fate changes: bounds[i] is the first number of range i, allowed if i is odd. */
static size_t ranges(uint32_t bounds[NUMBERS])
{
    size_t n = 0;
    bounds[n++] = 0;
    for (uint32_t nr = 0; nr < NUMBERS; nr++)
        if (plain[nr] != (n % 2 == 0))
            bounds[n++] = nr;
    return n;
}

/* Emits the search among ranges low to high - 1; each leaf is RET ALLOW or a jump, patched later, to what follows. */
static size_t emit_tree(struct sock_filter *code, size_t at, const uint32_t *bounds, size_t low, size_t high)
{
    if (high - low == 1) {
        code[at] = low % 2 ? (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) : (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX);
        return at + 1;
    }
    size_t middle = (low + high) / 2, here = at;
    size_t right = emit_tree(code, at + 2, bounds, low, middle);
    code[here] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, bounds[middle], 0, 1);
    code[here + 1] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(right - here - 2));
    return emit_tree(code, right, bounds, middle, high);
}

static size_t emit_plain(struct sock_filter *code, size_t at)
{
    uint32_t bounds[NUMBERS + 1];
    size_t start = at, n = ranges(bounds);
    if (n < 2)
        return at;
    at = emit_tree(code, at, bounds, 0, n);
    for (size_t i = start; i < at; i++)
        if (code[i].code == (BPF_JMP | BPF_JA) && code[i].k == UINT32_MAX)
            code[i].k = (uint32_t)(at - i - 1);
    return at;
}

/* libseccomp cannot name calls newer than itself: an own prologue answers for all numbers above the last. It leaves
 * other architectures to the filter behind it, whose first instructions judge them. */
static size_t emit_prologue(struct sock_filter *code, size_t at, uint32_t arch, uint32_t last)
{
    const struct sock_filter prologue[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0),
        BPF_STMT(BPF_JMP | BPF_JA, 0), /* patched below */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };
    memcpy(code + at, prologue, sizeof prologue);
    size_t end = emit_plain(code, at + sizeof prologue / sizeof prologue[0]);
    code[at + 2].k = (uint32_t)(end - at - 3);
    return end;
}

static void add_file(scmp_filter_ctx ctx, uint32_t arch, const cJSON *root)
{
    const cJSON *rule, *name;
    cJSON_ArrayForEach(rule, cJSON_GetObjectItem(root, "syscalls"))
    {
        struct scmp_arg_cmp args[6];
        unsigned n = read_args(rule, args);
        uint32_t action = action_of(rule, "action", "errnoRet");
        cJSON_ArrayForEach(name, cJSON_GetObjectItem(rule, "names"))
        {
            if (is_plain(arch, root, rule, name->valuestring))
                continue;
            int nr = seccomp_syscall_resolve_name(name->valuestring);
            if (nr == __NR_SCMP_ERROR)
                die("find the system call", name->valuestring);
            int failed = seccomp_rule_add_array(ctx, action, nr, n, args);
            if (failed)
                die(strerror(-failed), name->valuestring);
        }
    }
}

static cJSON *read_file(const char *path)
{
    static char text[1 << 20];
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = 0;
    cJSON *root = f ? cJSON_Parse(text) : NULL;
    if (!root)
        die("read", path);
    fclose(f);
    return root;
}

static void print_program(const char *name, const struct sock_filter *code, size_t n)
{
    printf("static const struct sock_filter POLICY_%s[] = {\n", name);
    for (size_t i = 0; i < n; i++)
        printf("    {0x%04x, %u, %u, 0x%08x},\n", code[i].code, code[i].jt, code[i].jf, code[i].k);
    printf("};\n");
}

/* Compiles files argv[from] to argv[to - 1] behind code[at]; returns the new end. */
static size_t emit_group(struct sock_filter *code, size_t at, uint32_t arch, char **argv, int from, int to)
{
    cJSON *first = read_file(argv[from]);
    scmp_filter_ctx ctx = seccomp_init(action_of(first, "defaultAction", "defaultErrnoRet"));
    if (!ctx)
        die("make a filter for", argv[from]);
    if (arch != seccomp_arch_native() && (seccomp_arch_add(ctx, arch) || seccomp_arch_remove(ctx, seccomp_arch_native())))
        die("change the architecture for", argv[from]);
    seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a decision tree */
    memset(plain, 0, sizeof plain);
    for (int i = from; i < to; i++) {
        cJSON *root = read_file(argv[i]);
        add_file(ctx, arch, root);
        cJSON_Delete(root);
    }
    uint32_t last = (uint32_t)number(first, "lastSyscall");
    if (last)
        at = emit_prologue(code, at, arch, last);
    int fd = memfd_create("bpf", 0);
    if (fd < 0 || seccomp_export_bpf(ctx, fd) != 0)
        die("export", argv[from]);
    ssize_t n = pread(fd, code + at, (BPF_MAXINSNS - at) * sizeof *code, 0);
    if (n <= 0)
        die("read back", argv[from]);
    close(fd);
    seccomp_release(ctx);
    cJSON_Delete(first);
    return at + (size_t)n / sizeof *code;
}

int main(int argc, char **argv)
{
    static struct sock_filter code[BPF_MAXINSNS];
    uint32_t arch = 0;
    int dashes = 3;
    if (argc < 4)
        die("run without", "ARCH NAME FILE...");
    for (size_t i = 0; i < sizeof ARCHES / sizeof ARCHES[0]; i++)
        if (strcmp(argv[1], ARCHES[i].name) == 0)
            arch = ARCHES[i].token;
    if (!arch)
        die("make a filter for", argv[1]);
    while (dashes < argc && strcmp(argv[dashes], "--") != 0)
        dashes++;
    size_t first = emit_group(code, 0, arch, argv, 3, dashes), n = first;
    if (dashes < argc)
        n = emit_group(code, first, arch, argv, dashes + 1, argc);
    for (size_t i = 0; n > first && i < first; i++)
        if (code[i].code == (BPF_RET | BPF_K) && code[i].k == SECCOMP_RET_ALLOW)
            code[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(first - i - 1));
    print_program(argv[2], code, n);
    return 0;
}
