/* SPDX-License-Identifier: Apache-2.0 */
/* The table of causes: what is told of a text, a package and an end, and where nothing is told. Whole failures are in tests/bugs. */
#include "base/arch.h"
#include "base/fs.h"
#include "base/own.h"
#include "launcher/diagnose/explain_rule.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

Test(explain, each_row_is_a_rule)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *r = &RULES[i];
        regex_t regex;
        const char *mark = r->says ? strchr(r->says, '%') : NULL;
        cr_expect(strlen(r->id) == 6 && str_begins(r->id, "LR-") && strspn(r->id + 3, "0123456789") == 3, "%s", r->id);
        cr_expect(r->pattern || r->tell, "%s: something must establish it", r->id);
        cr_expect(r->says || r->tell, "%s: something must say it", r->id);
        cr_expect(!mark || (mark[1] == 's' && !strchr(mark + 1, '%')), "%s: one %%s at most", r->id);
        cr_expect(!r->refused || (r->refused[0] == ' ' && str_ends(r->refused, " ")), "%s: calls stand between blanks", r->id);
        if (!r->pattern)
            continue;
        cr_expect_eq(regcomp(&regex, r->pattern, REG_EXTENDED | REG_NEWLINE), 0, "%s: %s", r->id, r->pattern);
        cr_expect(regex.re_nsub <= GROUPS_MAX, "%s", r->id);
        cr_expect(regexec(&regex, "", 0, NULL, 0) != 0, "%s: it is found in nothing", r->id);
        regfree(&regex);
    }
}

/* A function's directory, and what a launch of it knows. */
static char place[32];
static struct request request;
static struct launch launch;

static void put(const char *path, mode_t mode, const char *text, size_t n)
{
    struct err err;
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        OWN_PTR char *dir = xasprintf("%.*s", (int)(slash - path), path);
        mkdirat(launch.inputs.function.fd, dir, 0755);
    }
    cr_expect_eq(fs_write_new(launch.inputs.function.fd, path, 0600, text, n, &err), 0, "%s", path);
    cr_expect_eq(fchmodat(launch.inputs.function.fd, path, mode, 0), 0);
}

/* A program whose only program header names its loader. phoff: where it says that header lies; 0: where it is. */
static void put_program(const char *path, uint16_t machine, const char *loader, uint64_t phoff)
{
    char bytes[512] = "";
    const Elf64_Ehdr head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                             .e_type = ET_EXEC,
                             .e_machine = machine,
                             .e_phoff = phoff ? phoff : sizeof head,
                             .e_phentsize = sizeof(Elf64_Phdr),
                             .e_phnum = 1};
    const Elf64_Phdr interpreter = {.p_type = PT_INTERP, .p_offset = 256, .p_filesz = strlen(loader) + 1};
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, &interpreter, sizeof interpreter);
    memcpy(bytes + 256, loader, strlen(loader));
    put(path, 0755, bytes, sizeof bytes);
}

#define TEXT(text) (text), sizeof(text) - 1

