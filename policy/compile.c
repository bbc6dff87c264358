/* SPDX-License-Identifier: Apache-2.0 */
/* compile.c: a tool of the build: policies from OCI seccomp JSON to BPF, as C.
 *
 *   compile ARCH NAME FILE...    the files are merged (same default action) into one filter, static const POLICY_NAME[]
 *
 * Compiling at run time would cost a launch a millisecond. A call no rule of an architecture knows is left out of that
 * architecture's filter. Foreign ABIs get ENOSYS: they look like a kernel without them, and never kill. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
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

static void add_file(scmp_filter_ctx ctx, const cJSON *root)
{
    const cJSON *rule, *name;
    cJSON_ArrayForEach(rule, cJSON_GetObjectItem(root, "syscalls"))
    {
        struct scmp_arg_cmp args[6];
        unsigned n = read_args(rule, args);
        uint32_t action = action_of(rule, "action", "errnoRet");
        cJSON_ArrayForEach(name, cJSON_GetObjectItem(rule, "names"))
        {
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

int main(int argc, char **argv)
{
    if (argc < 4)
        die("run without", "ARCH NAME FILE...");
    uint32_t arch = 0;
    for (size_t i = 0; i < sizeof ARCHES / sizeof ARCHES[0]; i++)
        if (strcmp(argv[1], ARCHES[i].name) == 0)
            arch = ARCHES[i].token;
    cJSON *first = read_file(argv[3]);
    scmp_filter_ctx ctx = seccomp_init(action_of(first, "defaultAction", "defaultErrnoRet"));
    if (!arch || !ctx)
        die("make a filter for", argv[1]);
    if (arch != seccomp_arch_native() && (seccomp_arch_add(ctx, arch) || seccomp_arch_remove(ctx, seccomp_arch_native())))
        die("change the architecture to", argv[1]);
    seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a decision tree */
    for (int i = 3; i < argc; i++) {
        cJSON *root = read_file(argv[i]);
        add_file(ctx, root);
        cJSON_Delete(root);
    }
    int fd = memfd_create("bpf", 0);
    if (fd < 0 || seccomp_export_bpf(ctx, fd) != 0)
        die("export", argv[2]);
    static struct sock_filter code[BPF_MAXINSNS];
    uint32_t last = (uint32_t)number(first, "lastSyscall");
    /* libseccomp cannot name calls newer than itself: an own prologue answers for all numbers above the last. It
     * leaves other architectures to the filter, whose first instructions judge them. */
    const struct sock_filter prologue[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };
    size_t start = last ? sizeof prologue / sizeof prologue[0] : 0;
    memcpy(code, prologue, start * sizeof *code);
    ssize_t n = pread(fd, code + start, sizeof code - start * sizeof *code, 0);
    if (n <= 0)
        die("read back", argv[2]);
    print_program(argv[2], code, start + (size_t)n / sizeof *code);
    seccomp_release(ctx);
    cJSON_Delete(first);
    return 0;
}
