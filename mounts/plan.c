/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c: the rows of a function's file system, in order, each with its reason. Nothing is mounted here (apply.c); what a managed
 * runtime needs is plan_runtime.c, and where volumes may lie plan_volumes.c. The order counts: a row may lie on what an earlier one made,
 * and nothing can be made in the skeleton later. */
#include "mounts/plan_volumes.h"

#include "base/own.h"
#include "cache/tools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// clang-format off
#define ROW_OF_DIR(where, bits, reason) {.kind = ROW_DIR, .target = (where), .mode = (bits), .why = (reason)}
#define ROW_OF_LINK(where, to, reason) {.kind = ROW_LINK, .target = (where), .text = (to), .why = (reason)}
#define ROW_OF_HOST(where, more, reason) \
    {.kind = ROW_BIND, .flags = FLAG_OPTIONAL | (more), .target = (where), .source = {.path = "/" where, .tree = -1}, .why = (reason)}

/* Directories that always exist, whatever the root file system; real ones, which take precedence over links of a user's root. */
enum { SKELETON_MOUNTS = 5 }; /* the first rows: what lies over an image too */
static const struct row SKELETON[] = {
    ROW_OF_DIR("dev", 0755, "mountpoint"),
    ROW_OF_DIR("etc", 0755, "holds the generated files"),
    ROW_OF_DIR("proc", 0555, "mountpoint"),
    ROW_OF_DIR("sys", 0555, "an empty directory on Lambda: nothing is mounted there"),
    ROW_OF_DIR("tmp", 01777, "mountpoint"),
    ROW_OF_DIR("home", 0755, "exists, is empty, and sbx_user1051's home is not in it"),
    ROW_OF_DIR("opt", 0755, "exists without layers too"),
    ROW_OF_DIR("var", 0755, "a real directory, whatever the root file system says"),
    ROW_OF_DIR("var/task", 0755, "mountpoint of the function's code"),
    ROW_OF_DIR("var/runtime", 0755, "LAMBDA_RUNTIME_DIR; practically empty for provided.*"),
};

/* The allow list: everything that is visible of the host's own root file system. */
static const struct row HOST[] = {
    ROW_OF_DIR("boot", 0555, "as in Amazon Linux 2023"),
    ROW_OF_DIR("media", 0755, "as in Amazon Linux 2023"),
    ROW_OF_DIR("mnt", 0755, "where EFS would be mounted"),
    ROW_OF_DIR("root", 0550, "as in Amazon Linux 2023"),
    ROW_OF_DIR("run", 0755, "nothing of the host's: its sockets are there"),
    ROW_OF_DIR("srv", 0755, "as in Amazon Linux 2023"),
    ROW_OF_DIR("usr", 0755, "only what is listed here"),
    ROW_OF_DIR("usr/local", 0755, "the host's own additions are not Lambda's"),
    ROW_OF_DIR("usr/local/bin", 0755, "in PATH"),
    ROW_OF_DIR("var/tmp", 0755, "read-only on Lambda"),
    ROW_OF_LINK("var/run", "../run", "as in Amazon Linux 2023"),
    ROW_OF_HOST("usr/bin", 0, "the tools a custom runtime may call"),
    ROW_OF_HOST("usr/sbin", 0, "the tools a custom runtime may call"),
    ROW_OF_HOST("usr/lib", 0, "libraries and the loader"),
    ROW_OF_HOST("usr/lib32", 0, "libraries"),
    ROW_OF_HOST("usr/lib64", 0, "libraries and the loader"),
    ROW_OF_HOST("usr/libexec", 0, "helpers of the tools"),
    ROW_OF_HOST("usr/share", 0, "time zones, terminal and locale data"),
    ROW_OF_HOST("bin", 0, "a link to usr/bin, or a directory of its own"),
    ROW_OF_HOST("sbin", 0, "a link to usr/sbin, or a directory of its own"),
    ROW_OF_HOST("lib", 0, "a link to usr/lib, or a directory of its own"),
    ROW_OF_HOST("lib32", 0, "a link or a directory"),
    ROW_OF_HOST("lib64", 0, "a link or a directory; the loader's name begins with it"),
    ROW_OF_HOST("etc/ld.so.cache", FLAG_FILE, "where the loader finds libraries"),
    ROW_OF_HOST("etc/alternatives", 0, "links in usr/bin lead through it"),
    ROW_OF_HOST("etc/ssl/certs", 0, "TLS needs the authorities' certificates"),
    ROW_OF_HOST("etc/pki/tls", 0, "the same where Fedora keeps them"),
    ROW_OF_HOST("etc/protocols", FLAG_FILE, "names of protocols"),
    ROW_OF_HOST("etc/services", FLAG_FILE, "names of ports"),
};

