/* SPDX-License-Identifier: Apache-2.0 */
/* java.c: what java8.al2 to java25 run on. The JVM is the store's, --interpreter's or the host's, found as interpreter.c finds others; it
 * is never started to ask for its version, which its file "release" has. AWS's client is the user's: it is looked for where
 * runtimes/java/bootstrap takes it from, in the layers, the package, then the store (lrun runtime add ID --client DIR). What is found on
 * the host is opened as the uid that will run. Which places there are besides: interpreter_places.c. */
#include "launcher/launch/java.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "lambda/runtimes.h"
#include "launcher/launch/interpreter_places.h"
#include "launcher/launch/stored.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the JVM ---- */

static const char *const PROGRAM[] = {"java", NULL};

unsigned java_version(int fd)
{
    static const char KEY[] = "JAVA_VERSION=\"";
    char text[4096];
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    const char *at = str_begins(text, KEY) ? text : strstr(text, "\nJAVA_VERSION=\"");
    if (!at)
        return 0;
    at += strlen(KEY) + (*at == '\n');
    if (str_begins(at, "1.")) /* up to 8 */
        at += 2;
    unsigned long version = strtoul(at, NULL, 10);
    return *at >= '0' && *at <= '9' && version <= 9999 ? (unsigned)version : 0;
}

