/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c: compares a cache entry with its manifest, in lrun-unpack; called for entries of an earlier boot (nothing is synced when
 * one is made) and by `lrun cache verify`. When an entry is to be trusted is decided in cache/cache_entry.c. Both directions are
 * checked: each line has its file, with type, mode, size and CRC-32, and the tree has no more files than lines. It finds damage, not
 * forgery: whoever can write to the cache can write the manifest too, which is why cache_open() refuses a cache of others'. */
#include "unpack/verify.h"

#include "base/fs.h"
#include "base/own.h"
#include "unpack/confine.h"
#include "unpack/digest.h"
#include "unpack/manifest.h"
#include "unpack/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool shared; /* an entry of a base: who may own its files counts, and others may not write to them */
static uid_t own_uid, owner_uid;

static int write_proc(const char *path, const char *text)
{
    OWN_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -1 : fs_write_all(fd, text, strlen(text));
}

/* The owner may lack read permission on purpose (zip_stored_mode); in a user namespace of its own the owner is root
 * over its own files. Where none can be had, such files are reported as unreadable below. */
static void become_root_of_own_files(void)
{
    char map[64];
    unsigned uid = getuid(), gid = getgid();
    if (uid == 0 || unshare(CLONE_NEWUSER) < 0)
        return;
    snprintf(map, sizeof map, "0 %u 1", uid);
    write_proc("/proc/self/uid_map", map);
    write_proc("/proc/self/setgroups", "deny"); /* before gid_map, which is EPERM else: user_namespaces(7), Linux 3.19 */
    snprintf(map, sizeof map, "0 %u 1", gid);
    write_proc("/proc/self/gid_map", map);
}

static int differs(const char *name, const char *how, struct err *err)
{
    fail(err, 0, name, "trust the cache entry: %s", how);
    return fail_hint(err, "lrun unpacks it again");
}

static int check_owner(const char *name, const struct stat *st, struct err *err)
{
    if (!shared)
        return 0;
    if (st->st_uid != 0 && st->st_uid != own_uid && st->st_uid != owner_uid)
        return differs(name, "a file belongs to another user", err);
    return !S_ISLNK(st->st_mode) && st->st_mode & 022 ? differs(name, "others may write to a file", err) : 0;
}

/* Of a base, what this user cannot read the function cannot read either. */
static bool is_out_of_reach(mode_t mode, mode_t bit)
{
    return shared && errno == EACCES && !(mode & bit);
}

static int check_file(int tree, const struct manifest_line *m, struct err *err)
{
    OWN_FD int fd = openat(tree, m->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    uint32_t crc = 0;
    char buffer[65536];
    if (fd < 0 && is_out_of_reach(m->stored, 04))
        return 0;
    if (fd < 0)
        return fail(err, errno, m->name, "verify the cache entry's file");
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) != 0;) {
        if (n < 0)
            return fail(err, errno, m->name, "verify the cache entry's file");
        crc = libdeflate_crc32(crc, buffer, (size_t)n);
    }
    return crc == m->crc ? 0 : differs(m->name, "the content of a file changed", err);
}

static int check_line(int tree, const struct manifest_line *m, struct err *err)
{
    static const struct {
        char type;
        mode_t format;
    } TYPES[] = {{'f', S_IFREG}, {'d', S_IFDIR}, {'l', S_IFLNK}};
    struct stat st;
    if (!m->name[0])
        return 0;
    if (fstatat(tree, m->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return differs(m->name, "something is missing", err);
    for (size_t i = 0; i < COUNT(TYPES); i++)
        if (TYPES[i].type == m->type && (st.st_mode & S_IFMT) != TYPES[i].format)
            return differs(m->name, "something changed its type", err);
    if (m->type != 'l' && (st.st_mode & 07777) != (shared ? m->stored & ~022u : m->stored))
        return differs(m->name, "a mode changed", err);
    if (m->type != 'd' && (uint64_t)st.st_size != m->size)
        return differs(m->name, "a size changed", err);
    if (m->type == 'f')
        return check_file(tree, m, err);
    char target[PATH_MAX];
    ssize_t n = m->type == 'l' ? readlinkat(tree, m->name, target, sizeof target) : 0;
    if (m->type == 'l' && (n < 0 || libdeflate_crc32(0, target, (size_t)n) != m->crc))
        return differs(m->name, "a symbolic link changed", err);
    return 0;
}

static int count_tree(int dir, size_t *files, struct err *err)
{
    OWN_DIR DIR *d = fs_open_dir(dir, ".");
    if (!d)
        return fail(err, errno, NULL, "list the cache entry");
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return fail(err, errno, e->d_name, "look at the cache entry's file");
        if (check_owner(e->d_name, &st, err) < 0)
            return -1;
        if (!S_ISDIR(st.st_mode)) {
            ++*files;
            continue;
        }
        OWN_FD int sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub < 0 || count_tree(sub, files, err) < 0)
            return sub < 0 ? fail(err, errno, e->d_name, "open the cache entry's directory") : -1;
    }
    return 0;
}

int verify_entry(int entry, const char *place, const char *owner, char ret_manifest[DIGEST_HEX + 1], struct err *err)
{
    struct text manifest = {0};
    size_t listed = 0, found = 0;
    char path[PATH_MAX];
    shared = *owner;
    own_uid = geteuid();
    owner_uid = (uid_t)strtoul(owner, NULL, 10);
    if (!shared)
        become_root_of_own_files();
    OWN_FD int fd = openat(entry, "manifest", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    snprintf(path, sizeof path, UNPACK_TREE "/%s", place);
    OWN_FD int tree = openat(entry, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    OWN_FD int whole = openat(entry, UNPACK_TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || tree < 0 || whole < 0)
        return differs("manifest", "it is incomplete", err);
    if (confine(&(struct confinement){.dir = entry, .source = -1, .memory = UNPACK_MEMORY}, err) < 0 ||
        fs_read_all(fd, 256u << 20, "manifest", &manifest, err) < 0 || digest_of(manifest.at, manifest.n, ret_manifest, err) < 0)
        return -1;
    char *save = NULL;
    for (char *line = strtok_r(manifest.at, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct manifest_line m;
        if (!manifest_parse(line, &m))
            continue;
        listed += m.type != 'd';
        if (check_line(tree, &m, err) < 0)
            return -1;
    }
    if (count_tree(whole, &found, err) < 0)
        return -1;
    text_done(&manifest);
    return listed == found ? 0 : differs(UNPACK_TREE, "files were added or removed", err);
}