/* On Lambda a static directory on a block device: these five and three links, nothing else. It is writable there but
 * root's, so making a file gives EACCES, not EROFS: hence 0555 and no spare inode on a tmpfs that is not read-only. */
enum { DEV_INODES = 9 };
static const struct row DEV[] = {
    {.kind = ROW_TMPFS, .flags = FLAG_RW | FLAG_EXEC_NOT, .target = "dev", .text = "/dev", .size = 4096, .inodes = DEV_INODES, .mode = 0555,
     .why = "built by us: nothing of a root file system's own /dev is used"},
#define DEVICE(name) \
    {.kind = ROW_BIND, .flags = FLAG_FILE | FLAG_RW | FLAG_DEV, .target = "dev/" name, \
     .source = {.path = "/dev/" name, .tree = -1}, .why = "one of the five devices Lambda has"}
    DEVICE("null"), DEVICE("zero"), DEVICE("full"), DEVICE("random"), DEVICE("urandom"),
    ROW_OF_LINK("dev/stdin", "/proc/self/fd/0", "one of the three links Lambda has"),
    ROW_OF_LINK("dev/stdout", "/proc/self/fd/1", "one of the three links Lambda has"),
    ROW_OF_LINK("dev/stderr", "/proc/self/fd/2", "one of the three links Lambda has"),
};

#define PROC_MASK(where, file) \
    {.kind = ROW_MASK, .flags = FLAG_OPTIONAL | (file), .target = "proc/" where, .why = "tells of the host or its kernel"}
#define PROC_SHARE(name, most) {.kind = ROW_WRITE, .flags = FLAG_OPTIONAL, .target = "proc/sys/user/max_" name, .text = (most), \
    .why = "counted for your user on the host too: no sandbox may take what your other programs need"}
static const struct row PROC[] = {
    {.kind = ROW_PROC, .flags = FLAG_RW | FLAG_EXEC_NOT, .target = "proc", .why = "the sandbox's own processes"},
    {.kind = ROW_WRITE, .target = "proc/sys/user/max_user_namespaces", .text = "0",
     .why = "refuses user namespaces to all below ours, whatever the system call policy"},
    /* The kernel's own limits for a whole user are 128, and 8,192 at least. */
    PROC_SHARE("inotify_instances", "32"), PROC_SHARE("inotify_watches", "4096"),
    /* Each process may lower its own oom_score_adj down to what root once set; no system call policy or limit can prevent that. */
    {.kind = ROW_FREEZE, .flags = FLAG_EXEC_NOT, .target = "proc",
     .why = "settings of the kernel, and each process's oom_score_adj, which makes it die before your programs"},
    PROC_MASK("acpi", 0), PROC_MASK("asound", 0),
    PROC_MASK("interrupts", FLAG_FILE), PROC_MASK("kcore", FLAG_FILE), PROC_MASK("keys", FLAG_FILE),
    PROC_MASK("latency_stats", FLAG_FILE), PROC_MASK("sched_debug", FLAG_FILE), PROC_MASK("scsi", 0), PROC_MASK("timer_list", FLAG_FILE),
};

#define STOCK_USERS /* lambda-environment: the stock accounts of Amazon Linux; the pool user comes after them */ \
    "root:x:0:0:root:/root:/bin/bash\n" \
    "bin:x:1:1:bin:/bin:/sbin/nologin\n" \
    "daemon:x:2:2:daemon:/sbin:/sbin/nologin\n" \
    "nobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin\n" \
    "rngd:x:996:994::/home/rngd:/sbin/nologin\n" \
    "slicer:x:995:992::/tmp:/sbin/nologin\n" \
    "sb_logger:x:994:991::/tmp:/sbin/nologin\n"
