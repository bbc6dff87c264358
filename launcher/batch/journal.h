/* SPDX-License-Identifier: Apache-2.0 */
/* journal.h: the results of a batch: written a line each, and read again at the start of the next, so that what is done is not done again.
 * One lrun at a time writes to a file. Of earlier results only half of each key is kept, 16 bytes, and whether it was good. */
#ifndef LRUN_JOURNAL_H
#define LRUN_JOURNAL_H

#include "base/err.h"
#include "base/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_SCHEMA "lrun.batch/1"

struct journal_key;

struct journal { /* JOURNAL_NONE at first */
    int fd;
    const char *path; /* NULL: standard output, which is only written to */
    bool terminal;
    bool has_name;            /* it had one when it was opened: results in a file that lost its last name are lost */
    struct journal_key *keys; /* of earlier results; open addressing */
    size_t n, cap;
    uint64_t strange; /* lines of the file that are no result, each of whose jobs runs again */
};
// clang-format off
#define JOURNAL_NONE {.fd = -1}
// clang-format on

/* Opens the file for its one writer, with the rights lrun has now; it is made if it is not there. path NULL: standard output. -1 with err:
 * it cannot be, another lrun has it, or it is no file of results. */
int journal_open(struct journal *j, const char *path, struct err *err);

/* Reads what is there, and cuts off a last line that is not whole. */
int journal_read(struct journal *j, struct err *err);

/* Whether there is an earlier result of this key that has not been taken; it is taken then. Jobs that are alike have one each. */
bool journal_take(struct journal *j, const unsigned char key[SHA256_BYTES], bool *ret_good);

/* Writes one line whole, or not at all. */
int journal_add(struct journal *j, const char *line, size_t n, struct err *err);

void journal_done(struct journal *j);

#endif
