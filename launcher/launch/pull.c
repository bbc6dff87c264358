/* SPDX-License-Identifier: Apache-2.0 */
/* pull.c: root's own files for skopeo, and fetching: looked at first (how much it is), then copied. Which names are for skopeo is
 * pull_name.c's; how it is started, and what its errors mean, pull_run.c's.
 * The copy is one of skopeo's transport "dir", which keeps the registry's manifest byte by byte (an OCI layout has it converted, and so
 * another digest than the registry knows); it needs an index and a name by digest to be an OCI layout. All names in the directory are
 * relative to it. */
#include "launcher/launch/pull.h"

#include "base/fs.h"
#include "base/own.h"
#include "cache/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define BLOBS "blobs/sha256"
static const char TO_BLOBS[] = "dir:" BLOBS;
enum { MANIFEST_MOST = 4 << 20 };

/* ---- root's own files ---- */

/* What skopeo looks for below HOME and the like is another user's to read when root starts lrun: it gets copies. */
static const struct {
    enum pull_file file;
    char variable[28], tail[36];
} ROOTS[] = {
    {PULL_AUTH, "REGISTRY_AUTH_FILE", ""},
    {PULL_AUTH, "XDG_RUNTIME_DIR", "/containers/auth.json"},
    {PULL_AUTH, "HOME", "/.config/containers/auth.json"},
    {PULL_AUTH, "DOCKER_CONFIG", "/config.json"},
    {PULL_AUTH, "HOME", "/.docker/config.json"},
    {PULL_POLICY, "HOME", "/.config/containers/policy.json"},
    {PULL_REGISTRIES, "CONTAINERS_REGISTRIES_CONF", ""},
    {PULL_REGISTRIES, "HOME", "/.config/containers/registries.conf"},
};

int pull_prepare(struct pull *p, const struct identity *id, struct err *err)
{
    p->from_root = id->from_root;
    for (size_t i = 0; i < COUNT(ROOTS) && p->from_root; i++) {
        const char *start = getenv(ROOTS[i].variable);
        if (!start || start[0] != '/' || p->files[ROOTS[i].file] >= 0)
            continue;
        OWN_PTR char *path = xasprintf("%s%s", start, ROOTS[i].tail);
        p->files[ROOTS[i].file] = outside_copy(path, err);
        if (p->files[ROOTS[i].file] < 0 && err->no != ENOENT && err->no != ENOTDIR)
            return -1;
    }
    return 0;
}

/* ---- looking ---- */

static void add_piece(void *to, const char *bytes, size_t n)
{
    struct text *raw = to;
    if (raw->n < MANIFEST_MOST)
        text_add(raw, bytes, n);
}

static int look_at(struct pull *p, const char *ref, const char *architecture, struct pull_size *ret, struct err *err)
{
    struct text raw = {0};
    const char *const words[] = {"inspect", "--raw", "--", ref, NULL};
    const char *const insecure[] = {"inspect", "--raw", "--tls-verify=false", "--", ref, NULL};
    const struct pull_job job = {
        .words = p->insecure ? insecure : words,
        .architecture = architecture,
        .largest = MANIFEST_MOST,
        .said = add_piece,
        .to = &raw,
    };
    int status = pull_run(p, &job, err);
    if (status == 0)
        status = pull_read_manifest(ref, &raw, architecture, ret, err);
    text_done(&raw);
    return status;
}

/* The same repository, by digest: neither tag nor another digest remains. The caller's. */
static char *by_digest(const char *ref, const char *digest)
{
    size_t n = strcspn(ref, "@");
    for (size_t at = n; at > 0 && ref[at - 1] != '/'; at--)
        if (ref[at - 1] == ':')
            n = at - 1;
    return xasprintf("%.*s@%s", (int)n, ref, digest);
}

/* ---- copying ---- */

struct copying {
    struct pull *pull;
    struct pull_size size;
    struct progress progress;
    bool lines;     /* one for each blob */
    char line[128]; /* of skopeo's output; what is longer says nothing here */
    size_t n;
};

/* "Copying blob sha256:HEX": without a terminal skopeo prints one for each. */
static void say_line(const struct copying *c)
{
    static const char COPYING[] = "Copying blob sha256:";
    const char *hex = c->line + strlen(COPYING);
    if (c->lines && str_begins(c->line, COPYING) && strlen(hex) == DIGEST_HEX && strspn(hex, "0123456789abcdef") == DIGEST_HEX)
        fprintf(stderr, "lrun: fetching sha256:%s\n", hex);
}

static void take_lines(void *to, const char *bytes, size_t n)
{
    struct copying *c = to;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            c->line[c->n] = 0;
            say_line(c);
            c->n = 0;
        } else if (c->n < sizeof c->line - 1) {
            c->line[c->n++] = bytes[i];
        }
    }
}

