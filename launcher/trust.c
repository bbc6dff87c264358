/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/trust.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/place.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What lrun reads and believes. The stores are reserved: what is written there before they are used would be believed then. */
static const struct {
    const char *variable, *below_home, *of_root, *what;
} PLACES[] = {
    {"XDG_CACHE_HOME", ".cache", "/var/cache/lrun", "lrun's cache"},
    {"XDG_DATA_HOME", ".local/share", "/var/lib/lrun", "lrun's stores of runtimes and layers"},
    {"XDG_CONFIG_HOME", ".config", "/etc/lrun", "lrun's configuration"},
};
/* What it starts, from where it lies; helper.h looks for them there. */
static const char *const PROGRAMS[] = {"lrun-unpack", "lrun-policy", "../libexec/lrun/lrun-unpack", "../libexec/lrun/lrun-policy"};
enum { MOUNTS_MAX = 16 << 20 };

struct spot { /* something that is there, and where */
    struct stat st;
    struct place_ids above; /* itself, if a directory, and all above it */
    char *device, *in_fs;   /* major:minor of its file system, and its path there; NULL: not known */
};

struct look { /* what is asked of one path of the user's */
    const char *path;
    struct spot spot;
    char *mounts; /* /proc/self/mountinfo */
    struct err *err;
};

/* ---- where a descriptor lies ---- */

static void spot_done(struct spot *s)
{
    place_ids_done(&s->above);
    free(s->device);
    free(s->in_fs);
}

static char *path_of(int fd)
{
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0 || path[0] != '/')
        return NULL;
    path[n] = 0;
    return xstrdup(path);
}

/* mountinfo writes spaces and the like as \ooo. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *c = text; *c; c++) {
        bool octal = c[0] == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' && c[2] <= '7' && c[3] >= '0' && c[3] <= '7';
        int code = octal ? (c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0') : *c;
        *to++ = (char)code;
        c += octal ? 3 : 0;
    }
    *to = 0;
}

/* The five first fields of the mount's line: number, parent, device, root, place. NULL: there is none. */
static char *find_mount(const char *mounts, uint64_t number, char *fields[5])
{
    for (const char *line = mounts; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        char *save = NULL, *copy = strtoull(line, NULL, 10) == number ? strndup(line, strcspn(line, "\n")) : NULL;
        for (int i = 0; copy && i < 5; i++)
            if (!(fields[i] = strtok_r(i ? NULL : copy, " ", &save)))
                return free(copy), NULL;
        if (copy)
            return copy;
    }
    return NULL;
}

/* The file system's device, and the path in it: the mount's root there, and what follows the mount's place in the path here. */
static void find_in_fs(int fd, const char *mounts, struct spot *s)
{
    enum { DEVICE = 2, ROOT, PLACE };
    struct statx x;
    char *fields[5];
    OWN_PTR char *path = path_of(fd);
    if (!path || !mounts || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &x) < 0 || !(x.stx_mask & STATX_MNT_ID))
        return;
    OWN_PTR char *line = find_mount(mounts, x.stx_mnt_id, fields);
    if (!line)
        return;
    unescape(fields[ROOT]);
    unescape(fields[PLACE]);
    const char *root = strcmp(fields[ROOT], "/") == 0 ? "" : fields[ROOT], *place = strcmp(fields[PLACE], "/") == 0 ? "" : fields[PLACE];
    if (!str_begins(path, place))
        return;
    s->in_fs = xasprintf("%s%s", root, path + strlen(place));
    s->device = xstrdup(fields[DEVICE]);
}

/* Of a file, the directory that its name lies in; a further name would be elsewhere. */
static int dir_of(int fd, const struct stat *st)
{
    OWN_PTR char *path = path_of(fd);
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
    find_in_fs(fd, l->mounts, &l->spot);
    return 0;
}

static char *read_mounts(void)
{
    struct text t = {0};
    struct err ignored;
    OWN_FD int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fs_read_all(fd, MOUNTS_MAX, "mountinfo", &t, &ignored) < 0)
        return NULL;
    return t.at;
}

/* ---- comparing ---- */

static bool is_above(const struct spot *above, const struct spot *below)
{
    if (!above->in_fs || !below->in_fs || strcmp(above->device, below->device) != 0)
        return false;
    size_t n = strlen(above->in_fs);
    return strncmp(above->in_fs, below->in_fs, n) == 0 && (below->in_fs[n] == 0 || below->in_fs[n] == '/');
}

enum relation { APART, HOLDS, LIES_IN };

