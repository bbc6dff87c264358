/* SPDX-License-Identifier: Apache-2.0 */
/* pull_run.c: skopeo as a child of lrun's, as the uid that lrun is by now, in a directory of its own. What it may see of the caller:
 *   an ordinary user's   environment, HOME and all, as if started by hand: credentials, registries.conf and policy.json are its own to
 *                        find. What it keeps between runs (XDG_DATA_HOME, TMPDIR) goes into the directory.
 *   root's               PATH and what names proxies and certificates; files that root has opened, by descriptor
 * Signatures: skopeo's own policy decides. Only where there is none, which skopeo takes as an error, none is asked for.
 * How it is started and ended is outside.c's; it writes no file larger than the registry has said. Its last word is the reason of a
 * failure. */
#include "base/fs.h"
#include "base/own.h"
#include "launcher/launch/pull.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern char **environ;

#define HERE "/proc/self/cwd" /* the child's directory, whatever its path is */

/* ---- how it is called ---- */

static const char *find(struct err *err)
{
    static const char *const PLACES[] = {"/usr/bin/skopeo", "/usr/local/bin/skopeo", "/bin/skopeo"};
    for (size_t i = 0; i < COUNT(PLACES); i++)
        if (access(PLACES[i], X_OK) == 0)
            return PLACES[i];
    fail(err, ENOENT, "skopeo", "find the program that fetches images");
    fail_hint(err, "install the package skopeo (apt install skopeo), or save the image as a file elsewhere (docker save) and add that");
    return NULL;
}

/* Without HOME it would look in the password file, and so it decides alone. */
static bool has_policy(const struct pull *p)
{
    static const char *const SYSTEM[] = {"/etc/containers/policy.json", "/usr/share/containers/policy.json"};
    const char *home = p->from_root ? NULL : getenv("HOME");
    OWN_PTR char *own = home ? xasprintf("%s/.config/containers/policy.json", home) : NULL;
    bool none = home || p->from_root;
    if (p->files[PULL_POLICY] >= 0 || (own && (access(own, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))))
        none = false;
    for (size_t i = 0; i < COUNT(SYSTEM) && none; i++)
        none = access(SYSTEM[i], F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR);
    return !none;
}

static void add_words(const struct pull *p, const struct pull_job *job, struct strv *ret)
{
    strv_add(ret, xstrdup("skopeo"));
    if (p->files[PULL_POLICY] >= 0)
        strv_add(ret, xasprintf("--policy=/proc/self/fd/%d", p->files[PULL_POLICY]));
    else if (!has_policy(p))
        strv_add(ret, xstrdup("--insecure-policy"));
    if (p->files[PULL_REGISTRIES] >= 0)
        strv_add(ret, xasprintf("--registries-conf=/proc/self/fd/%d", p->files[PULL_REGISTRIES]));
    strv_add(ret, xstrdup("--override-os=linux"));
    strv_add(ret, xasprintf("--override-arch=%s", job->architecture));
    for (const char *const *w = job->words; *w; w++)
        strv_add(ret, xstrdup(*w));
}

static bool is_named(const char *variable, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_begins(variable, names[i]) && variable[strlen(names[i])] == '=')
            return true;
    return false;
}

/* Without XDG_RUNTIME_DIR skopeo looks for a login in /run/containers/UID, and gives up where that is closed to it: root's Podman makes
 * it so. */
static bool is_shut_out(const struct pull *p)
{
    const char *place = p->from_root ? NULL : getenv("XDG_RUNTIME_DIR");
    return !(place && *place) && access("/run/containers", X_OK) < 0 && errno == EACCES;
}

static void add_variables(const struct pull *p, struct strv *ret)
{
    static const char *const OURS[] = {"TMPDIR", "LC_ALL", "XDG_DATA_HOME"};
    static const char *const ROOTS[] = {"PATH",        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",      "ALL_PROXY",   "http_proxy",
                                        "https_proxy", "no_proxy",   "all_proxy",   "SSL_CERT_FILE", "SSL_CERT_DIR"};
    const size_t ours = str_begins(p->ref, "containers-storage:") ? 2 : COUNT(OURS); /* that lies in XDG_DATA_HOME */
    for (char **v = environ; *v; v++)
        if (p->from_root ? is_named(*v, ROOTS, COUNT(ROOTS)) : !is_named(*v, OURS, ours))
            strv_add(ret, xstrdup(*v));
    strv_add(ret, xstrdup("TMPDIR=" HERE));
    strv_add(ret, xstrdup("LC_ALL=C"));
    if (ours == COUNT(OURS))
        strv_add(ret, xstrdup("XDG_DATA_HOME=" HERE "/data"));
    if (is_shut_out(p))
        strv_add(ret, xstrdup("XDG_RUNTIME_DIR=" HERE));
    if (!p->from_root)
        return;
    strv_add(ret, xstrdup("HOME=" HERE));
    if (p->files[PULL_AUTH] >= 0)
        strv_add(ret, xasprintf("REGISTRY_AUTH_FILE=/proc/self/fd/%d", p->files[PULL_AUTH]));
}

