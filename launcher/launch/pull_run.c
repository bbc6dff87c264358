/* SPDX-License-Identifier: Apache-2.0 */
/* pull_run.c: skopeo as a child of lrun's, as the uid that lrun is by now, in a directory of its own. What it may see of the caller:
 *   an ordinary user's   environment, HOME and all, as if started by hand: credentials, registries.conf and policy.json are its own to
 *                        find. What it keeps between runs (XDG_DATA_HOME, TMPDIR) goes into the directory.
 *   root's               PATH and what names proxies and certificates; files that root has opened, by descriptor
 * Signatures: skopeo's own policy decides. Only where there is none, which skopeo takes as an error, none is asked for.
 * It ends with lrun (PDEATHSIG), and writes no file larger than the registry has said. Its last word is the reason of a failure. */
#include "base/descriptors.h"
#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "launcher/launch/pull.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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
    if (!p->from_root)
        return;
    strv_add(ret, xstrdup("HOME=" HERE));
    if (p->files[PULL_AUTH] >= 0)
        strv_add(ret, xasprintf("REGISTRY_AUTH_FILE=/proc/self/fd/%d", p->files[PULL_AUTH]));
}

struct child {
    const char *program;
    struct strv words, variables;
    pid_t lrun;
    int out, errors; /* its */
    uint64_t largest;
};

static _Noreturn void become(const struct pull *p, const struct child *c)
{
    const struct rlimit files = {.rlim_cur = c->largest, .rlim_max = c->largest};
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != c->lrun || fchdir(p->dir) < 0 || null < 0 || dup2(null, 0) < 0 ||
        dup2(c->out, 1) < 0 || dup2(c->errors, 2) < 0 || descriptors_keep(p->files, COUNT(p->files)) < 0 ||
        setrlimit(RLIMIT_FSIZE, &files) < 0)
        _exit(126);
    for (size_t i = 0; i < COUNT(p->files); i++)
        if (p->files[i] >= 0)
            fcntl(p->files[i], F_SETFD, 0);
    sigprocmask(SIG_SETMASK, &p->before, NULL);
    execve(c->program, c->words.at, c->variables.at);
    _exit(127);
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

/* ---- while it runs ---- */

/* Until it has ended, which its pidfd says: whoever it has started may keep the pipe open. */
static void attend(struct pull *p, const struct pull_job *job, int pidfd, int out)
{
    enum { OFTEN_MS = 200 };
    char bytes[16384];
    for (bool ended = false; !ended;) {
        struct pollfd fds[] = {{.fd = out, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}, {.fd = p->signals, .events = POLLIN}};
        int got = poll(fds, COUNT(fds), OFTEN_MS);
        if (got < 0 && errno != EINTR)
            break;
        if (pull_stopped(p))
            sys_pidfd_send_signal(pidfd, SIGKILL);
        ended = got > 0 && fds[1].revents;
        for (ssize_t n; (n = read(out, bytes, sizeof bytes)) > 0;)
            job->said(job->to, bytes, (size_t)n);
        if (got > 0 && fds[0].revents & (POLLHUP | POLLERR) && !ended)
            poll(&fds[1], 1, OFTEN_MS);
        if (job->wait)
            job->wait(job->to);
    }
}

static int start(struct pull *p, struct child *c, const struct pull_job *job, int *ret_status, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe for skopeo");
    OWN_FD int out = ends[0], to = ends[1];
    c->out = to;
    c->lrun = getpid();
    fcntl(out, F_SETFL, O_NONBLOCK);
    pid_t pid = fork();
    if (pid == 0)
        become(p, c);
    if (pid < 0)
        return fail(err, errno, "skopeo", "start");
    own_close(&to);
    OWN_FD int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0)
        kill(pid, SIGKILL);
    else
        attend(p, job, pidfd, out);
    while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
        ;
    return 0;
}

int pull_run(struct pull *p, const struct pull_job *job, struct err *err)
{
    struct child c = {.program = find(err), .largest = job->largest};
    int status = 0;
    if (!c.program)
        return -1;
    OWN_FD int errors = memfd_create("skopeo", MFD_CLOEXEC);
    if (errors < 0)
        return fail(err, errno, NULL, "make room for skopeo's messages");
    c.errors = errors;
    add_words(p, job, &c.words);
    add_variables(p, &c.variables);
    int started = start(p, &c, job, &status, err);
    strv_done(&c.words);
    strv_done(&c.variables);
    if (started < 0)
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
