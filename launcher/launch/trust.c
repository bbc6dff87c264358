/* SPDX-License-Identifier: Apache-2.0 */
/* trust.c: whether the user's path may be shown to the function, or written by it. How it is opened is base/place.c's; where mounts
 * lie mount_table.c's.
 *   written    must not hold, or lie in, what later launches believe: lrun's cache, stores, configuration, and its programs
 *   shown      must not hold a home directory (keys), nor places where programs listen: a read-only mount does not stop connect(2)
 * Two paths are compared by what they are (device, inode, up to the root) and by where they lie in their file system: a name alone can
 * be a link, and a tree alone a bind mount. */
#include "launcher/launch/trust.h"

#include "base/helper.h"
#include "base/own.h"
#include "base/place.h"
#include "base/str.h"
#include "launcher/launch/mount_table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Directories whose content lrun trusts. The stores are reserved: later versions would trust what is written there now. */
static const struct {
    const char *variable, *below_home, *of_root, *what;
} PLACES[] = {
    {"XDG_CACHE_HOME", ".cache", "/var/cache/lrun", "lrun's cache"},
    {"XDG_DATA_HOME", ".local/share", "/var/lib/lrun", "lrun's stores of runtimes and layers"},
    {"XDG_CONFIG_HOME", ".config", "/etc/lrun", "lrun's configuration"},
};
/* Places of sockets of a user's other programs, e.g. agents and terminals: neither a read-only mount nor a network namespace prevents
 * connect(2) to a socket that has a path. Sockets elsewhere are not looked for. */
static const struct {
    const char *variable, *place, *ends; /* a place; or a variable, whose value is one up to any of these characters */
} SOCKETS[] = {{NULL, "/run", ""}, {NULL, "/tmp", ""}, {"XDG_RUNTIME_DIR", NULL, ""}, {"SSH_AUTH_SOCK", NULL, ""}, {"TMUX", NULL, ","}};

struct spot { /* something that is there, and where */
    struct stat st;
    struct place_ids above; /* itself, if a directory, and all above it */
    const char *device;     /* of its file system; NULL: not known */
    char *path, *in_fs;     /* here, and in its file system; NULL: not known */
};

struct look { /* the question about one of the user's paths */
    const char *path;
    struct spot spot;
    struct mount_table mounts; /* empty: not looked at */
    struct err *err;
};

/* ---- where a descriptor lies ---- */

static void spot_done(struct spot *s)
{
    place_ids_done(&s->above);
    free(s->path);
    free(s->in_fs);
}

static void find(int fd, const struct mount_table *mounts, struct spot *s)
{
    mount_table_find(mounts, fd, &s->device, &s->path, &s->in_fs);
}