/* ---- what it says ---- */

/* Of its errors, by a part of them; the first that fits. */
static const struct {
    char part[40], remedy[200];
} REMEDIES[] = {
    {"manifest unknown", "there is no such repository or tag: check the name"},
    {"name unknown", "there is no such repository: check the name"},
    {"repository name not known", "there is no such repository: check the name"},
    {"rejected by policy", "policy.json, in ~/.config/containers or /etc/containers, forbids it"},
    {"signature was required", "policy.json, in ~/.config/containers or /etc/containers, asks for a signature"},
    {"not look like a TLS handshake", "the registry has no TLS: --insecure-registry accepts that"},
    {"HTTP response to HTTPS client", "the registry has no TLS: --insecure-registry accepts that"},
    {"x509:", "add its authority to /etc/containers/certs.d/HOST:PORT/ca.crt; --insecure-registry accepts any certificate"},
    {"authentication required", "log in first: skopeo login HOST"},
    {"unauthorized", "log in first: skopeo login HOST"},
    {"denied", "log in first (skopeo login HOST), as a user who may read it"},
    {"file too large", "the registry sends more than the manifest says"},
    {"no space left", "make room"},
    {"docker.sock", "save it as a file (docker save IMAGE -o image.tar), and add that"},
    {"Docker daemon", "save it as a file (docker save IMAGE -o image.tar), and add that"},
    {"no such host", "check the registry's name and the network"},
    {"dial tcp", "the registry cannot be reached: check its name and the network"},
    {"i/o timeout", "the registry cannot be reached: check its name and the network"},
};

static const char *remedy_of(const char *said)
{
    for (size_t i = 0; i < COUNT(REMEDIES); i++)
        if (strstr(said, REMEDIES[i].part))
            return REMEDIES[i].remedy;
    return NULL;
}

/* time="..." level=fatal msg="TEXT": TEXT, in which quotes have backslashes. In place. */
static char *message_of(char *line)
{
    char *at = strstr(line, " msg=\""), *to = line;
    if (!at)
        return line;
    for (at += strlen(" msg=\""); *at && *at != '"'; at++) {
        at += *at == '\\' && at[1];
        *to++ = *at;
    }
    *to = 0;
    return line;
}

static int explain(const struct pull *p, int errors, struct err *err)
{
    enum { SHOWN = 150 };
    char text[8192] = "";
    struct stat st;
    off_t from = fstat(errors, &st) == 0 && st.st_size >= (off_t)sizeof text ? st.st_size - (off_t)sizeof text + 1 : 0;
    ssize_t n = pread(errors, text, sizeof text - 1, from);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == 0))
        text[--n] = 0;
    char *last = strrchr(text, '\n'), *said = message_of(last ? last + 1 : text);
    const char *remedy = remedy_of(said), *shown = strlen(said) > SHOWN ? said + strlen(said) - SHOWN : said;
    str_line(said);
    fail(err, 0, p->ref, "fetch");
    return fail_hint(err, "skopeo says: %s%s%s%s", shown == said ? "" : "...", *said ? shown : "nothing", remedy ? "; " : "",
                     remedy ? remedy : "");
}

/* ---- running it ---- */

static int run(struct pull *p, const struct pull_job *job, struct outside_job *all, int *ret_status, struct err *err)
{
    struct strv words = {0}, variables = {0};
    add_words(p, job, &words);
    add_variables(p, &variables);
    all->words = &words;
    all->variables = &variables;
    int started = outside_run(&p->outside, all, ret_status, err);
    strv_done(&words);
    strv_done(&variables);
    return started;
}

int pull_run(struct pull *p, const struct pull_job *job, struct err *err)
{
    const char *program = find(err);
    int status = 0;
    if (!program)
        return -1;
    OWN_FD int errors = memfd_create("skopeo", MFD_CLOEXEC);
    if (errors < 0)
        return fail(err, errno, NULL, "make room for skopeo's messages");
    struct outside_job all = {
        .name = "skopeo",
        .program = program,
        .dir = p->dir,
        .keep = p->files,
        .keep_n = COUNT(p->files),
        .input = -1,
        .errors = errors,
        .largest = job->largest,
        .said = job->said,
        .wait = job->wait,
        .to = job->to,
    };
    if (run(p, job, &all, &status, err) < 0)
        return -1;
    if (pull_stopped(p))
        return fail(err, EINTR, p->ref, "fetch");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status)) {
        fail(err, 0, p->ref, "fetch: skopeo was ended by signal %d", WTERMSIG(status));
        return WTERMSIG(status) == SIGXFSZ ? fail_hint(err, "the registry sends more than the manifest says") : -1;
    }
    return explain(p, errors, err);
}
