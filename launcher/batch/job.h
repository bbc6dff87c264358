/* SPDX-License-Identifier: Apache-2.0 */
/* job.h: one line of a list of jobs, as a submitter wrote it: a command, what it reads, its files. Nothing in it says what the command may
 * do, what it may see or where its results go: a line with any other member is refused. Its bytes are hostile. */
#ifndef LRUN_JOB_H
#define LRUN_JOB_H

#include "base/err.h"
#include "base/sha256.h"
#include "base/str.h"
#include "launcher/sandbox/placed.h"

#include <stdbool.h>
#include <stdint.h>

enum { JOB_FILES_MAX = 64, JOB_LINE_MAX = 8 << 20 /* bytes: an event of Lambda's largest size, escaped */ };

struct job_file {
    char *path;         /* beneath --files-root; NULL: the line has its text */
    struct text text;   /* the text */
    struct placed into; /* by its name inside; borrows the text, and after job_open() a descriptor of the job's */
};

struct job { /* JOB_NONE at first, which job_done() makes it again */
    char *id;
    struct strv argv;  /* n 0: the command line's */
    struct text input; /* on standard input */
    struct job_file *files;
    size_t file_count;
};
#define JOB_NONE \
    { \
        0 \
    }

/* -1 with err: the line is refused. ret is as far as it came, for job_done() either way. */
int job_read(const char *line, size_t n, struct job *ret, struct err *err);

/* Opens the files that the line names: regular files beneath root, no link on the way, with the rights that lrun has now. root -1: none
 * may be named. most: bytes of all its files. -1 with err. */
int job_open(struct job *j, int root, uint64_t most, struct err *err);

/* Adds to s what the command will find in its files. -1 with err: one could not be read, or changed meanwhile. */
int job_hash(const struct job *j, struct sha256 *s, struct err *err);

void job_done(struct job *j);

#endif
