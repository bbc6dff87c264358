/* SPDX-License-Identifier: Apache-2.0 */
/* aws.h: what AWS has, fetched by the user's own AWS CLI and by curl, because the command line asks for it: nothing else of lrun does.
 *
 *   1. aws_prepare()     root opens its own files for the AWS CLI; before identity_take()
 *   2. aws_begin()       in a directory of lrun's own
 *   3. aws_ask(), aws_download()
 *   4. aws_end()         after all is put away: it may not return
 *
 * The address that AWS gives for a download is a secret for as long as it is valid, some minutes: whoever has it has the code. It is
 * in no argument, no message and no file with a name. */
#ifndef LRUN_AWS_H
#define LRUN_AWS_H

#include "base/json_scan.h"
#include "launcher/launch/identity.h"
#include "launcher/launch/outside.h"

enum aws_file { AWS_CREDENTIALS, AWS_CONFIG, AWS_FILES };

struct aws {
    bool from_root;
    int files[AWS_FILES]; /* copies of root's, or -1 */
    int dir;              /* where both programs start, and where is written; borrowed */
    int terminal;         /* where to show progress, or -1; borrowed */
    struct outside outside;
};
// clang-format off
#define AWS_NONE {.files = {-1, -1}, .dir = -1, .terminal = -1, .outside = OUTSIDE_NONE}
// clang-format on

int aws_prepare(struct aws *a, const struct identity *id, struct err *err);
int aws_begin(struct aws *a, int dir, struct err *err);

struct aws_call {
    const char *object;       /* what it is about, in messages */
    const char *const *words; /* after "lambda": the operation and its arguments; NULL at their end */
    const char *region;       /* "": the user's own */
};

/* Runs aws lambda. ret: its answer, which is one JSON object; the caller's, and to be wiped by aws_forget(). */
int aws_ask(struct aws *a, const struct aws_call *call, struct text *ret, struct slice *ret_top, struct err *err);
void aws_forget(struct text *answer);

struct aws_code { /* what is to be downloaded */
    const char *object;
    struct slice location; /* the address, a JSON string of an answer */
    const char *file;      /* its name in the directory; it is made */
    uint64_t size;         /* as AWS says; 0: it does not */
};
enum { AWS_CODE_MAX = 300 << 20 }; /* bytes of a zip: AWS's limit on what is unpacked, and something for the zip's own */

int aws_download(struct aws *a, const struct aws_code *code, struct err *err);

bool aws_stopped(struct aws *a); /* by a signal */
void aws_end(struct aws *a);

#endif