static const struct row USERS = {.kind = ROW_FILE, .target = "etc/passwd", .mode = 0644,
                                 .text = STOCK_USERS "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n",
                                 .why = "who the function is, not who you are"};
static const struct row USERS_ABSENT = {.kind = ROW_FILE, .target = "etc/passwd", .mode = 0644, .text = STOCK_USERS,
                                        .why = "without the function's user (--passwd absent)"};

static const struct row ETC[] = {
    {.kind = ROW_FILE, .target = "etc/group", .text = "", .mode = 0644, .why = "empty on Lambda: id shows gid 990 without a name"},
    {.kind = ROW_FILE, .target = "etc/nsswitch.conf", .text = "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n",
     .mode = 0644, .why = "no directory service of the host's"},
};
static const struct row HOSTS = {.kind = ROW_FILE, .target = "etc/hosts", .mode = 0644, .why = "names the telemetry listener's host"};
/* Our choice, AWS's content is not known: with no network a name must fail at once, not after three time-outs. */
static const struct row RESOLV_NONE = {.kind = ROW_FILE, .target = "etc/resolv.conf", .mode = 0644,
                                       .text = "options timeout:1 attempts:1\nnameserver 127.0.0.1\n", .why = "there is no network"};
static const struct row RESOLV_VPC = {.kind = ROW_FILE, .target = "etc/resolv.conf", .mode = 0644, .text = "nameserver 169.254.169.253\n",
                                      .why = "the address of a VPC's resolver"};
static const struct row RESOLV_FILE = {.kind = ROW_FILE, .target = "etc/resolv.conf", .text = "", .mode = 0644, .why = "mountpoint"};
static const struct row RESOLV_HOST = {.kind = ROW_BIND, .flags = FLAG_FILE | FLAG_OPTIONAL, .target = "etc/resolv.conf",
                                       .source = {.path = "/etc/resolv.conf", .tree = -1}, .why = "--net host resolves as the host"};
// clang-format on

static void add_all(struct plan *p, const struct row *rows, size_t n)
{
    enum { STEP = 128 }; /* room grows in steps, so n tells how much there is */
    if (!p->n || (p->n - 1) / STEP != (p->n + n - 1) / STEP)
        p->rows = xrealloc(p->rows, ((p->n + n - 1) / STEP + 1) * STEP, sizeof *p->rows);
    memcpy(p->rows + p->n, rows, n * sizeof *rows);
    p->n += n;
}

struct row *plan_add(struct plan *p, struct row row)
{
    add_all(p, &row, 1);
    return &p->rows[p->n - 1];
}

/* Parts of HOST that belong to the skeleton come first, the binds of it later. */
static void add_host(struct plan *p, bool skeleton)
{
    for (size_t i = 0; i < COUNT(HOST); i++)
        if ((HOST[i].kind != ROW_BIND) == skeleton)
            plan_add(p, HOST[i]);
}

enum { PLAN_USR_LOWERS = 2 };
#define AMAZON_LINUX "the system is Amazon Linux"

/* The host's /usr below what hides parts of it. Where that cannot be, as on a host with mounts below /usr, which the kernel lets nobody
 * leave out, its parts are bound one by one, and only the worst is hidden. */
static void add_usr(struct plan *p, const struct plan_input *in, struct source lowers[PLAN_USR_LOWERS], const struct source *of_runtime)
{
    size_t from = p->n;
    if (in->usr.path) {
        lowers[0] = (struct source){.path = "/usr", .tree = -1, .place = ""};
        lowers[1] = in->usr;
        plan_add(p, (struct row){.kind = ROW_OVERLAY,
                                 .flags = FLAG_TRY,
                                 .target = "usr",
                                 .sources = lowers,
                                 .n = PLAN_USR_LOWERS,
                                 .why = "the host's, without what Lambda does not have (--tools)"});
        from = p->n;
    }
    add_host(p, false);
    plan_runtime_host(p, &in->runtime, of_runtime);
    plan_add(p, (struct row){.kind = ROW_MASK,
                             .flags = FLAG_OPTIONAL | FLAG_FILE,
                             .target = "usr/lib/os-release",
                             .text = in->release->os_release,
                             .why = AMAZON_LINUX});
    for (size_t i = from; in->usr.path && i < p->n; i++)
        if (str_begins(p->rows[i].target, "usr/"))
            p->rows[i].flags |= FLAG_ELSE;
}