static void start(void)
{
    snprintf(place, sizeof place, "/tmp/lrun-unit-XXXXXX");
    cr_expect(mkdtemp(place) != NULL);
    request =
        (struct request){.memory = {.value = 128}, .timeout = {.value = 3000}, .tmp_size = {.value = 512}, .init_limit = {.value = 10}};
    launch = (struct launch){.request = &request};
    inputs_none(&launch.inputs);
    launch.inputs.function = (struct input){.path = "fn", .is_dir = true, .fd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    launch.runtime = (struct runtime){.family = RUNTIME_PROVIDED, .id = "provided.al2023", .glibc = "2.34", .handler = "function.handler"};
    put("bin/crlf.sh", 0755, TEXT("#!/bin/sh\r\necho\r\n"));
    put("bin/ruby.rb", 0755, TEXT("#!/usr/bin/ruby3\n"));
    put("bin/plain", 0755, TEXT("echo hi\n"));
    put("bin/shut", 0644, TEXT("#!/bin/sh\n"));
    put("bin/secret", 0600, TEXT("x"));
    put("bin/mac", 0755, TEXT("\xcf\xfa\xed\xfe\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    put("bin/win", 0755, TEXT("MZ\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    put_program("bin/musl", ARCH_OURS_ELF, "/lib/ld-musl-x86_64.so.1", 0);
    put_program("bin/glibc", ARCH_OURS_ELF, "/lib64/ld-linux-x86-64.so.2", 0);
    put_program("bin/other", EM_RISCV, "/lib/ld.so", 0);
    put_program("bin/wraps", ARCH_OURS_ELF, "/lib/ld-musl-x86_64.so.1", UINT64_MAX - sizeof(Elf64_Phdr) + 1);
    put("deep/app.py", 0644, TEXT("def handler(e, c): pass\n"));
    put("Utils.py", 0644, TEXT("x = 1\n"));
    put("win\\path\\mod.py", 0644, TEXT("x = 1\n"));
    put("libdeep/libx.so.1", 0644, TEXT("x"));
    put("data.db", 0644,
        TEXT("SQLite format 3\0\x10\0\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
             "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    cr_expect_eq(symlinkat("/home/me/dep", launch.inputs.function.fd, "dep"), 0);
}

static void end(void)
{
    struct err ignored;
    own_close(&launch.inputs.function.fd);
    fs_remove_tree(AT_FDCWD, place, &ignored);
}

/* The first cause's id, "" if there is none; ret_text: its sentence. */
static const char *first_cause(struct evidence *ev, char *ret_text, size_t size)
{
    struct cause causes[CAUSES_MAX];
    static char id[8];
    ev->launch = &launch;
    ev->log = ev->log ? ev->log : "";
    ev->log_size = strlen(ev->log);
    ev->payload_size = ev->payload ? strlen(ev->payload) : 0;
    const size_t n = explain(ev, causes);
    snprintf(id, sizeof id, "%s", n ? causes[0].id : "");
    snprintf(ret_text, size, "%s", n ? causes[0].text : "");
    for (size_t i = 0; i < n; i++)
        cr_expect(causes[i].text && *causes[i].text && !strpbrk(causes[i].text, "\r\n"), "%s: one line", causes[i].id);
    causes_done(causes, n);
    return id;
}

/* What a runtime that was killed, or one of no known kind, left in the log. */
Test(explain, what_was_printed_last)
{
    static const struct {
        const char *log, *id, *says;
    } ROWS[] = {
        {"", "", ""},
        {"all is well\n", "", ""},
        {"/var/task/bootstrap: line 3: ./bin/crlf.sh: No such file or directory\n", "LR-007", "/var/task/bin/crlf.sh ends in CR LF"},
        {"exec /var/task/bin/musl: no such file or directory\n", "LR-008", "/lib/ld-musl-x86_64.so.1"},
        {"exec /var/task/bin/glibc: no such file or directory\n", "", ""},
        {"exec /var/task/bin/wraps: no such file or directory\n", "", ""},
        {"/var/task/bin/ruby.rb: bad interpreter: No such file or directory\n", "LR-009", "/usr/bin/ruby3"},
        {"bin/other: Exec format error\n", "LR-010", "is built for RISC-V"},
        {"bin/mac: Exec format error\n", "LR-010", "a program for macOS"},
        {"bin/win: Exec format error\n", "LR-010", "a program for Windows"},
        {"bin/plain: Exec format error\n", "LR-011", "a script without a #! line"},
        {"bin/shut: Permission denied\n", "LR-012", "packed with mode 0644"},
        {"bin/secret: Permission denied\n", "LR-013", "packed with mode 0600"},
        {"bin/none: Permission denied\n", "", ""},
        {"error while loading shared libraries: libx.so.1: cannot open shared object file: No such file or directory\n", "LR-018",
         "/var/task/libdeep/libx.so.1 is not in a directory"},
        {"error while loading shared libraries: liby.so: cannot open shared object file: No such file or directory\n", "LR-018",
         "liby.so is neither in"},
        {"/lib64/libc.so.6: version `GLIBC_2.38' not found (required by /var/task/bin/x)\n", "LR-017", "/var/task/bin/x needs GLIBC_2.38"},
        {"sqlite3.OperationalError: attempt to write a readonly database\n", "LR-027", "/var/task/data.db"},
        {"open '/home/sbx_user1051/.cache': Read-only file system\n", "LR-029", "set HOME"},
        {"HOME: unbound variable\n", "LR-030", "HOME is not set"},
        {"sh: 1: /var/task/x: Read-only file system\n", "LR-032", "/var/task/x cannot be written"},
        {"write error: No space left on device\n", "LR-035", "/tmp is full: its size is 512 MB"},
        {"OSError: [Errno 24] Too many open files\n", "LR-038", "1024 file descriptors"},
        {"bash: fork: retry: Resource temporarily unavailable\n", "LR-039", "1024 processes"},
        {"Permissions 0644 for '/var/task/key' are too open.\n", "LR-071", "/var/task/key is readable by others"},
        {"pwd.getpwuid: KeyError: 'getpwuid(): uid not found: 993'\n", "LR-042", "no entry in /etc/passwd"},
        {"locale.Error: unsupported locale setting\n", "LR-046", "C.UTF-8"},
        {"out of pty devices\n", "LR-048", "no pseudo-terminals"},
        {"/dev/fd/63: No such file or directory\n", "LR-059", "/dev/fd"},
        {"getaddrinfo EAI_AGAIN example.com\n", "LR-050", "--net user"},
        {"UnrecognizedClientException: The security token included in the request is invalid\n", "LR-051", "credentials are fake"},
        {"symbol lookup error: x: undefined symbol: y\n", "", ""},
    };
    char text[1024];
    start();
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct evidence ev = {.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .log = ROWS[i].log, .tmp = -1};
        const char *id = first_cause(&ev, text, sizeof text);
        cr_expect(strcmp(id, ROWS[i].id) == 0 && strstr(text, ROWS[i].says), "%s-> %s: %s", ROWS[i].log, id, text);
    }
    end();
}

/* Of a managed runtime the error itself tells, and not what was printed besides. */
Test(explain, what_a_runtime_reported)
{
    static const struct {
        enum runtime_family family;
        const char *payload, *id, *says;
    } ROWS[] = {
        {RUNTIME_PYTHON,
         "{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"Unable to import module 'app': No module named 'app'\"}",
         "LR-015", "in the package as deep/app.py, one folder too deep"},
        {RUNTIME_PYTHON, "{\"errorType\":\"X\",\"errorMessage\":\"No module named 'utils'\"}", "LR-021", "/var/task/Utils.py"},
        {RUNTIME_PYTHON, "{\"errorType\":\"X\",\"errorMessage\":\"No module named 'win.path.mod'\"}", "LR-020", "backslashes"},
        {RUNTIME_NODEJS, "{\"errorType\":\"X\",\"errorMessage\":\"Cannot find module 'dep'\"}", "LR-022",
         "/var/task/dep is a link to /home/me/dep"},
        {RUNTIME_PYTHON, "{\"errorType\":\"X\",\"errorMessage\":\"[Errno 30] Read-only file system: '/opt/x'\"}", "LR-032", "/opt/x"},
        {RUNTIME_PYTHON, "{\"errorType\":\"X\",\"errorMessage\":\"[Errno 30] Read-only file system: '/tmp/x'\"}", "", ""},
        {RUNTIME_PYTHON, "{\"errorType\":\"X\",\"trace\":[\"a\\rb\",\"can't start new thread\"]}", "LR-039", "1024"},
        {RUNTIME_PYTHON, "{\"errorType\":\"X\",\"errorMessage\":\"no\"}", "", ""},
        {RUNTIME_PYTHON, "not json", "", ""},
        {RUNTIME_PYTHON, "{\"a\":\"\\u0000Too many open files\"}", "LR-038", "1024"},
    };
    static const char PRINTED[] = "OSError: [Errno 24] Too many open files\n"; /* and handled long since */
    char text[1024];
    start();
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        launch.runtime.family = ROWS[i].family;
        struct evidence ev = {.reason = BECAUSE_FUNCTION_ERROR, .log = PRINTED, .payload = ROWS[i].payload, .tmp = -1};
        const char *id = first_cause(&ev, text, sizeof text);
        cr_expect(strcmp(id, ROWS[i].id) == 0 && strstr(text, ROWS[i].says), "%s -> %s: %s", ROWS[i].payload, id, text);
    }
    launch.runtime.family = RUNTIME_PROVIDED;
    struct evidence ev = {.reason = BECAUSE_FUNCTION_ERROR, .log = PRINTED, .payload = "{}", .tmp = -1};
    cr_expect_str_eq(first_cause(&ev, text, sizeof text), "LR-038", "of others the log tells");
    end();
}

Test(explain, how_it_ended)
{
    static const struct {
        struct evidence ev;
        const char *id, *says;
    } ROWS[] = {
        {{.reason = BECAUSE_OUT_OF_MEMORY}, "LR-001", "exceeded its 128 MB of memory"},
        {{.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .shortages = {.killed = "ffmpeg"}}, "LR-001", "ffmpeg was killed"},
        {{.reason = BECAUSE_INIT_TIMEOUT}, "LR-002", "within 10 s"},
        {{.reason = BECAUSE_TIMEOUT}, "LR-003", "did not answer within 3 s"},
        {{.reason = BECAUSE_TIMEOUT, .late_ms = 12}, "LR-003", "12 ms after the timeout of 3 s"},
        {{.reason = BECAUSE_TIMEOUT, .init_timed_out = true}, "LR-003", "exceeded 10 s and was run again"},
        {{.reason = BECAUSE_RESPONSE_TOO_LARGE, .response_bytes = 6291557}, "LR-004", "6291557 bytes"},
        {{.reason = BECAUSE_EXIT, .wait_status = 0}, "LR-005", "exited with status 0"},
        {{.reason = BECAUSE_EXIT, .wait_status = 1 << 8}, "", ""},
        {{.reason = BECAUSE_SIGNAL, .wait_status = SIGILL}, "LR-006", "SIGILL"},
        {{.reason = BECAUSE_SIGNAL, .wait_status = SIGSEGV}, "", ""},
        {{.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .shortages = {.tmp_full = true}}, "LR-035", "/tmp is full"},
        {{.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .shortages = {.tmp_full = true, .no_inode = true, .tmp_inodes = 32768}},
         "LR-035",
         "all of its 32768 inodes"},
        {{.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .shortages = {.tasks = 1024, .tasks_max = 1024}}, "LR-039", "1024 of the 1024"},
        {{.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .log = "ECONNRESET\n", .frozen_ms = 2000, .earlier_calls = 1}, "LR-040", "2.0 s"},
        {{.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .log = "ECONNRESET\n", .frozen_ms = 499, .earlier_calls = 1}, "", ""},
        {{.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .log = "ECONNRESET\n", .frozen_ms = 2000}, "", ""},
    };
    char text[1024];
    start();
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct evidence ev = ROWS[i].ev;
        ev.tmp = -1;
        const char *id = first_cause(&ev, text, sizeof text);
        cr_expect(strcmp(id, ROWS[i].id) == 0 && strstr(text, ROWS[i].says), "%zu -> %s: %s", i, id, text);
    }
    end();
}

/* A refused call alone tells nothing, nor does the error without it. */
Test(explain, refused_calls)
{
    static const struct {
        int nr;
        uint64_t first;
        const char *log, *id, *says;
    } ROWS[] = {{SYS_setuid, 0, "Operation not permitted\n", "LR-041", "one unprivileged user"},
                {SYS_setuid, 0, "something else\n", "", ""},
                {-1, 0, "Operation not permitted\n", "", ""},
                {SYS_unshare, 0, "operation not permitted\n", "LR-043", "create namespaces"},
                {SYS_ptrace, 0, "EPERM\n", "LR-044", "ptrace is refused"},
                {SYS_prctl, PR_SET_PDEATHSIG, "operation not permitted\n", "LR-056", "prctl(PR_SET_PDEATHSIG)"},
                {SYS_prctl, 99, "operation not permitted\n", "LR-056", "refuses prctl ("},
                {SYS_mount, 0, "Errno 1] x\n", "LR-057", "the system call mount needs"},
                {SYS_fallocate, 0, "Operation not permitted\n", "LR-072", "refuse fallocate"}};
    char text[1024];
    start();
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct refused_call call = {.nr = ROWS[i].nr, .first = ROWS[i].first};
        struct evidence ev = {.reason = BECAUSE_EXIT,
                              .wait_status = 1 << 8,
                              .log = ROWS[i].log,
                              .tmp = -1,
                              .refused = &call,
                              .refused_count = ROWS[i].nr >= 0};
        const char *id = first_cause(&ev, text, sizeof text);
        cr_expect(strcmp(id, ROWS[i].id) == 0 && strstr(text, ROWS[i].says), "%zu -> %s: %s", i, id, text);
    }
    end();
}

Test(explain, what_lies_in_tmp)
{
    static const char LOG[] = "FileExistsError: [Errno 17] File exists: '/tmp/work'\n", HALF[] = "cannot read /tmp/cache/index\n";
    char text[1024], tmp[] = "/tmp/lrun-unit-XXXXXX";
    start();
    cr_assert_not_null(mkdtemp(tmp));
    OWN_FD int fd = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_expect(mkdirat(fd, "work", 0700) == 0 && mkdirat(fd, "cache", 0700) == 0);
    const int64_t later = clock_files_ms() + 100000;
    struct evidence ev = {.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .log = LOG, .tmp = fd, .began_ms = later, .earlier_calls = 1};
    struct evidence first = ev, own = ev, half = ev, whole = ev;
    cr_expect(strcmp(first_cause(&ev, text, sizeof text), "LR-036") == 0 && strstr(text, "/tmp/work was left"), "%s", text);
    first.earlier_calls = 0;
    cr_expect_str_eq(first_cause(&first, text, sizeof text), "", "there was none before");
    own.began_ms = 0;
    cr_expect_str_eq(first_cause(&own, text, sizeof text), "", "it made it itself");
    half.log = whole.log = HALF;
    half.timed_out_before = true;
    cr_expect(strcmp(first_cause(&half, text, sizeof text), "LR-037") == 0 && strstr(text, "/tmp/cache was left incomplete"), "%s", text);
    cr_expect_str_eq(first_cause(&whole, text, sizeof text), "", "none timed out");
    struct err ignored;
    fs_remove_tree(AT_FDCWD, tmp, &ignored);
    end();
}

Test(explain, what_the_user_asked_for_is_no_cause)
{
    char text[1024];
    start();
    struct evidence net = {.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .log = "ENOTFOUND x\n", .tmp = -1}, shm = net, keys = net;
    request.net = NET_USER;
    cr_expect_str_eq(first_cause(&net, text, sizeof text), "");
    shm.log = "SemLock: No such file or directory\n";
    cr_expect_str_eq(first_cause(&shm, text, sizeof text), "LR-033");
    request.shm = SHM_SIZED;
    shm.log_size = 0;
    cr_expect_str_eq(first_cause(&shm, text, sizeof text), "");
    keys.log = "InvalidClientTokenId\n";
    request.credentials = CREDENTIALS_ENV;
    cr_expect_str_eq(first_cause(&keys, text, sizeof text), "");
    end();
}

/* Only the last 24 lines are searched; whatever bytes they are. */
Test(explain, the_end_of_the_log_alone)
{
    char text[1024];
    struct text log = {0};
    start();
    for (int lines = 23; lines <= 24; lines++) {
        log.n = 0;
        text_puts(&log, "Too many open files\n");
        for (int i = 0; i < lines; i++)
            text_printf(&log, "line %d \xff\x80\n", i);
        struct evidence ev = {.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .log = log.at, .tmp = -1};
        cr_expect_str_eq(first_cause(&ev, text, sizeof text), lines < 24 ? "LR-038" : "", "%d", lines);
    }
    log.n = 0;
    for (int i = 0; i < 40000; i++)
        text_puts(&log, "'/tmp/");
    struct evidence ev = {.reason = BECAUSE_EXIT, .wait_status = 1 << 8, .log = log.at, .tmp = -1};
    cr_expect_str_eq(first_cause(&ev, text, sizeof text), "");
    text_done(&log);
    end();
}

Test(explain, at_most_three_causes_and_each_once)
{
    struct cause causes[CAUSES_MAX];
    start();
    static const char LOG[] = "HOME: unbound variable\nHOME: parameter not set\nunsupported locale setting\nout of pty devices\nENOSPC\n";
    struct evidence ev = {.launch = &launch, .reason = BECAUSE_OUT_OF_MEMORY, .log = LOG, .log_size = sizeof LOG - 1, .tmp = -1};
    const size_t n = explain(&ev, causes);
    cr_assert_eq(n, CAUSES_MAX);
    cr_expect(strcmp(causes[0].id, "LR-001") == 0 && strcmp(causes[1].id, "LR-030") == 0 && strcmp(causes[2].id, "LR-035") == 0, "%s %s",
              causes[1].id, causes[2].id);
    causes_done(causes, n);
    end();
}

Test(explain, paths_that_words_and_links_mean)
{
    static const char *const WORDS[][2] = {
        {"a", "/var/task/a"}, {"./a", "/var/task/a"}, {"././a/b", "/var/task/a/b"}, {"/opt/a", "/opt/a"}, {"", "/var/task/"}};
    static const char *const LINKS[][3] = {{"/var/task/a", "b", "/var/task/b"},
                                           {"/var/task/d/a", "../b", "/var/task/b"},
                                           {"/var/task/a", "/opt/./x", "/opt/x"},
                                           {"/var/task/a", "../../../../etc", "/etc"},
                                           {"/var/task/a", ".", "/var/task"}};
    static const char *const MODULES[][2] = {{"a.b", "a/b"},       {"./lib/i", "lib/i"},
                                             {"../x.js", "x.js"},  {"@aws-sdk/client-s3", "@aws-sdk/client-s3"},
                                             {"/var/task/x", "x"}, {"index.js", "index.js"}};
    char got[256];
    for (size_t i = 0; i < COUNT(WORDS); i++) {
        explain_path(WORDS[i][0], got, sizeof got);
        cr_expect_str_eq(got, WORDS[i][1]);
    }
    for (size_t i = 0; i < COUNT(LINKS); i++) {
        explain_resolve(LINKS[i][0], LINKS[i][1], got, sizeof got);
        cr_expect_str_eq(got, LINKS[i][2]);
    }
    for (size_t i = 0; i < COUNT(MODULES); i++) {
        explain_module_path(MODULES[i][0], got, sizeof got);
        cr_expect_str_eq(got, MODULES[i][1]);
    }
    cr_expect(explain_is_metadata("/var/task/._x") && explain_is_metadata("/var/task/__MACOSX/x") &&
              !explain_is_metadata("/var/task/a._x"));
}