/* For a file, takes the directory that holds its name; another name of the file could be elsewhere. */
static int dir_of(int fd, const struct stat *st)
{
    OWN_PTR char *path = mount_table_path(fd);
    char *slash = path ? strrchr(path, '/') : NULL;
    struct stat named;
    if (!slash || stat(path, &named) < 0 || named.st_ino != st->st_ino || named.st_dev != st->st_dev)
        return -1;
    slash[slash == path ? 1 : 0] = 0;
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int look_at(int fd, struct look *l)
{
    if (fstat(fd, &l->spot.st) < 0)
        return fail(l->err, errno, l->path, "look at");
    OWN_FD int parent = S_ISDIR(l->spot.st.st_mode) ? -1 : dir_of(fd, &l->spot.st);
    int dir = S_ISDIR(l->spot.st.st_mode) ? fd : parent;
    if (dir < 0 || place_chain(dir, &l->spot.above) < 0)
        return fail(l->err, errno, l->path, "find out what lies above");
    find(fd, &l->mounts, &l->spot);
    return 0;
}

/* ---- comparing ---- */

static bool is_above(const struct mount_line *above, const struct mount_line *below)
{
    return strcmp(above->device, below->device) == 0 && mount_table_is_above(above->root, below->root);
}

enum relation { APART, HOLDS, LIES_IN };

/* Lists the parts of file systems visible at a spot, one by one: the spot itself and the mounts below it. at: 0 first. */
static bool next_piece(const struct mount_table *mounts, const struct spot *s, bool with_mounts, size_t *at, struct mount_line *ret)
{
    if (!s->in_fs)
        return false;
    if ((*at)++ == 0) {
        *ret = (struct mount_line){.device = s->device, .root = s->in_fs, .place = s->path};
        return true;
    }
    for (; with_mounts && *at - 2 < mounts->n; (*at)++) {
        *ret = mounts->at[*at - 2];
        size_t n = strcmp(s->path, "/") == 0 ? 0 : strlen(s->path);
        if (strncmp(ret->place, s->path, n) == 0 && ret->place[n] == '/')
            return true;
    }
    return false;
}

/* whole: what is mounted below the place is a part of it. */
static enum relation compare_pieces(const struct look *l, const struct spot *place, bool whole, bool parts)
{
    enum relation ret = APART;
    struct mount_line mine, its;
    for (size_t i = 0; next_piece(&l->mounts, &l->spot, true, &i, &mine);)
        for (size_t k = 0; next_piece(&l->mounts, place, whole && parts, &k, &its);) {
            if (is_above(&mine, &its))
                return HOLDS;
            if (whole && is_above(&its, &mine))
                ret = LIES_IN;
        }
    return ret;
}

/* The relation of the user's path to a place. If the place does not exist yet, its existing parent counts. */
static int compare(const struct look *l, const char *place, bool must_exist, bool parts, enum relation *ret)
{
    struct place_ids trail = {0};
    struct spot spot = {0};
    OWN_FD int last = -1;
    int whole = place_trail(place, &trail, &last), no = whole < 0 ? errno : 0;
    *ret = APART;
    if (last >= 0 && fstat(last, &spot.st) == 0 && (whole == 1 || !must_exist)) {
        find(last, &l->mounts, &spot);
        *ret = compare_pieces(l, &spot, whole == 1, parts);
        if (place_has(&trail, l->spot.st.st_dev, l->spot.st.st_ino))
            *ret = HOLDS;
        else if (*ret == APART && whole == 1 && place_has(&l->spot.above, spot.st.st_dev, spot.st.st_ino))
            *ret = LIES_IN;
    }
    spot_done(&spot);
    place_ids_done(&trail);
    return no && no != EACCES ? fail(l->err, no, place, "find out whether '%.60s' holds", l->path) : 0;
}

/* programs: other files beside them do not matter. */
static int refuse_writing(const struct look *l, const char *place, const char *what, bool programs)
{
    enum relation relation;
    if (compare(l, place, programs, true, &relation) < 0)
        return -1;
    if (relation == APART || (programs && relation == LIES_IN))
        return 0;
    fail(l->err, 0, l->path, "make this writable for the sandbox: it %s %s", relation == HOLDS ? "holds" : "lies in", what);
    return fail_hint(l->err, "%s is %.200s, which later launches trust: name a directory outside it", what, place);
}

static int check_programs(const struct look *l)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return 0;
    self[n] = 0;
    if (refuse_writing(l, self, "lrun itself", true) < 0)
        return -1;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; HELPERS[i]; i++)
        for (size_t k = 0; HELPER_PLACES[k]; k++) {
            OWN_PTR char *place = xasprintf("%s/%s%s", self, HELPER_PLACES[k], HELPERS[i]);
            if (refuse_writing(l, place, "lrun itself", true) < 0)
                return -1;
        }
    return 0;
}

/* From /etc/passwd: HOME is the caller's, not that of the user whom root becomes. */
static char *home_of(uid_t uid)
{
    char *home = NULL;
    FILE *f = fopen("/etc/passwd", "re");
    for (const struct passwd *p; f && !home && (p = fgetpwent(f));)
        if (p->pw_uid == uid && p->pw_dir[0] == '/')
            home = xstrdup(p->pw_dir);
    if (f)
        fclose(f);
    return home;
}

/* The caller's home directory: HOME, or if it is not set, e.g. in a service, that of /etc/passwd. NULL: none. */
static char *home_here(void)
{
    const char *home = getenv("HOME");
    return home && home[0] == '/' ? xstrdup(home) : home_of(getuid());
}

static int check_places(const struct look *l, const char *home)
{
    for (size_t i = 0; home && home[0] == '/' && i < COUNT(PLACES); i++) {
        OWN_PTR char *place = xasprintf("%s/%s/lrun", home, PLACES[i].below_home);
        if (refuse_writing(l, place, PLACES[i].what, false) < 0)
            return -1;
    }
    return 0;
}