static void add_file(struct plan *p, const char *target, const char *text, const char *why)
{
    plan_add(p, (struct row){.kind = ROW_FILE, .target = target, .mode = 0644, .text = text, .why = why});
}

/* Amazon Linux's names and links. */
static void add_release(struct plan *p, const struct tools_release *release)
{
    plan_add(p, (struct row)ROW_OF_LINK("etc/os-release", "../usr/lib/os-release", AMAZON_LINUX));
    plan_add(p, (struct row)ROW_OF_LINK("etc/amazon-linux-release", "system-release", AMAZON_LINUX));
    add_file(p, "etc/system-release", release->system_release, AMAZON_LINUX);
    add_file(p, "etc/system-release-cpe", release->cpe, AMAZON_LINUX);
}

static void add_skeleton(struct plan *p, const struct plan_input *in)
{
    add_all(p, SKELETON, in->own_code ? SKELETON_MOUNTS : COUNT(SKELETON));
    add_all(p, ETC, COUNT(ETC));
    plan_add(p, HOSTS)->text = in->hosts ? in->hosts : PLAN_HOSTS;
    plan_add(p, in->no_user ? USERS_ABSENT : USERS);
    plan_add(p, in->host_net ? RESOLV_FILE : in->resolver ? RESOLV_VPC : RESOLV_NONE);
    if (!in->rootfs.path) {
        add_host(p, true);
        add_release(p, in->release);
    }
    plan_runtime_skeleton(p, &in->runtime, !in->rootfs.path);
    plan_volumes_skeleton(p, in);
    p->skeleton = p->n;
}

static void add_shm(struct plan *p, const struct plan_input *in)
{
    if (in->shm == SHM_ABSENT)
        return; /* its absence is what breaks multiprocessing on Lambda */
    for (size_t i = p->skeleton; i < p->n; i++)
        if (p->rows[i].kind == ROW_TMPFS && strcmp(p->rows[i].target, "dev") == 0)
            p->rows[i].inodes++;
    plan_add(p, (struct row)ROW_OF_DIR("dev/shm", 0555, "mountpoint"));
    if (in->shm == SHM_SIZED)
        plan_add(p, (struct row){.kind = ROW_TMPFS,
                                 .flags = FLAG_RW,
                                 .target = "dev/shm",
                                 .text = "/dev/shm",
                                 .size = in->shm_bytes,
                                 .inodes = in->shm_bytes / 4096 + 1,
                                 .mode = 01777,
                                 .why = "asked for with --shm"});
}

static void add_code(struct plan *p, const struct plan_input *in)
{
    if (in->own_code)
        return;
    const char *place = plan_volumes_place(in);
    if (in->scratch_bytes)
        plan_add(p, (struct row){.kind = ROW_SCRATCH,
                                 .flags = FLAG_RW,
                                 .target = "var/task",
                                 .sources = p->lowers,
                                 .n = 1,
                                 .size = in->scratch_bytes,
                                 .why = "the function's code under a layer that is discarded"});
    else if (in->function_is_dir &&
             !place) /* an overlay would hide the path, but go on showing a file that an editor has replaced by rename */
        plan_add(p, (struct row){.kind = ROW_BIND,
                                 .target = "var/task",
                                 .source = in->function,
                                 .why = "the function's directory, read-only as on Lambda; its path on the host is in mountinfo"});
    else
        plan_add(p,
                 (struct row){.kind = ROW_OVERLAY,
                              .target = "var/task",
                              .sources = p->lowers,
                              .n = 1,
                              .text = place,
                              .why = "the function's code; an overlay, that of / if possible: mountinfo does not tell where the cache is"});
    if (in->layer_count)
        plan_add(p, (struct row){.kind = ROW_OVERLAY,
                                 .target = "opt",
                                 .sources = p->lowers + 1,
                                 .n = in->layer_count,
                                 .why = "the layers merged, the later one wins; in the same overlay"});
    else if (in->rootfs.path)
        plan_add(p, (struct row){.kind = ROW_MASK, .target = "opt", .why = "empty without layers"});
    if (in->rootfs.path)
        plan_add(p, (struct row){.kind = ROW_MASK, .target = "home", .why = "empty on Lambda"});
}

