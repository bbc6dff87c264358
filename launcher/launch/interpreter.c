/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter.c: finding python3.N or node, and asking for its version. What is mounted of it is mounts/plan_runtime.c's; along PATH
 * and in version managers' directories interpreter_places.c looks.
 *   host        /usr/bin, /usr/local/bin, then interpreter_places.c; the version by the file's name, or by --version
 *   --rootfs    by names alone: nothing of it may be run outside a sandbox
 * Starting node to ask takes 40 ms, more than a launch: the answer is kept in the cache for that very file (device, inode, times),
 * unless the file is a script, which may start another one tomorrow. */
#include "launcher/launch/interpreter.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"
#include "base/sys.h"
#include "launcher/launch/interpreter_places.h"
#include "launcher/launch/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct language {
    bool versioned; /* file names tell the version: what and the number */
    const char *bare[3];
    const char *says;      /* how --version begins, up to the number that counts */
    const char *what;      /* for messages: the name before the version */
    const char *ending;    /* and what AWS's identifier has after it */
    const char *bootstrap; /* of a root file system that is an extracted image of AWS's */
};
const struct language INTERPRETER_PYTHON = {true, {"python3", NULL}, "Python 3.", "python3.", "", "var/runtime/bootstrap"};
const struct language INTERPRETER_NODE = {false, {"node", "nodejs", NULL}, "v", "nodejs", ".x", "var/runtime/bootstrap"};

/* /var/lang is AWS's own place; a distribution's comes before what someone put into /usr/local. */
static const char *const PLACES[] = {"var/lang/bin", "usr/bin", "usr/local/bin"};
enum { HOST_FIRST = 1 }; /* on the host, /var/lang means nothing */

struct version { /* the number that counts, and the one after it */
    unsigned major, minor;
};

static struct version parse_version(const char *text)
{
    struct version v = {0};
    char *end;
    if (*text < '0' || *text > '9')
        return v;
    unsigned long major = strtoul(text, &end, 10), minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    if (major <= 9999 && minor <= 9999)
        v = (struct version){(unsigned)major, (unsigned)minor};
    return v;
}

static _Noreturn void say_version(const char *path, int out)
{
    char *const argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t) "--version", NULL}, *const envp[] = {NULL};
    if (dup2(out, 1) == 1)
        sys_close_range(3, ~0u, 0);
    execve(path, argv, envp);
    _exit(127);
}

