/* SPDX-License-Identifier: Apache-2.0 */
/* profile_find.c: from the word of --profile to a file. A profile is a policy: who can change it decides what the next launch may do. So a
 * name's file, and the directories that it is looked for in, must belong to root or the user and be writable for nobody else; a file that
 * is named by its path is the user's choice, and only said to be open to others, unless root would open what it names with root's rights.
 */
#include "launcher/command/profile_find.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/place.h"
#include "launcher/launch/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROFILE_MAX = 1 << 20, PLACES = 2, LEVELS = 3 /* directories above a name's file: profiles, lrun, and what holds it */ };

/* ---- who can change it ---- */

/* A group of one's own, as Debian makes one for each user, has the user's number. */
static bool is_others(const struct stat *st)
{
    bool own = st->st_uid == 0 || st->st_uid == geteuid();
    bool own_group = st->st_gid == 0 || (st->st_gid == st->st_uid && own);
    return !own || st->st_mode & 02 || (st->st_mode & 020 && !own_group);
}

/* A directory that others can change, of the so many above path; NULL: none. A file in a sticky one is its owner's. The caller's. */
static char *shared_dir(const char *path, int levels)
{
    OWN_PTR char *dir = xstrdup(path);
    for (int i = 0; i < levels; i++) {
        char *slash = strrchr(dir, '/');
        struct stat st;
        if (slash)
            slash[slash == dir] = 0;
        const char *at = slash ? dir : ".";
        if (stat(at, &st) == 0 && is_others(&st) && !(st.st_mode & S_ISVTX && levels == 1))
            return xstrdup(at);
        if (!slash || strcmp(dir, "/") == 0)
            break;
    }
    return NULL;
}

static char *who_changes(const char *path, const struct stat *st, int levels)
{
    if (is_others(st))
        return xasprintf("others can change it: it belongs to uid %u and has mode %04o", (unsigned)st->st_uid,
                         (unsigned)st->st_mode & 07777);
    OWN_PTR char *dir = shared_dir(path, levels);
    return dir ? xasprintf("others can put another file in its place: they can write to %s", dir) : NULL;
}

/* ---- where it is looked for ---- */

/* Of a name's: with a slash at its end; NULL: this user has none. The caller's. */
static char *place(int i)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (i == 1)
        return xstrdup("/etc/lrun/profiles/");
    if (xdg && xdg[0] == '/')
        return xasprintf("%s/lrun/profiles/", xdg);
    return home && home[0] == '/' ? xasprintf("%s/.config/lrun/profiles/", home) : NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the profiles that are there, sorted, each once. */
static void list_names(struct strv *ret)
{
    static const char END[] = ".json";
    for (int i = 0; i < PLACES; i++) {
        OWN_PTR char *dir = place(i);
        OWN_DIR DIR *d = dir ? opendir(dir) : NULL;
        for (const struct dirent *e; d && (e = readdir(d));)
            if (e->d_name[0] != '.' && str_ends(e->d_name, END))
                strv_add(ret, xasprintf("%.*s", (int)(strlen(e->d_name) - strlen(END)), e->d_name));
    }
    if (ret->n)
        qsort(ret->at, ret->n, sizeof *ret->at, by_name);
}

static int no_such(const char *name, struct err *err)
{
    struct strv names = {0};
    struct text there = {0};
    OWN_PTR char *own = place(0);
    const char *near = NULL;
    unsigned best = NAME_UNLIKE;
    list_names(&names);
    for (size_t i = 0; i < names.n; i++) {
        unsigned d = name_unlikeness(name, names.at[i]);
        if (d < best) {
            best = d;
            near = names.at[i];
        }
        if (!i || strcmp(names.at[i], names.at[i - 1]) != 0)
            text_printf(&there, "%s%s", there.n ? ", " : "", names.at[i]);
    }
    if (near)
        fail_usage(err, "no profile '%.64s' (did you mean '%.64s'?)", name, near);
    else
        fail_usage(err, "no profile '%.64s'", name);
    fail_hint(
        err,
        "looked in %.220s%s/etc/lrun/profiles; there: %.100s; a file is named with a slash or a dot; for AWS's, --credentials profile:NAME",
        own ? own : "", own ? " and " : "", there.n ? there.at : "none");
    text_done(&there);
    strv_done(&names);
    return -1;
}

static bool is_name(const char *word)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t n = strlen(word);
    return n > 0 && n <= 64 && strspn(word, LETTERS) == n;
}

/* ---- opening it ---- */

static int open_file(const char *path, struct profile_file *ret, struct stat *st, struct err *err)
{
    OWN_FD int fd = place_open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0, "open the profile", err);
    if (fd < 0)
        return -1;
    if (fstat(fd, st) < 0)
        return fail(err, errno, path, "look at the profile");
    if (!S_ISREG(st->st_mode)) {
        fail(err, S_ISDIR(st->st_mode) ? EISDIR : 0, path, "use as a profile");
        return fail_hint(err, "a profile is a file of JSON");
    }
    ret->path = xstrdup(path);
    return fs_read_all(fd, PROFILE_MAX, path, &ret->text, err);
}

static int refuse(const struct profile_file *f, const char *why, const char *hint, struct err *err)
{
    fail(err, EPERM, f->path, "trust the profile");
    return fail_hint(err, "%.200s; %s", why, hint);
}

static int find_name(const char *name, struct profile_file *ret, struct err *err)
{
    struct stat st;
    for (int i = 0; i < PLACES; i++) {
        OWN_PTR char *dir = place(i);
        OWN_PTR char *path = dir ? xasprintf("%s%s.json", dir, name) : NULL;
        if (!path || (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)))
            continue;
        if (open_file(path, ret, &st, err) < 0)
            return -1;
        OWN_PTR char *why = who_changes(path, &st, LEVELS);
        return why ? refuse(ret, why, "make it yours alone (chmod go-w), or name the file by its path", err) : 0;
    }
    return no_such(name, err);
}

static int find_file(const char *path, struct profile_file *ret, struct err *err)
{
    struct stat st;
    if (open_file(path, ret, &st, err) < 0)
        return -1;
    ret->note = who_changes(path, &st, 1);
    return ret->note && geteuid() == 0 ? refuse(ret, ret->note, "root opens what a profile names: make it root's alone", err) : 0;
}

int profile_find(const char *word, struct profile_file *ret, struct err *err)
{
    *ret = (struct profile_file){0};
    if (strpbrk(word, "./"))
        return find_file(word, ret, err);
    if (is_name(word))
        return find_name(word, ret, err);
    return fail_usage(err, "--profile '%.80s': a name has 1 to 64 letters, digits, - and _; a file has a slash or a dot", word);
}

void profile_file_done(struct profile_file *f)
{
    free(f->path);
    free(f->note);
    text_done(&f->text);
}