static void show_bytes(void *to)
{
    struct copying *c = to;
    struct stat st;
    uint64_t bytes = 0;
    OWN_DIR DIR *d = fs_open_dir(c->pull->dir, BLOBS);
    for (struct dirent *e; d && (e = readdir(d));)
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            bytes += (uint64_t)st.st_size;
    progress_show(&c->progress, c->size.bytes, bytes);
}

static int copy(struct copying *c, const char *ref, const char *architecture, struct err *err)
{
    struct pull *p = c->pull;
    const char *const words[] = {"copy", "--digestfile=digest", "--", ref, TO_BLOBS, NULL};
    const char *const insecure[] = {"copy", "--src-tls-verify=false", "--digestfile=digest", "--", ref, TO_BLOBS, NULL};
    const uint64_t largest = (c->size.bytes ? c->size.bytes : UINT64_C(10) << 30) + MANIFEST_MOST;
    const struct pull_job job = {
        .words = p->insecure ? insecure : words,
        .architecture = architecture,
        .largest = largest,
        .said = take_lines,
        .wait = show_bytes,
        .to = c,
    };
    if (mkdirat(p->dir, "blobs", 0700) < 0 || mkdirat(p->dir, BLOBS, 0700) < 0)
        return fail(err, errno, p->name, "make a directory for the image");
    int status = pull_run(p, &job, err);
    progress_end(&c->progress);
    return status;
}

/* The manifest gets its name, and an index that says so. */
static int make_layout(const struct pull *p, struct err *err)
{
    char digest[80] = "", blob[96];
    struct stat st;
    ssize_t n = fs_read_small(p->dir, "digest", digest, sizeof digest);
    const char *hex = digest + strlen("sha256:");
    if (n < 71 || !str_begins(digest, "sha256:") || strspn(hex, "0123456789abcdef") != DIGEST_HEX) {
        fail(err, 0, p->ref, "fetch: skopeo named no digest");
        return -1;
    }
    digest[71] = 0;
    snprintf(blob, sizeof blob, BLOBS "/%s", hex);
    if (renameat(p->dir, BLOBS "/manifest.json", p->dir, blob) < 0 || fstatat(p->dir, blob, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(err, errno, p->ref, "fetch: skopeo left no manifest");
    OWN_PTR char *index = xasprintf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                                    "\"digest\":\"%s\",\"size\":%jd}]}",
                                    digest, (intmax_t)st.st_size);
    return fs_write_new(p->dir, "index.json", 0600, index, strlen(index), err);
}

static void say_size(const struct pull *p, const struct pull_size *size)
{
    if (p->quiet)
        return;
    fprintf(stderr, "lrun: fetching %s", p->ref);
    if (size->layers)
        fprintf(stderr, ": %u layer%s, %.1f MB", size->layers, size->layers == 1 ? "" : "s", (double)size->bytes / 1e6);
    fputc('\n', stderr);
}

/* ---- all of it ---- */

int pull_fetch(struct pull *p, struct cache *c, const char *architecture, struct err *err)
{
    struct copying copying = {.pull = p, .progress = progress_begin(p->quiet ? -1 : c->terminal), .lines = !p->quiet && c->terminal < 0};
    OWN_PTR char *pinned = NULL;
    copying.progress.doing = "fetching";
    if (cache_begin_work(c, p->name, sizeof p->name, &p->dir, err) < 0 || outside_begin(&p->outside, err) < 0)
        return -1;
    bool registry = str_begins(p->ref, "docker://"); /* of others a look is as long as the copy */
    if (registry && look_at(p, p->ref, architecture, &copying.size, err) < 0)
        return -1;
    if (copying.size.digest[0]) {
        p->indexed = true;
        pinned = by_digest(p->ref, copying.size.digest);
        if (look_at(p, pinned, architecture, &copying.size, err) < 0)
            return -1;
    }
    p->left = copying.size.config[0] && p->is_here && p->is_here(p->to, copying.size.config);
    if (p->left)
        return 0;
    say_size(p, &copying.size);
    return copy(&copying, pinned ? pinned : p->ref, architecture, err) < 0 ? -1 : make_layout(p, err);
}

void pull_done(struct pull *p, struct cache *c)
{
    struct err ignored;
    for (size_t i = 0; i < COUNT(p->files); i++)
        own_close(&p->files[i]);
    if (p->dir >= 0)
        fs_remove_tree(c->dir, p->name, &ignored);
    own_close(&p->dir);
    outside_end(&p->outside);
}

bool pull_stopped(struct pull *p)
{
    return outside_stopped(&p->outside);
}
