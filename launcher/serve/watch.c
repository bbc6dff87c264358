/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c: tells when a package or a layer has changed, by inotify(7). What a change leads to is launcher/command/cmd_serve.c's. A zip
 * is watched by its directory: tools replace it by a rename, and a watch on the file would stay with the old inode. Below a directory
 * each directory has a watch of its own, new ones too, since inotify does not recurse. A build changes many files: on_change is called
 * once it has been quiet for 150 ms. The layout of an image is watched by its index, which tools write last, and by the name of its
 * directory, which may be made anew; what was copied in another order is whole some time later, so what cannot be used is tried again. */
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
    DIRECTORIES_MAX = 20000,
    CHANGES = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB
};

struct watched { /* an inotify watch */
    int number;
    char *dir;
    char *name;     /* the one file in it that counts; NULL: all of it, and what is made below it */
    bool is_layout; /* name is the directory of an image's layout */
};

struct watch {
    struct event *readable, *quiet;
    watch_fn *on_change;
    void *to;
    unsigned again; /* how often it was false since the last change */
    struct watched *at;
    size_t n;
    int fd;
};

static void on_quiet(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct watch *w = to;
    if (w->on_change(w->to, w->again > 0))
        w->again = 0;
    else if (w->again < AGAIN_MAX)
        event_add(w->quiet, &(struct timeval){.tv_sec = 1 << w->again++});
}

static int add_one(struct watch *w, const char *dir, const char *name, struct err *err)
{
    int number = inotify_add_watch(w->fd, dir, CHANGES | IN_ONLYDIR);
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

static const struct watched *find(const struct watch *w, int number, const char *name)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->at[i].number == number && (!w->at[i].name || strcmp(w->at[i].name, name) == 0))
            return &w->at[i];
    return NULL;
}

static void on_readable(evutil_socket_t fd, short what, void *to)
{
    struct watch *w = to;
    char buffer[16384] __attribute__((aligned(8))); /* struct inotify_event lies in it, inotify(7) */
    ssize_t n;
    bool changed = false;
    (void)what;
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        for (char *c = buffer; c < buffer + n;) {
            const struct inotify_event *e = (const struct inotify_event *)(void *)c;
            const struct watched *at = find(w, e->wd, e->len ? e->name : "");
            struct err ignored;
            changed = changed || at || e->mask & IN_Q_OVERFLOW;
            if (at && !at->name && e->mask & IN_ISDIR && e->mask & (IN_CREATE | IN_MOVED_TO)) {
                OWN_PTR char *path = xasprintf("%s/%s", at->dir, e->name);
                add_tree(w, path, &ignored);
            } else if (at && at->is_layout && e->mask & (IN_CREATE | IN_MOVED_TO)) {
                OWN_PTR char *path = xasprintf("%s/%s", at->dir, at->name);
                add_layout(w, path, &ignored);
            }
            c += sizeof *e + e->len;
        }
    if (changed) {
        w->again = 0;
        event_add(w->quiet, &(struct timeval){.tv_usec = QUIET_US});
    }
}

struct watch *watch_new(struct event_base *base, watch_fn *on_change, void *to, struct err *err)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0) {
        fail(err, errno, NULL, "watch files");
        if (errno == EMFILE)
            fail_hint(err, "raise fs.inotify.max_user_instances");
        return NULL;
    }
    struct watch *w = xcalloc(1, sizeof *w);
    *w = (struct watch){.fd = fd, .on_change = on_change, .to = to};
    w->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, w);
    w->quiet = evtimer_new(base, on_quiet, w);
    event_add(w->readable, NULL);
    return w;
}

static int add(struct watch *w, const struct input *input, struct err *err)
{
    struct stat st;
    if (input->by_arn && !input->is_dir)
        return 0; /* of the store of layers: what an ARN means there changes by hand */
    if (input->is_dir)
        return add_tree(w, input->by_arn ? input->source.path : input->path, err);
    OWN_PTR char *path = xstrdup(input->path);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/';)
        path[--n] = 0;
    const char *slash = strrchr(path, '/');
    OWN_PTR char *dir = slash ? xasprintf("%.*s", slash == path ? 1 : (int)(slash - path), path) : xstrdup(".");
    if (add_one(w, dir, slash ? slash + 1 : path, err) < 0)
        return -1;
    if (fstat(input->fd, &st) < 0 || !S_ISDIR(st.st_mode))
        return 0;
    w->at[w->n - 1].is_layout = true;
    return add_layout(w, path, err);
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
    event_free(w->readable);
    event_free(w->quiet);
    own_close(&w->fd);
    for (size_t i = 0; i < w->n; i++) {
        free(w->at[i].dir);
        free(w->at[i].name);
    }
    free(w->at);
    free(w);
}