/* Masks files in which the kernel shows the host. */
static void add_machine(struct plan *p, const struct plan_input *in)
{
    const struct {
        const char *target, *text, *why;
    } FILES[] = {{"proc/meminfo", in->meminfo, "memory of the function's size"},
                 {"proc/cpuinfo", in->cpuinfo, "the processors it may use"},
                 {"proc/stat", in->stat, "the processors it may use"}};
    for (size_t i = 0; i < COUNT(FILES); i++)
        if (FILES[i].text)
            plan_add(p, (struct row){
                            .kind = ROW_MASK, .flags = FLAG_FILE, .target = FILES[i].target, .text = FILES[i].text, .why = FILES[i].why});
}

int plan_make(const struct plan_input *in, struct plan *ret, struct err *err)
{
    struct plan p = {.rootfs = in->rootfs, .has_rootfs = in->rootfs.path != NULL};
    if (plan_volumes_check(in, err) < 0)
        return -1;
    p.lower_count = 1 + in->layer_count + PLAN_RUNTIME_LOWERS + PLAN_USR_LOWERS;
    p.lowers = xcalloc(p.lower_count, sizeof *p.lowers);
    p.lowers[0] = in->function;
    for (size_t i = 0; i < in->layer_count; i++)
        p.lowers[1 + i] = in->layers[i];
    struct source *of_runtime = p.lowers + 1 + in->layer_count;
    plan_runtime_lowers(&p, &in->runtime, of_runtime);
    add_skeleton(&p, in);
    struct source *of_usr = p.lowers + p.lower_count - PLAN_USR_LOWERS;
    for (size_t i = 0; i < PLAN_USR_LOWERS; i++)
        of_usr[i].tree = -1;
    if (!in->rootfs.path)
        add_usr(&p, in, of_usr, of_runtime);
    plan_runtime_sdk(&p, &in->runtime, !in->rootfs.path, of_runtime);
    if (in->host_net)
        plan_add(&p, RESOLV_HOST);
    add_all(&p, DEV, COUNT(DEV));
    add_shm(&p, in);
    add_all(&p, PROC, COUNT(PROC));
    add_machine(&p, in);
    strv_add(&p.texts, xasprintf("%s\n", in->boot_id));
    plan_add(&p, (struct row){.kind = ROW_MASK,
                              .flags = FLAG_FILE,
                              .target = "proc/sys/kernel/random/boot_id",
                              .text = p.texts.at[p.texts.n - 1],
                              .why = "generated: the host's would tell two sandboxes that they share it"});
    plan_add(&p, (struct row){.kind = ROW_TMPFS,
                              .flags = FLAG_RW,
                              .target = "tmp",
                              .text = "/tmp",
                              .size = in->tmp_bytes,
                              .inodes = in->tmp_bytes / 16384,
                              .mode = 01777,
                              .why = "the one writable place; kept over warm invocations"});
    if (in->make_out)
        plan_add(&p, (struct row)ROW_OF_DIR("tmp/out", 0755, "what --out copies back"));
    add_code(&p, in);
    if (in->rootfs.path)
        plan_add(&p, (struct row){.kind = ROW_MASK, .target = "sys", .why = "empty on Lambda"});
    plan_volumes(&p, in);
    *ret = p;
    return 0;
}

void plan_done(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->rows[i].owned);
    free(p->rows);
    free(p->lowers);
    strv_done(&p->texts);
    *p = (struct plan){0};
}

const char *plan_kind(enum row_kind kind)
{
    static const char *const KINDS[] = {
        [ROW_DIR] = "directory", [ROW_FILE] = "file",        [ROW_LINK] = "link",      [ROW_BIND] = "bind",
        [ROW_TMPFS] = "tmpfs",   [ROW_PROC] = "proc",        [ROW_WRITE] = "write",    [ROW_OVERLAY] = "overlay",
        [ROW_MASK] = "hidden",   [ROW_FREEZE] = "read-only", [ROW_SCRATCH] = "scratch"};
    return KINDS[kind];
}