/* Runs the host's binary for its version; 0 if it prints none. */
static struct version ask_version(const struct language *l, const char *path)
{
    int ends[2];
    char text[64] = "";
    if (pipe2(ends, O_CLOEXEC) < 0)
        return (struct version){0};
    pid_t pid = fork();
    if (pid == 0)
        say_version(path, ends[1]);
    close(ends[1]);
    for (size_t n = 0; pid > 0 && n < sizeof text - 1;) {
        ssize_t got = read(ends[0], text + n, sizeof text - 1 - n);
        if (got <= 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return str_begins(text, l->says) ? parse_version(text + strlen(l->says)) : (struct version){0};
}

/* A script starts another file, which can be replaced without a change of the script. */
static bool is_program(int fd)
{
    char magic[4];
    return pread(fd, magic, sizeof magic, 0) == sizeof magic && memcmp(magic, "\177ELF", sizeof magic) == 0;
}

/* The version that the file at path reports. Asking node costs 40 ms, hence once for each binary. */
static struct version version_of(const struct language *l, const char *path, struct inputs *in)
{
    const char *what = l->versioned ? "python" : "version"; /* a file that --interpreter names may be the other language's */
    struct file_state state;
    char memo[64];
    OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct err ignored;
    if (fd < 0)
        fd = open(path, O_PATH | O_CLOEXEC); /* one that may be run and not read */
    if (fd < 0 || cache_look(fd, &state) < 0)
        return (struct version){0};
    bool open = inputs_open_cache(in, &ignored) == 0;
    if (open && cache_recall(&in->cache, what, &state, memo, sizeof memo) && strchr(memo, '.') && parse_version(memo).major)
        return parse_version(memo);
    bool lasts = is_program(fd) && !cache_may_change(fd);
    struct version version = ask_version(l, path);
    snprintf(memo, sizeof memo, "%u.%u", version.major, version.minor);
    if (open && version.major && lasts)
        cache_remember(&in->cache, what, fd, &state, memo);
    return version;
}

/* The version by the name of the file or of its link's target, e.g. python3.11; 0: the name has none. */
static unsigned version_by_name(const struct language *l, const char *path)
{
    unsigned n = 0;
    char trailing, to[256];
    OWN_PTR char *real = l->versioned ? realpath(path, NULL) : NULL;
    if (!real)
        return 0;
    snprintf(to, sizeof to, "%s", strrchr(real, '/') + 1);
    return sscanf(to, "python3.%u%c", &n, &trailing) == 1 ? n : 0;
}

bool interpreter_exists(int root, const char *path)
{
    struct stat st;
    /* In the user's root file system, links are resolved from inside it. */
    OWN_FD int fd = root >= 0 ? sys_openat2(root, path, O_PATH, 0, RESOLVE_IN_ROOT) : openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* ---- on the host ---- */

struct search {
    const struct language *l;
    unsigned version; /* 0: any */
    struct inputs *in;
    struct interpreter *ret;
    struct strv others; /* of other versions, for the message */
    char passed[128];   /* one whose prefix may not be shown */
};

/* Whether this file has the wanted version; if not, its version is kept for the message. */
static bool take(struct search *s, const char *path, struct interpreter *ret)
{
    struct version v = {.major = version_by_name(s->l, path)};
    if (!v.major)
        v = version_of(s->l, path, s->in);
    if (!v.major || strlen(path) >= sizeof ret->path)
        return false;
    if (!s->version || s->version == v.major) {
        snprintf(ret->path, sizeof ret->path, "%s", path);
        ret->version = v.major;
        ret->minor = v.minor;
        return true;
    }
    OWN_PTR char *other = xasprintf("%s%u%s (%s)", s->l->what, v.major, s->l->ending, path);
    for (size_t i = 0; i < s->others.n; i++)
        if (strncmp(s->others.at[i], other, strcspn(other, " ") + 1) == 0) /* one of each version */
            return false;
    strv_add(&s->others, take_ptr(&other));
    return false;
}

int interpreter_may_show(const char *prefix)
{
    const struct identity id = {.uid = geteuid(), .gid = getegid(), .from_root = true};
    struct err err = {0};
    OWN_FD int fd = sys_openat2(AT_FDCWD, prefix, O_RDONLY | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
    return fd < 0 ? -1 : trust_check_prefix(fd, prefix, &id, &err) == 0;
}

static bool may_show(struct search *s, const char *path, const char *prefix)
{
    int may = interpreter_may_show(prefix);
    if (may == 0)
        snprintf(s->passed, sizeof s->passed, "%.*s", (int)sizeof s->passed - 1, path);
    return may > 0;
}

static bool take_prefix(void *to, const char *path, const char *prefix)
{
    struct search *s = to;
    struct interpreter found = {0};
    bool taken = take(s, path, &found);
    /* It is started by Lambda's name for it, and finds its library from there. */
    OWN_PTR char *program =
        s->l->versioned ? xasprintf("%s/bin/%s%u", prefix, s->l->what, found.version) : xasprintf("%s/bin/node", prefix);
    OWN_PTR char *library = xasprintf("%s/lib/%s%u/os.py", prefix, s->l->what, found.version);
    if (!taken || access(program, X_OK) < 0 || (s->l->versioned && access(library, R_OK) < 0) || !may_show(s, path, prefix))
        return false;
    memcpy(found.prefix, prefix, strlen(prefix) + 1); /* shorter than path */
    *s->ret = found;
    return true;
}

/* Those of the store, of this language and another version. */
static void add_stored(struct search *s)
{
    struct strv names = {0};
    struct err ignored;
    if (inputs_open_store(s->in, &ignored) > 0 && store_names(&s->in->added.store, &names, &ignored) == 0)
        for (size_t i = 0; i < names.n; i++)
            if (str_begins(names.at[i], s->l->what))
                strv_add(&s->others, xasprintf("%s (added)", names.at[i]));
    strv_done(&names);
}

/* The command that helps comes first, then what is there: a long list must not cut them off. */
static int not_found(struct search *s, struct err *err)
{
    char want[32] = "N";
    struct text text = {0};
    const char *home = getenv("HOME");
    OWN_PTR char *managers = interpreter_managers(s->l->versioned ? "python" : "node");
    if (s->version)
        snprintf(want, sizeof want, "%u", s->version);
    add_stored(s);
    text_printf(&text, "add it: lrun runtime add %s%s%s [DIR|FILE]; found ", s->l->what, want, s->l->ending);
    for (size_t i = 0; i < s->others.n; i++)
        text_printf(&text, "%s%s", i ? ", " : "", s->others.at[i]);
    if (!s->others.n)
        text_printf(&text, "no %s", s->l->versioned ? "Python" : "Node.js");
    if (s->passed[0])
        text_printf(&text, "; passed over %s, beside whose bin other data lie", s->passed);
    if (home && *home && access(home, X_OK) < 0 && errno == EACCES)
        text_printf(&text, "; what is in %s cannot be reached as uid %u", home, (unsigned)geteuid());
    text_printf(&text, "; looked in the store of runtimes, /usr/bin, /usr/local/bin, PATH, and where %s keep versions", managers);
    fail(err, 0, NULL, "run on %s%s%s", s->l->what, want, s->l->ending);
    fail_hint(err, "%s", text.at);
    text_done(&text);
    return -1;
}

static int find_on_host(const struct language *l, unsigned version, struct inputs *in, struct interpreter *ret, struct err *err)
{
    struct search s = {
        .l = l,
        .version = version,
        .in = in,
        .ret = ret,
    };
    char exact[32];
    const char *names[4];
    size_t n = 0;
    snprintf(exact, sizeof exact, "%s%u", l->what, version);
    if (version && l->versioned)
        names[n++] = exact;
    for (size_t i = 0; l->bare[i]; i++)
        names[n++] = l->bare[i];
    names[n] = NULL;
    for (size_t p = HOST_FIRST; p < COUNT(PLACES); p++)
        for (size_t i = 0; i < n; i++) {
            OWN_PTR char *path = xasprintf("/%s/%s", PLACES[p], names[i]);
            if (interpreter_exists(-1, path) && take(&s, path, ret)) {
                strv_done(&s.others);
                return 0;
            }
        }
    int status = interpreter_places(names, l->versioned ? "python" : "node", take_prefix, &s) ? 0 : not_found(&s, err);
    strv_done(&s.others);
    return status;
}

/* Nothing in the root file system can be run here: file names give the version, and node's bootstrap checks again when it starts. */
int interpreter_in_root(const struct language *l, unsigned version, int root, struct interpreter *ret, struct err *err)
{
    ret->own_bootstrap = interpreter_exists(root, l->bootstrap);
    if (!version && !l->versioned) {
        fail(err, 0, NULL, "detect the version of node in the root file system");
        return fail_hint(err, "name it with --runtime nodejsN.x");
    }
    for (unsigned v = version ? version : 6; v <= (version ? version : 40); v++)
        for (size_t p = 0; p < COUNT(PLACES); p++)
            for (size_t i = 0; l->versioned ? i < 1 : l->bare[i] != NULL; i++) {
                char name[32];
                snprintf(name, sizeof name, "%s%u", l->what, v);
                snprintf(ret->path, sizeof ret->path, "/%s/%s", PLACES[p], l->versioned ? name : l->bare[i]);
                ret->version = v;
                if (interpreter_exists(root, ret->path + 1))
                    return 0;
            }
    char want[32] = "";
    if (version)
        snprintf(want, sizeof want, "%u", version);
    fail(err, ENOENT, NULL, "find %s%s%s in the root file system", l->what, want, version ? l->ending : "");
    return fail_hint(err, "not found in its /var/lang/bin, /usr/bin or /usr/local/bin");
}

/* ---- --interpreter ---- */

/* Python's program has it in its name; any other is asked, where the uid that runs can reach it, and believed where not. */
static unsigned named_version(const struct language *l, unsigned wanted, struct inputs *in)
{
    const char *path = in->interpreter_path;
    unsigned version = 0;
    char trailing;
    if (l->versioned && sscanf(strrchr(path, '/'), "/python3.%u%c", &version, &trailing) == 1)
        return version;
    return access(path, X_OK) < 0 ? wanted : version_of(l, path, in).major;
}

/* Its links may lead to other places of this host. */
static bool has(const struct input *prefix, const char *path)
{
    struct stat st;
    return fstatat(prefix->fd, path, &st, 0) == 0 && S_ISREG(st.st_mode);
}

static int find_named(const struct language *l, unsigned wanted, struct inputs *in, struct interpreter *ret, struct err *err)
{
    unsigned version = named_version(l, wanted, in);
    bool own = in->interpreter.path != NULL;
    OWN_PTR char *program = l->versioned ? xasprintf("bin/%s%u", l->what, version) : xstrdup("bin/node");
    OWN_PTR char *library = xasprintf("lib/%s%u/os.py", l->what, version);
    fail(err, 0, in->interpreter_path, "run %s by --interpreter", l->versioned ? "Python" : "Node.js");
    if (!version)
        return fail_hint(err, "its version cannot be found out: it does not print one with --version");
    if (wanted && version != wanted)
        return fail_hint(err, "it is %s%u%s, not %s%u%s", l->what, version, l->ending, l->what, wanted, l->ending);
    if (own && !has(&in->interpreter, program))
        return fail_hint(err, "%s is missing in %s", program, in->interpreter.path);
    if (own && l->versioned && !has(&in->interpreter, library))
        return fail_hint(err, "its standard library is missing: %s/%s", in->interpreter.path, library);
    snprintf(ret->path, sizeof ret->path, "%s", in->interpreter_path);
    snprintf(ret->prefix, sizeof ret->prefix, "%s", own ? in->interpreter.path : "");
    ret->version = version;
    *err = (struct err){0};
    return 0;
}

int interpreter_find(const struct language *language, unsigned version, struct inputs *in, struct interpreter *ret, struct err *err)
{
    struct interpreter found = {0};
    OWN_FD int root = inputs_root(in);
    int status = in->interpreter_path ? find_named(language, version, in, &found, err)
                 : in->rootfs.path    ? interpreter_in_root(language, version, root, &found, err)
                                      : find_on_host(language, version, in, &found, err);
    if (status == 0)
        *ret = found;
    return status;
}