static unsigned version_at(int dir, const char *path)
{
    OWN_FD int fd = openat(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? 0 : java_version(fd);
}

/* Of the directory above bin. A JDK 8 has it above its jre. */
static unsigned version_of(const char *prefix)
{
    OWN_PTR char *own = xasprintf("%s/release", prefix), *above = xasprintf("%s/../release", prefix);
    unsigned version = version_at(AT_FDCWD, own);
    return version || !str_ends(prefix, "/jre") ? version : version_at(AT_FDCWD, above);
}

struct search {
    unsigned version; /* 0: any of AWS's */
    struct runtime *rt;
    struct strv others; /* of other versions, for the message */
};

/* AWS's id for a version where none was named: the one without a suffix, but for java8.al2. */
static bool name_version(unsigned version, char *ret, size_t size)
{
    snprintf(ret, size, version == 8 ? "java8.al2" : "java%u", version);
    return runtime_fact(ret) != NULL;
}

static bool take(void *to, const char *path, const char *prefix)
{
    struct search *s = to;
    unsigned version = version_of(prefix);
    char id[sizeof s->rt->id];
    if (!version || strlen(path) >= sizeof s->rt->interpreter || access(path, X_OK) < 0)
        return false;
    if (s->version ? version == s->version : name_version(version, id, sizeof id)) {
        int may = interpreter_may_show(prefix);
        if (may == 0)
            strv_add(&s->others, xasprintf("java%u (%s, beside whose bin other data lie)", version, path));
        if (may <= 0)
            return false;
        if (!s->version)
            memcpy(s->rt->id, id, sizeof id);
        snprintf(s->rt->interpreter, sizeof s->rt->interpreter, "%s", path);
        snprintf(s->rt->prefix, sizeof s->rt->prefix, "%s", prefix);
        s->rt->version = version;
        return true;
    }
    OWN_PTR char *other = xasprintf("java%u (%s)", version, path);
    for (size_t i = 0; i < s->others.n; i++)
        if (strncmp(s->others.at[i], other, strcspn(other, " ") + 1) == 0) /* one of each version */
            return false;
    strv_add(&s->others, take_ptr(&other));
    return false;
}

/* In a root file system nothing is asked for its version: the one that was named is believed. */
bool java_in_root(int root, struct runtime *rt)
{
    static const char *const PLACES[] = {"/var/lang/bin/java", "/usr/bin/java", "/usr/local/bin/java"};
    for (size_t i = 0; i < COUNT(PLACES); i++)
        if (interpreter_exists(root, PLACES[i] + 1)) {
            snprintf(rt->interpreter, sizeof rt->interpreter, "%s", PLACES[i]);
            return true;
        }
    return false;
}

static int find_named(const struct inputs *in, struct runtime *rt, struct err *err)
{
    fail(err, 0, in->interpreter_path, "run Java by --interpreter");
    if (!in->interpreter.path || !str_ends(in->interpreter_path, "/java"))
        return fail_hint(err, "expected bin/java of a JDK or JRE with a directory of its own, e.g. /usr/lib/jvm/java-21/bin/java");
    unsigned version = version_at(in->interpreter.fd, "release"); /* 0, too, where the uid that runs cannot reach it: then it is believed */
    if (version && rt->version && version != rt->version)
        return fail_hint(err, "it is Java %u, not %u", version, rt->version);
    if (!rt->version && !name_version(version, rt->id, sizeof rt->id))
        return fail_hint(err, version ? "AWS has no runtime for Java %u" : "name its version, e.g. --runtime java21", version);
    snprintf(rt->interpreter, sizeof rt->interpreter, "%s", in->interpreter_path);
    snprintf(rt->prefix, sizeof rt->prefix, "%s", in->interpreter.path);
    rt->version = version ? version : rt->version;
    *err = (struct err){0};
    return 1;
}

/* ---- AWS's client ---- */

enum { CORE, RIC, SERIALIZATION, UTILS, CLIENT_JARS };
static const char *const JARS[CLIENT_JARS] = {
    [CORE] = "aws-lambda-java-core-",
    [RIC] = "aws-lambda-java-runtime-interface-client-",
    [SERIALIZATION] = "aws-lambda-java-serialization-",
    [UTILS] = "utils-lite-",
};
static const char NEEDS_UTILS[] = "2.8"; /* the first version of the client that does */

struct jars {
    bool have[CLIENT_JARS], needs_utils;
};

/* Which of them the file is; CLIENT_JARS: none. A version follows, as Maven names its files. */
static size_t jar_by_name(const char *name)
{
    for (size_t i = 0; i < CLIENT_JARS; i++) {
        size_t n = strlen(JARS[i]);
        if (strncmp(name, JARS[i], n) == 0 && name[n] >= '0' && name[n] <= '9' && str_ends(name, ".jar"))
            return i;
    }
    return CLIENT_JARS;
}

/* flags: AT_SYMLINK_NOFOLLOW, where links will lead elsewhere. */
static void mark_jars(int fd, const char *dir, int flags, struct jars *jars)
{
    OWN_DIR DIR *d = fs_open_dir(fd, dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        size_t i = jar_by_name(e->d_name);
        if (i == CLIENT_JARS || (flags && (fstatat(dirfd(d), e->d_name, &st, flags) < 0 || !S_ISREG(st.st_mode))))
            continue;
        jars->have[i] = true;
        jars->needs_utils = jars->needs_utils || (i == RIC && strverscmp(e->d_name + strlen(JARS[RIC]), NEEDS_UTILS) >= 0);
    }
}

/* The client itself first. */
static const char *first_missing(const struct jars *jars)
{
    static const size_t ORDER[] = {RIC, CORE, SERIALIZATION, UTILS};
    for (size_t i = 0; i < COUNT(ORDER); i++)
        if (!jars->have[ORDER[i]] && (ORDER[i] != UTILS || jars->needs_utils))
            return JARS[ORDER[i]];
    return NULL;
}

bool java_client_leaves(const char *path)
{
    bool library = strcmp(path, "jni") == 0 || (str_begins(path, "jni/") && str_ends(path, ".so"));
    return jar_by_name(path) == CLIENT_JARS && !library;
}

int java_judge_client(int dir, const char *source, const char *id, struct err *err)
{
    struct jars jars = {0};
    OWN_FD int open = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* root opened it, for a uid that may not list it */
    if (open < 0)
        return fail(err, errno, source, "open the directory");
    mark_jars(open, ".", AT_SYMLINK_NOFOLLOW, &jars);
    const char *missing = first_missing(&jars);
    if (!missing)
        return 0;
    fail(err, 0, source, "use as AWS's client of %s", id);
    return fail_hint(err, "%s*.jar is missing; expected a directory with the jars of " JAVA_CLIENT_WANTED, missing);
}

static int open_tree_of(const struct input *input)
{
    return input->is_dir ? fcntl(input->fd, F_DUPFD_CLOEXEC, 3) : open(input->source.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What the function itself brings: jars in layers and the package, or a jar of all classes, which the package then is. */
static bool brings_client(const struct inputs *in, struct jars *jars)
{
    static const char ALL_CLASSES[] = "com/amazonaws/services/lambda/runtime/api/client/AWSLambda.class";
    for (size_t i = 0; i <= in->layer_count; i++) {
        OWN_FD int fd = open_tree_of(i ? &in->layers[i - 1] : &in->function);
        if (fd >= 0)
            mark_jars(fd, i ? "java/lib" : "lib", 0, jars);
        if (fd >= 0 && i == 0 && faccessat(fd, ALL_CLASSES, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return true;
    }
    return !first_missing(jars);
}

/* ---- both ---- */

/* How what is missing comes here: the command first, since a long list of versions must not cut it off. */
static void put_remedy(const char *id, bool jvm, bool client, struct text *text)
{
    if (client)
        text_printf(text, "add a JDK: lrun runtime add %s DIR|FILE, or AWS's image: lrun runtime add %s", id, id);
    else if (jvm)
        text_printf(
            text,
            "add it: lrun runtime add %s --client DIR, or copy it into java/lib of a layer or lib of the package (" JAVA_CLIENT_WANTED
            "); or add AWS's image: lrun runtime add %s",
            id, id);
    else
        text_printf(text, "add both: lrun runtime add %s JDK --client DIR (" JAVA_CLIENT_WANTED "), or AWS's image: lrun runtime add %s",
                    id, id);
}

/* jar: of the client, the first that is missing; NULL: none is. */
static int refuse(const struct search *s, bool jvm, const char *jar, struct err *err)
{
    const char *id = s->rt->id[0] ? s->rt->id : "java21";
    struct text text = {0};
    fail(err, 0, NULL, "run on %s: there is no %s%s%s%.*s", id,
         jvm          ? ""
         : s->version ? "JVM of its version"
                      : "JVM",
         !jvm && jar ? ", and no " : "", jar == JARS[RIC] ? "runtime interface client of AWS's" : "",
         jar && jar != JARS[RIC] ? (int)strlen(jar) - 1 : 0, jar ? jar : "");
    if (s->rt->found[0]) /* the user did not name this runtime: say why it was chosen */
        text_printf(&text, "detected from %.60s; ", s->rt->found);
    put_remedy(id, jvm, !jar, &text);
    for (size_t i = 0; !jvm && i < s->others.n; i++)
        text_printf(&text, "%s%s", i ? ", " : "; found ", s->others.at[i]);
    OWN_PTR char *places = interpreter_managers("java");
    if (!jvm)
        text_printf(&text, "; looked in the store, PATH, %s", places);
    fail_hint(err, "%s", text.at);
    text_done(&text);
    return -1;
}

/* 1: there is one. */
static int find_jvm(struct inputs *in, struct search *s, struct err *err)
{
    OWN_FD int root = inputs_root(in);
    if (s->rt->interpreter[0])
        return 1;
    if (in->interpreter_path)
        return find_named(in, s->rt, err);
    return root >= 0 ? java_in_root(root, s->rt) : interpreter_places(PROGRAM, "java", take, s);
}

static int no_root(const struct runtime *rt, struct err *err)
{
    fail(err, 0, NULL, "run on %s: the root file system has neither /var/runtime/bootstrap nor java", rt->id);
    return fail_hint(err, "%s%.60s%slooked in its /var/lang/bin, /usr/bin and /usr/local/bin; AWS's image has both: lrun runtime add %s",
                     rt->found[0] ? "detected from " : "", rt->found, rt->found[0] ? "; " : "", rt->id);
}

static int choose(struct inputs *in, struct search *s, struct err *err)
{
    struct jars jars = {0};
    int jvm = find_jvm(in, s, err), client = jvm < 0 ? -1 : brings_client(in, &jars) ? 1 : stored_use_client(in, s->rt->id, err);
    if (jvm < 0 || client < 0)
        return -1;
    if (!jvm && in->rootfs.path)
        return no_root(s->rt, err);
    const char *jar = client || s->rt->commanded ? NULL : first_missing(&jars);
    return jvm && !jar ? 0 : refuse(s, jvm, jar, err);
}

int java_choose(struct inputs *in, struct runtime *rt, struct err *err)
{
    struct search s = {.version = rt->open ? 0 : rt->version, .rt = rt};
    OWN_FD int root = inputs_root(in);
    rt->own_bootstrap = root >= 0 && interpreter_exists(root, "var/runtime/bootstrap");
    int status = rt->own_bootstrap ? 0 : choose(in, &s, err);
    strv_done(&s.others);
    return status;
}

/* ---- configuration of Debian's JVMs ---- */

/* Without it a JVM starts, and fails later: at TLS, at a proxy, at its log. /usr/lib/jvm/java-N-openjdk-ARCH has it in
 * /etc/java-N-openjdk; the links beside it have a point in N. */
static void add_conf(const char *name, struct plan_runtime *ret)
{
    const char *tail = str_begins(name, "java-") ? strstr(name, "-openjdk") : NULL;
    size_t length = tail ? (size_t)(tail - name) + strlen("-openjdk") : 0, n = 0;
    for (; n < PLAN_JAVAS && ret->java[n][0]; n++)
        if (strncmp(ret->java[n], name, length) == 0 && strlen(ret->java[n]) == length) /* of another architecture */
            return;
    if (tail && n < PLAN_JAVAS && length < sizeof ret->java[0] && !memchr(name, '.', length) && !memchr(name, '/', length))
        snprintf(ret->java[n], sizeof ret->java[0], "%.*s", (int)length, name);
}

void java_find_own(const struct runtime *rt, struct plan_runtime *ret)
{
    static const char *const FILES[] = {"conf/security/java.security", "lib/security/java.security"}; /* the second up to 8 */
    for (size_t i = 0; i < COUNT(FILES) && rt->prefix[0]; i++) {
        char to[64];
        OWN_PTR char *path = xasprintf("%s/%s", rt->prefix, FILES[i]);
        ssize_t n = readlink(path, to, sizeof to - 1);
        to[n > 0 ? n : 0] = 0;
        if (str_begins(to, "/etc/"))
            add_conf(to + strlen("/etc/"), ret);
    }
}

void java_find_all(struct plan_runtime *ret)
{
    OWN_FD int fd = open("/usr/lib/jvm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _Alignas(struct dirent64) char names[2048]; /* readdir() would take 32 KB and one call more */
    ssize_t got;
    while (fd >= 0 && (got = getdents64(fd, names, sizeof names)) > 0)
        for (const char *at = names; at < names + got;) {
            const struct dirent64 *e = (const void *)at;
            if (strstr(e->d_name, "-openjdk-"))
                add_conf(e->d_name, ret);
            at += e->d_reclen;
        }
}
