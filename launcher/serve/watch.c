/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c: tells when a package or a layer has changed, by inotify(7). What a change leads to is launcher/command/cmd_serve.c's. A zip
 * is watched by its directory: tools replace it by a rename, and a watch on the file would stay with the old inode. Below a directory
 * each directory has a watch of its own, new ones too, since inotify does not recurse. A build changes many files: on_change is called
 * once it has been quiet for 150 ms. A build may make the directory anew, or some above it: those are watched by name, and when one comes
 * to be, all is watched anew. All functions share one inotify instance: a user has 128 as a rule, and a project more functions. The layout
 * of an image is watched by its index, which tools write last, and by the name of its directory, which may be made anew; what was copied in
 * another order is whole some time later, so what cannot be used is tried again. */
#include "launcher/serve/watch.h"

#include "base/own.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

enum {
    QUIET_US = 150000,
    AGAIN_MAX = 6, /* after 1, 2, 4, ... s: a minute in all */
    ABOVE_MAX = 3, /* of .aws-sam/build/NAME, all are made anew */
    DIRECTORIES_MAX = 20000,
    CHANGES = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB
};

struct watched { /* an inotify watch */
    int number;
    char *dir;
    char *name;     /* the one file in it that counts; NULL: all of it, and what is made below it */
    bool is_layout; /* name is the directory of an image's layout */
    bool is_above;  /* name is a directory that is watched itself, or one above it */
};

struct root { /* what is watched */
    char *path;
    enum { ROOT_TREE, ROOT_FILE, ROOT_LAYOUT } kind;
};

struct watch {
    struct watch *next;
    struct event *quiet;
    watch_fn *on_change;
    void *to;
    unsigned again; /* how often it was false since the last change */
    bool moved;     /* a directory that is watched by name has been made anew */
    struct root *roots;
    size_t root_n;
    struct watched *at;
    size_t n;
};

static struct {
    int fd;
    struct event *readable;
    struct watch *first;
} all = {.fd = -1};

static int add_root(struct watch *w, const struct root *root, struct err *err);

static void forget(struct watch *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->at[i].dir);
        free(w->at[i].name);
    }
    w->n = 0;
}

/* Other functions may watch the same directories: what is forgotten here stays with the kernel until it is deleted. */
static void renew(struct watch *w)
{
    struct err ignored;
    w->moved = false;
    forget(w);
    for (size_t i = 0; i < w->root_n; i++)
        add_root(w, &w->roots[i], &ignored);
}

static void on_quiet(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct watch *w = to;
    if (w->moved)
        renew(w);
    if (w->on_change(w->to, w->again > 0))
        w->again = 0;
    else if (w->again < AGAIN_MAX)
        event_add(w->quiet, &(struct timeval){.tv_sec = 1 << w->again++});
}

static int add_one(struct watch *w, const char *dir, const char *name, struct err *err)
{
    int number = inotify_add_watch(all.fd, dir, CHANGES | IN_ONLYDIR);
    if (number < 0) {
        fail(err, errno, dir, "watch");
        return errno == ENOSPC ? fail_hint(err, "raise fs.inotify.max_user_watches, or watch zips instead of directories") : -1;
    }
    w->at = xrealloc(w->at, w->n + 1, sizeof *w->at);
    w->at[w->n++] = (struct watched){.number = number, .dir = xstrdup(dir), .name = name ? xstrdup(name) : NULL};
    return 0;
}

static int add_tree(struct watch *w, const char *dir, struct err *err)
{
    if (w->n >= DIRECTORIES_MAX) {
        fail(err, 0, dir, "watch more than %d directories", DIRECTORIES_MAX);
        return fail_hint(err, "watch a zip instead");
    }
    if (add_one(w, dir, NULL, err) < 0)
        return -1;
    OWN_DIR DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        OWN_PTR char *path = xasprintf("%s/%s", dir, e->d_name);
        if (e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && add_tree(w, path, err) < 0 &&
            err->no != ENOENT)
            return -1;
    }
    return 0;
}

/* The documents that an image begins with: of an OCI layout, or as docker save has it. */
static int add_layout(struct watch *w, const char *dir, struct err *err)
{
    return add_one(w, dir, "index.json", err) < 0 || add_one(w, dir, "manifest.json", err) < 0 ? -1 : 0;
}

/* What lies in it comes before what lies above it. */
static const struct watched *find(const struct watch *w, int number, const char *name)
{
    const struct watched *above = NULL;
    for (size_t i = 0; i < w->n; i++)
        if (w->at[i].number == number && (!w->at[i].name || strcmp(w->at[i].name, name) == 0)) {
            if (!w->at[i].is_above)
                return &w->at[i];
            above = &w->at[i];
        }
    return above;
}

