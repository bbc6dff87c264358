/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c: who lrun runs as. The uid inside the sandbox is another matter (INSIDE_UID; mapped in launcher/sandbox/steps.c).
 *   ordinary user    stays so
 *   root             becomes SUDO_UID, or an unused uid; inputs are opened before (inputs.c), and it can never come back
 *   root of a user namespace with one uid (unshare -Ur)   stays so: outside it is an ordinary user, whose directories are used
 *   root without CAP_SETUID and CAP_SETGID (--cap-drop ALL)   refused: it could not leave root
 *   set-id           refused (AT_SECURE): lrun needs no rights of its own
 * Order in identity_take: groups, gid, uid, since each needs what the next gives up; then dumpable again, which the kernel takes away
 * with a change of uid (prctl(2), PR_SET_DUMPABLE) and without which /proc/self/uid_map cannot be written. */
#include "launcher/launch/identity.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"
#include "base/place.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { UNUSED_ID = 60993 }; /* outside the ranges that Debian's and systemd's tools give out */

static bool id_from(const char *variable, unsigned *ret)
{
    const char *text = getenv(variable);
    uint64_t n;
    if (!text || num_plain(text, 10, &n) < 0 || n == 0 || n >= UINT32_MAX)
        return false;
    *ret = (unsigned)n;
    return true;
}

/* Does the user namespace that we are in have this id? Where there is no /proc, nobody knows: yes. */
static bool is_mapped(const char *map, unsigned id)
{
    unsigned long first, n;
    struct text text = {0};
    struct err ignored;
    OWN_FD int fd = open(map, O_RDONLY | O_CLOEXEC);
    bool found = fd < 0 || fs_read_all(fd, 64 << 10, map, &text, &ignored) < 0;
    for (const char *line = text.at; !found && line && sscanf(line, "%lu %*s %lu", &first, &n) == 2;) {
        found = id >= first && id - first < n;
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    text_done(&text);
    return found;
}

/* On a machine itself, and in most containers of root's: nothing more must be looked at. */
static bool has_all_ids(void)
{
    char map[64];
    unsigned long first, n;
    return fs_read_small(AT_FDCWD, "/proc/self/uid_map", map, sizeof map) > 0 && sscanf(map, "%lu %*s %lu", &first, &n) == 2 &&
           first == 0 && n == UINT32_MAX;
}

/* Of root's: the kernel asks for both before it looks at anything else. */
static bool can_change(void)
{
    const uint32_t needed = UINT32_C(1) << CAP_SETUID | UINT32_C(1) << CAP_SETGID;
    struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];
    return syscall(SYS_capget, &h, d) < 0 || (d[0].effective & needed) == needed;
}

static int choose_for_root(struct identity *ret, struct err *err)
{
    if (!(id_from("SUDO_UID", &ret->uid) && id_from("SUDO_GID", &ret->gid)))
        ret->uid = ret->gid = UNUSED_ID;
    if (!has_all_ids() && (!is_mapped("/proc/self/uid_map", ret->uid) || !is_mapped("/proc/self/gid_map", ret->gid))) {
        ret->uid = 0;
        ret->gid = getegid();
        ret->stays = true;
        return 0;
    }
    if (can_change())
        return 0;
    fail(err, 0, NULL, "become an ordinary user: root lacks CAP_SETUID or CAP_SETGID here, as with --cap-drop ALL");
    return fail_hint(err, "run lrun as an ordinary user: docker run or podman run --user 1000:1000, Kubernetes runAsUser: 1000");
}

int identity_choose(struct identity *ret, struct err *err)
{
    if (getauxval(AT_SECURE) || getuid() != geteuid() || getgid() != getegid()) {
        fail(err, 0, NULL, "run with a set-user-id or set-group-id bit or file capabilities");
        return fail_hint(err, "lrun needs none of these: remove the bits and capabilities from its file");
    }
    *ret = (struct identity){.uid = geteuid(), .gid = getegid(), .from_root = geteuid() == 0};
    return ret->from_root ? choose_for_root(ret, err) : 0;
}

/* A directory of lrun's own, by the XDG variable that says where such are. */
static char *own_dir(const struct identity *id, const char *root, const char *variable, const char *in_home, const char *last)
{
    const char *xdg = getenv(variable), *home = getenv("HOME");
    if (id->from_root && !id->stays)
        return xasprintf("%s/lrun/%u/%s", root, id->uid, last);
    if (xdg && xdg[0] == '/')
        return xasprintf("%s/lrun/%s", xdg, last);
    return home && home[0] == '/' ? xasprintf("%s/%s/lrun/%s", home, in_home, last) : NULL;
}

int identity_cache_dir(const struct identity *id, const char *dir, char **ret, int *ret_place, struct err *err)
{
    OWN_PTR char *path = dir ? xstrdup(dir) : own_dir(id, "/var/cache", "XDG_CACHE_HOME", ".cache", "v1");
    if (!path) {
        fail(err, 0, NULL, "find a directory for the cache: neither XDG_CACHE_HOME nor HOME is set");
        return fail_hint(err, "name one with --cache-dir DIR");
    }
    int place = -1;
    if (id->from_root && (place = place_dir(path, 0700, id->uid, id->gid, NULL, err)) < 0)
        return err->hint[0] ? -1 : fail_hint(err, "name another directory with --cache-dir");
    *ret = take_ptr(&path);
    *ret_place = place;
    return 0;
}

char *identity_store_dir(const struct identity *id)
{
    return own_dir(id, "/var/lib", "XDG_DATA_HOME", ".local/share", "runtimes");
}

char *identity_layer_store(const struct identity *id)
{
    return own_dir(id, "/var/lib", "XDG_DATA_HOME", ".local/share", "layers");
}

/* In the user namespace we are root of: its groups are those of an ordinary user then. */
static bool setgroups_denied(void)
{
    char text[8];
    return fs_read_small(AT_FDCWD, "/proc/self/setgroups", text, sizeof text) > 0 && str_begins(text, "deny");
}

int identity_take(const struct identity *id, struct err *err)
{
    if (!id->from_root)
        return 0;
    if (setgroups(0, NULL) < 0 && errno != EINVAL && !(errno == EPERM && (setgroups_denied() || getgroups(0, NULL) == 0)))
        return fail(err, errno, NULL, "leave root's groups");
    if (id->stays)
        return 0;
    /* The uid last: leaving 0 takes CAP_SETGID away, capabilities(7). All three, or a saved 0 would lead back. */
    if (setresgid(id->gid, id->gid, id->gid) < 0 || setresuid(id->uid, id->uid, id->uid) < 0) {
        if (errno == EINVAL) /* the uid has no meaning here: we are root of a user namespace, not of the machine */
            return 0;
        fail(err, errno, NULL, "switch from root to uid %u", id->uid);
        return fail_hint(err, "run lrun as an ordinary user");
    }
    if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
        return fail(err, 0, NULL, "drop root permanently: it could be regained");
    /* The change made us undumpable, and then /proc/self/uid_map belongs to root and cannot be written. */
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
        return fail(err, errno, NULL, "become dumpable");
    return 0;
}

int identity_leave_keyring(void)
{
    enum { JOIN_SESSION_KEYRING = 1 };
    return syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 && errno != ENOSYS ? -1 : 0;
}
