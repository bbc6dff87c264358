/* SPDX-License-Identifier: Apache-2.0 */
/* case_state.h: what is known while a file of cases is read. For case.c and case_files.c only.
 * The place in the file goes into each refusal: file, line, member. */
#ifndef LRUN_CASE_STATE_H
#define LRUN_CASE_STATE_H

#include "launcher/test/case.h"

struct reading {
    const char *file, *bytes;
    int dir; /* of the file, -1: none */
    const struct identity *id;
    struct test_case *made;
    const char *inside, *member; /* "expect.", "max-ms" */
    const char *counted;         /* up to where lines were counted */
    unsigned line;               /* there */
    struct err *err;
};

/* case.c: one case. -1: an err of usage. */
int case_read(struct reading *x, struct slice object);

#endif
