/* SPDX-License-Identifier: Apache-2.0 */
/* job_files.c: the files that a line names. The one who wrote the line is not the one who runs batch: what it names is opened beneath the
 * directory that the command line names, through no link at all (a link there may be another submitter's), and after the change of
 * identity, so with the rights of an ordinary user. First by O_PATH: what is no regular file is never opened. A file is hashed by the
 * descriptor that it is copied from, and its time of change is compared afterwards (placed.c): key and content cannot be of two files. */
#include "launcher/batch/job.h"

#include "base/own.h"
#include "base/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(int root, struct job_file *file, struct err *err)
{
    struct stat st;
    char way[40];
    OWN_FD int named = sys_openat2(root, file->path, O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    if (named < 0 || fstat(named, &st) < 0) {
        fail(err, errno, file->path, "open beneath --files-root");
        return errno == ELOOP || errno == EXDEV ? fail_hint(err, "no link is followed, and nothing leads out of it") : -1;
    }
    if (!S_ISREG(st.st_mode))
        return fail(err, 0, file->path, "read what is no regular file:");
    snprintf(way, sizeof way, "/proc/self/fd/%d", named);
    file->into.fd = open(way, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file->into.fd < 0 || fstat(file->into.fd, &st) < 0)
        return fail(err, errno, file->path, "open beneath --files-root");
    file->into.size = (uint64_t)st.st_size;
    file->into.changed = st.st_ctim;
    file->into.mode = st.st_mode & S_IXUSR ? PLACED_PROGRAM : PLACED_MODE;
    return 0;
}

int job_open(struct job *j, int root, uint64_t most, struct err *err)
{
    uint64_t all = 0;
    for (size_t i = 0; i < j->file_count; i++) {
        struct job_file *file = &j->files[i];
        if (file->path && root < 0) {
            fail(err, 0, file->path, "read a file that a line names");
            return fail_hint(err, "name the directory of such files with --files-root DIR");
        }
        if (file->path && open_file(root, file, err) < 0)
            return -1;
        if (file->into.size > most - all) {
            fail(err, EFBIG, file->path ? file->path : file->into.name, "take the line's files: they are more than /tmp holds:");
            return fail_hint(err, "--tmp-size MB makes it larger");
        }
        all += file->into.size;
    }
    return 0;
}

static int hash_file(const struct job_file *file, struct sha256 *s, struct err *err)
{
    static char bytes[65536];
    uint64_t at = 0;
    while (at < file->into.size) {
        ssize_t n = pread(file->into.fd, bytes, sizeof bytes, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(err, errno, file->path, "read");
        if (n == 0)
            return fail(err, 0, file->path, "read what changes meanwhile:");
        sha256_add(s, bytes, (size_t)n);
        at += (uint64_t)n;
    }
    return 0;
}

/* Lengths are hashed too: what belongs to which file cannot be taken for another's. */
int job_hash(const struct job *j, struct sha256 *s, struct err *err)
{
    for (size_t i = 0; i < j->file_count; i++) {
        const struct job_file *file = &j->files[i];
        if (!file->path)
            continue; /* the line itself has it */
        const uint64_t head[] = {file->into.size, file->into.mode};
        sha256_add(s, head, sizeof head);
        if (hash_file(file, s, err) < 0)
            return -1;
    }
    return 0;
}
