/* SPDX-License-Identifier: Apache-2.0 */
/* result.h: what became of one job, as a line of JSON. docs/batch.schema.json is its contract; its words are the report's. */
#ifndef LRUN_RESULT_H
#define LRUN_RESULT_H

#include "base/sha256.h"
#include "launcher/batch/capture.h"
#include "launcher/launch/report.h"

struct result {
    const unsigned char *key; /* SHA256_BYTES */
    const char *id;           /* NULL: none */
    uint64_t line;
    const struct report *report;   /* reason, signal, limit, usage, output; NULL: the line was refused, and err says why */
    int exit;                      /* of the command, as exec would have it; with a report */
    const struct capture *streams; /* standard output and error; NULL: nothing ran */
    const struct err *err;         /* NULL: none */
};

/* Adds the line, its newline included. */
void result_put(const struct result *r, struct text *out);

bool result_is_good(const struct result *r); /* its command ended with status 0 */

#endif