static void take(struct watch *w, const struct inotify_event *e)
{
    const struct watched *at = find(w, e->wd, e->len ? e->name : "");
    const bool comes = e->mask & (IN_CREATE | IN_MOVED_TO);
    struct err ignored;
    if (at ? at->is_above && !comes : !(e->mask & IN_Q_OVERFLOW))
        return;
    w->moved = w->moved || !at || at->is_above;
    if (at && !at->name && e->mask & IN_ISDIR && comes) {
        OWN_PTR char *path = xasprintf("%s/%s", at->dir, e->name);
        add_tree(w, path, &ignored);
    } else if (at && at->is_layout && comes) {
        OWN_PTR char *path = xasprintf("%s/%s", at->dir, at->name);
        add_layout(w, path, &ignored);
    }
    w->again = 0;
    event_add(w->quiet, &(struct timeval){.tv_usec = QUIET_US});
}

static void on_readable(evutil_socket_t fd, short what, void *to)
{
    char buffer[16384] __attribute__((aligned(8))); /* struct inotify_event lies in it, inotify(7) */
    ssize_t n;
    (void)what, (void)to;
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        for (char *c = buffer; c < buffer + n;) {
            const struct inotify_event *e = (const struct inotify_event *)(void *)c;
            for (struct watch *w = all.first; w; w = w->next)
                take(w, e);
            c += sizeof *e + e->len;
        }
}

static int open_all(struct event_base *base, struct err *err)
{
    if (all.fd >= 0)
        return 0;
    all.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (all.fd < 0) {
        fail(err, errno, NULL, "watch files");
        return errno == EMFILE ? fail_hint(err, "raise fs.inotify.max_user_instances") : -1;
    }
    all.readable = event_new(base, all.fd, EV_READ | EV_PERSIST, on_readable, NULL);
    event_add(all.readable, NULL);
    return 0;
}

struct watch *watch_new(struct event_base *base, watch_fn *on_change, void *to, struct err *err)
{
    if (open_all(base, err) < 0)
        return NULL;
    struct watch *w = xcalloc(1, sizeof *w);
    *w = (struct watch){.next = all.first, .on_change = on_change, .to = to};
    w->quiet = evtimer_new(base, on_quiet, w);
    all.first = w;
    return w;
}

/* Cuts the last name off. NULL: there is none. */
static const char *cut_name(char *path)
{
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/';)
        path[--n] = 0;
    char *slash = strrchr(path, '/');
    if (!slash || slash == path || !slash[1])
        return NULL;
    *slash = 0;
    return slash + 1;
}

/* Which cannot be read is not watched. */
static void add_above(struct watch *w, const char *path)
{
    struct err ignored;
    OWN_PTR char *dir = xstrdup(path);
    const char *name;
    for (unsigned i = 0; i < ABOVE_MAX && (name = cut_name(dir)); i++)
        if (add_one(w, dir, name, &ignored) == 0)
            w->at[w->n - 1].is_above = true;
}

static int add_root(struct watch *w, const struct root *root, struct err *err)
{
    int status = 0;
    if (root->kind == ROOT_TREE) {
        status = add_tree(w, root->path, err);
        add_above(w, root->path);
        return status;
    }
    const char *slash = strrchr(root->path, '/');
    OWN_PTR char *dir = slash ? xasprintf("%.*s", slash == root->path ? 1 : (int)(slash - root->path), root->path) : xstrdup(".");
    status = add_one(w, dir, slash ? slash + 1 : root->path, err);
    if (status == 0 && root->kind == ROOT_LAYOUT) {
        w->at[w->n - 1].is_layout = true;
        status = add_layout(w, root->path, err);
    }
    add_above(w, dir);
    return status;
}

static int add(struct watch *w, const struct input *input, struct err *err)
{
    struct stat st;
    if (input->by_arn && !input->is_dir)
        return 0; /* of the store of layers: what an ARN means there changes by hand */
    char *path = xstrdup(input->is_dir && input->by_arn ? input->source.path : input->path);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/';)
        path[--n] = 0;
    w->roots = xrealloc(w->roots, w->root_n + 1, sizeof *w->roots);
    struct root *root = &w->roots[w->root_n++];
    *root = (struct root){.path = path, .kind = ROOT_FILE};
    if (input->is_dir)
        root->kind = ROOT_TREE;
    else if (fstat(input->fd, &st) == 0 && S_ISDIR(st.st_mode))
        root->kind = ROOT_LAYOUT;
    return add_root(w, root, err);
}

int watch_inputs(struct watch *w, const struct inputs *in, struct err *err)
{
    int status = in->image.pull.ref ? 0 : add(w, &in->function, err); /* a registry tells nobody what changes there */
    for (size_t i = 0; i < in->layer_count && status == 0; i++)
        status = add(w, &in->layers[i], err);
    return status;
}

void watch_done(struct watch *w)
{
    if (!w)
        return;
    for (struct watch **at = &all.first; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    event_free(w->quiet);
    forget(w);
    for (size_t i = 0; i < w->root_n; i++)
        free(w->roots[i].path);
    free(w->roots);
    free(w->at);
    free(w);
    if (all.first)
        return;
    event_free(all.readable);
    own_close(&all.fd);
}