static int check_all(const struct look *l, const char *cache_dir, const char *base, const struct identity *id)
{
    OWN_PTR char *here = home_here(), *own = id->from_root ? home_of(id->uid) : NULL;
    if (l->spot.st.st_nlink > 1 && !S_ISDIR(l->spot.st.st_mode)) {
        fail(l->err, 0, l->path,
             "make this file writable for the sandbox: it has %ju names (hard links), and others of them may be trusted",
             (uintmax_t)l->spot.st.st_nlink);
        return fail_hint(l->err, "name a copy of the file");
    }
    if (base && refuse_writing(l, base, "the cache's base", false) < 0)
        return -1;
    if (refuse_writing(l, cache_dir, "the cache", false) < 0 || check_places(l, here) < 0 || check_places(l, own) < 0 ||
        check_programs(l) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(PLACES); i++) {
        const char *xdg = getenv(PLACES[i].variable);
        OWN_PTR char *place = xdg && xdg[0] == '/' ? xasprintf("%s/lrun", xdg) : NULL;
        if ((place && refuse_writing(l, place, PLACES[i].what, false) < 0) ||
            (id->from_root && refuse_writing(l, PLACES[i].of_root, PLACES[i].what, false) < 0))
            return -1;
    }
    return 0;
}

int trust_check_writable(int fd, const char *path, const char *cache_dir, const char *base, const struct identity *id, struct err *err)
{
    struct look l = {.path = path, .mounts = mount_table_read(), .err = err};
    int status = look_at(fd, &l) < 0 ? -1 : check_all(&l, cache_dir, base, id);
    spot_done(&l.spot);
    mount_table_done(&l.mounts);
    return status;
}

/* Returns the path in a variable's value, which may go on after it. NULL: there is none. */
static char *path_in(const char *value, const char *ends)
{
    return value && value[0] == '/' ? strndup(value, strcspn(value, ends)) : NULL;
}

/* place: NULL, or not from /: there is none. */
static int refuse_showing(const struct look *l, const char *place, const char *what, const char *why)
{
    enum relation relation;
    if (!place || place[0] != '/')
        return 0;
    if (compare(l, place, true, false, &relation) < 0)
        return -1;
    if (relation != HOLDS)
        return 0;
    fail(l->err, 0, l->path, "mount %s in the sandbox", what);
    return fail_hint(l->err, "%.200s contains %s: name the directory in it that the function needs", place, why);
}

static int check_shown(const struct look *l, const struct identity *id)
{
    static const char HOME[] = "your home directory", KEYS[] = "keys and tokens";
    OWN_PTR char *here = home_here(), *own = id->from_root ? home_of(id->uid) : NULL;
    if (refuse_showing(l, here, HOME, KEYS) < 0 || refuse_showing(l, own, HOME, KEYS) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(SOCKETS); i++) {
        OWN_PTR char *place = path_in(SOCKETS[i].variable ? getenv(SOCKETS[i].variable) : SOCKETS[i].place, SOCKETS[i].ends);
        if (refuse_showing(l, place, "places where programs listen",
                           "sockets, and a read-only mount does not prevent connections to them") < 0)
            return -1;
    }
    return 0;
}

int trust_check_shown(int fd, const char *path, bool far, const struct identity *id, struct err *err)
{
    struct look l = {.path = path, .mounts = far ? mount_table_read() : (struct mount_table){0}, .err = err};
    int status = 0;
    if (fstat(fd, &l.spot.st) < 0)
        status = fail(err, errno, path, "look at");
    if (far)
        find(fd, &l.mounts, &l.spot);
    if (status == 0 && S_ISDIR(l.spot.st.st_mode))
        status = check_shown(&l, id);
    spot_done(&l.spot);
    mount_table_done(&l.mounts);
    return status;
}

/* The directories of PLACES hold more than lrun's: what a user's programs keep. */
static int check_kept(const struct look *l, const char *home)
{
    for (size_t i = 0; i < COUNT(PLACES); i++) {
        const char *xdg = getenv(PLACES[i].variable);
        OWN_PTR char *place = home && home[0] == '/' ? xasprintf("%s/%s", home, PLACES[i].below_home) : NULL;
        if (refuse_showing(l, xdg, "a language's prefix", "what other programs keep") < 0 ||
            refuse_showing(l, place, "a language's prefix", "what other programs keep") < 0)
            return -1;
    }
    return 0;
}

int trust_check_prefix(int fd, const char *path, const struct identity *id, struct err *err)
{
    struct look l = {.path = path, .err = err};
    OWN_PTR char *here = home_here(), *own = id->from_root ? home_of(id->uid) : NULL;
    int status = trust_check_shown(fd, path, false, id, err);
    if (status == 0 && fstat(fd, &l.spot.st) < 0)
        status = fail(err, errno, path, "look at");
    if (status == 0 && (check_kept(&l, here) < 0 || check_kept(&l, own) < 0))
        status = -1;
    if (status < 0 && err->hint[0])
        fail_hint(err, "%.200s would be shown whole, and holds more than the language: install it into a directory of its own", path);
    return status;
}
