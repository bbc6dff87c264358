/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c: what was done, as the results themselves: there is no second file that could say otherwise. A line is written by one
 * write(2) by the one process that holds the file's lock (O_APPEND alone is not enough over NFS). A killed lrun leaves at most one line
 * that is not whole, the last: it is cut off. A full disk cuts the line off again at once. So each whole line is a result, and a file that
 * does not begin with one is somebody else's and is left alone. Results of "lrun-failed" are not done: their jobs run again. */
#include "launcher/batch/journal.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/own.h"
#include "base/place.h"
#include "base/term.h"
#include "launcher/batch/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct journal_key {
    uint64_t half[2]; /* the lowest bits of the second are the flags below */
};

enum { USED = 1, TAKEN = 2, GOOD = 4, FLAGS = 7, FIRST_CAP = 1024, RESULT_LINE_MAX = 1 << 30 };
static const char START[] = "{\"schema\":\"" JOURNAL_SCHEMA "\",";

int journal_open(struct journal *j, const char *path, struct err *err)
{
    struct stat st;
    j->path = path;
    if (!path) {
        j->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        j->terminal = isatty(j->fd);
        return j->fd < 0 ? fail(err, errno, "standard output", "write to") : 0;
    }
    j->fd = place_open(path, O_RDWR | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0666, "open for results", err);
    if (j->fd < 0)
        return -1;
    if (fstat(j->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        fail(err, 0, path, "keep results in what is no regular file:");
        return fail_hint(err, "without --results they go to standard output");
    }
    j->has_name = st.st_nlink > 0;
    if (flock(j->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) { /* where there are no locks, there is none */
        fail(err, errno, path, "write results to");
        return fail_hint(err, "another lrun batch does: each needs a file of its own");
    }
    return 0;
}

/* Where the key is, or the place for it. */
static struct journal_key *find(const struct journal *j, const uint64_t half[2])
{
    size_t at = half[0] & (j->cap - 1);
    while (j->keys[at].half[1] & USED &&
           ((j->keys[at].half[0] ^ half[0]) | ((j->keys[at].half[1] ^ half[1]) & ~(uint64_t)FLAGS) | (j->keys[at].half[1] & TAKEN)))
        at = (at + 1) & (j->cap - 1);
    return &j->keys[at];
}

/* One more of a key that is there already has a place of its own: jobs may be alike. */
static struct journal_key *find_free(const struct journal *j, uint64_t first)
{
    size_t at = first & (j->cap - 1);
    while (j->keys[at].half[1] & USED)
        at = (at + 1) & (j->cap - 1);
    return &j->keys[at];
}

static void keep(struct journal *j, const uint64_t half[2], bool good)
{
    if (2 * j->n >= j->cap) {
        struct journal before = *j;
        j->cap = j->cap ? 2 * j->cap : FIRST_CAP;
        j->keys = xcalloc(j->cap, sizeof *j->keys);
        for (size_t i = 0; i < before.cap; i++)
            if (before.keys[i].half[1] & USED)
                *find_free(j, before.keys[i].half[0]) = before.keys[i];
        free(before.keys);
    }
    *find_free(j, half[0]) = (struct journal_key){{half[0], (half[1] & ~(uint64_t)FLAGS) | USED | (good ? GOOD : 0u)}};
    j->n++;
}

static bool read_key(struct slice v, uint64_t half[2])
{
    unsigned char key[SHA256_BYTES];
    if (v.n != SHA256_HEX + 2 || v.at[0] != '"' || !sha256_read(v.at + 1, key))
        return false;
    memcpy(half, key, 2 * sizeof *half);
    return true;
}

/* False: the line is none of ours. */
static bool read_result(struct journal *j, const struct line *line, bool *ret_ours)
{
    struct slice top;
    uint64_t half[2];
    if (line->too_long || !json_read(line->at, line->n, &top) || !json_is(json_find(top, "schema"), JOURNAL_SCHEMA) ||
        !read_key(json_find(top, "key"), half))
        return false;
    struct slice reason = json_find(top, "reason");
    *ret_ours = true;
    if (!json_is(reason, "lrun-failed"))
        keep(j, half, json_is(reason, "success"));
    return true;
}

static int not_ours(const struct journal *j, struct err *err)
{
    fail(err, 0, j->path, "add results to");
    return fail_hint(err, "it has something else in it: name another file with --results");
}

/* What follows the last newline: ours as far as it goes, or it is not for us to cut off. */
static int cut(struct journal *j, const char *rest, size_t n, struct err *err)
{
    struct stat st;
    if (!n)
        return 0;
    if (strncmp(rest, START, n < sizeof START - 1 ? n : sizeof START - 1) != 0)
        return not_ours(j, err);
    return fstat(j->fd, &st) < 0 || ftruncate(j->fd, st.st_size - (off_t)n) < 0 ? fail(err, errno, j->path, "cut off the last line of") : 0;
}

int journal_read(struct journal *j, struct err *err)
{
    struct lines lines = {.fd = j->fd, .name = j->path, .most = RESULT_LINE_MAX};
    struct line line;
    bool ours = false; /* so far: a result has been among the lines */
    int status = 0;
    if (!j->path)
        return 0;
    while (status == 0 && !lines.ended) {
        while (status == 0 && lines_next(&lines, &line) == LINES_LINE)
            if (!read_result(j, &line, &ours)) {
                j->strange++;
                status = ours ? 0 : not_ours(j, err);
            }
        if (status == 0)
            status = lines_fill(&lines, err);
    }
    if (status == 0)
        status = cut(j, lines.buffer.at + lines.at, lines.buffer.n - lines.at, err);
    lines_done(&lines);
    return status;
}

bool journal_take(struct journal *j, const unsigned char key[SHA256_BYTES], bool *ret_good)
{
    uint64_t half[2];
    memcpy(half, key, sizeof half);
    struct journal_key *found = j->n ? find(j, half) : NULL;
    if (!found || !(found->half[1] & USED))
        return false;
    *ret_good = found->half[1] & GOOD;
    found->half[1] |= TAKEN;
    return true;
}

int journal_add(struct journal *j, const char *line, size_t n, struct err *err)
{
    struct stat before;
    if (!j->path)
        return term_write(j->fd, j->terminal, line, n) < 0 ? fail(err, errno, "standard output", "write a result to") : 0;
    if (fstat(j->fd, &before) < 0)
        return fail(err, errno, j->path, "write a result to");
    if (j->has_name && before.st_nlink == 0) {
        fail(err, 0, j->path, "keep results: somebody has deleted or replaced");
        return fail_hint(err, "those that were in it are gone: run the same batch again");
    }
    if (fs_write_all(j->fd, line, n) == 0)
        return 0;
    fail(err, errno, j->path, "write a result to");
    if (ftruncate(j->fd, before.st_size) < 0) /* then its half is cut off by the next batch */
        return fail_hint(err, "its last line is not whole; results before it are: make room and run the same batch again");
    return fail_hint(err, "results before it are whole: make room and run the same batch again");
}

void journal_done(struct journal *j)
{
    free(j->keys);
    own_close(&j->fd);
    *j = (struct journal)JOURNAL_NONE;
}