/* How the path of the user's stands to a place. What is not there yet may be made in what is there of it. */
static int compare(const struct look *l, const char *place, bool must_exist, enum relation *ret)
{
    struct place_ids trail = {0};
    struct spot spot = {0};
    OWN_FD int last = -1;
    int whole = place_trail(place, &trail, &last), no = whole < 0 ? errno : 0;
    *ret = APART;
    if (last >= 0 && fstat(last, &spot.st) == 0 && (whole == 1 || !must_exist)) {
        find_in_fs(last, l->mounts, &spot);
        if (place_has(&trail, l->spot.st.st_dev, l->spot.st.st_ino) || is_above(&l->spot, &spot))
            *ret = HOLDS;
        else if (whole == 1 && (place_has(&l->spot.above, spot.st.st_dev, spot.st.st_ino) || is_above(&spot, &l->spot)))
            *ret = LIES_IN;
    }
    spot_done(&spot);
    place_ids_done(&trail);
    return no && no != EACCES ? fail(l->err, no, place, "find out whether '%.60s' holds", l->path) : 0;
}

/* programs: what lies beside them is nobody's business. */
static int refuse_writing(const struct look *l, const char *place, const char *what, bool programs)
{
    enum relation relation;
    if (compare(l, place, programs, &relation) < 0)
        return -1;
    if (relation == APART || (programs && relation == LIES_IN))
        return 0;
    fail(l->err, 0, l->path, "let the sandbox write there: it %s %s", relation == HOLDS ? "holds" : "lies in", what);
    return fail_hint(l->err, "%s is %.200s, which later launches trust: name a directory apart from it", what, place);
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
    for (size_t i = 0; i < COUNT(PROGRAMS); i++) {
        OWN_PTR char *place = xasprintf("%s/%s", self, PROGRAMS[i]);
        if (refuse_writing(l, place, "lrun itself", true) < 0)
            return -1;
    }
    return 0;
}

/* Of the user whom root becomes, who is not the one whom HOME is about. */
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

static int check_places(const struct look *l, const char *home)
{
    for (size_t i = 0; home && home[0] == '/' && i < COUNT(PLACES); i++) {
        OWN_PTR char *place = xasprintf("%s/%s/lrun", home, PLACES[i].below_home);
        if (refuse_writing(l, place, PLACES[i].what, false) < 0)
            return -1;
    }
    return 0;
}

static int check_all(const struct look *l, const char *cache_dir, const struct identity *id)
{
    OWN_PTR char *own = id->from_root ? home_of(id->uid) : NULL;
    if (l->spot.st.st_nlink > 1 && !S_ISDIR(l->spot.st.st_mode)) {
        fail(l->err, 0, l->path, "let the sandbox write this file: it has %ju names, and others may be trusted", (uintmax_t)l->spot.st.st_nlink);
        return fail_hint(l->err, "name a copy of it");
    }
    if (refuse_writing(l, cache_dir, "the cache", false) < 0 || check_places(l, getenv("HOME")) < 0 || check_places(l, own) < 0 || check_programs(l) < 0)
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

int trust_check_writable(int fd, const char *path, const char *cache_dir, const struct identity *id, struct err *err)
{
    struct look l = {.path = path, .mounts = read_mounts(), .err = err};
    int status = look_at(fd, &l) < 0 ? -1 : check_all(&l, cache_dir, id);
    spot_done(&l.spot);
    free(l.mounts);
    return status;
}

int trust_check_home(int fd, const char *path, bool far, const struct identity *id, struct err *err)
{
    struct look l = {.path = path, .mounts = far ? read_mounts() : NULL, .err = err};
    OWN_PTR char *own = id->from_root ? home_of(id->uid) : NULL;
    const char *homes[] = {getenv("HOME"), own};
    enum relation relation = APART;
    int status = 0;
    if (fstat(fd, &l.spot.st) < 0)
        status = fail(err, errno, path, "look at");
    if (far)
        find_in_fs(fd, l.mounts, &l.spot);
    for (size_t i = 0; i < COUNT(homes) && status == 0 && S_ISDIR(l.spot.st.st_mode); i++) {
        if (homes[i] && homes[i][0] == '/')
            status = compare(&l, homes[i], true, &relation);
        if (relation != HOLDS)
            continue;
        fail(err, 0, path, "show your home directory in the sandbox");
        status = fail_hint(err, "%.200s holds keys and tokens: name the directory in it that is needed", homes[i]);
    }
    spot_done(&l.spot);
    free(l.mounts);
    return status;
}
