/* SPDX-License-Identifier: Apache-2.0 */
/* results.h: --out: copying what a command left in /tmp/out to a directory of the host. */
#ifndef LRUN_RESULTS_H
#define LRUN_RESULTS_H

#include "base/str.h"

#include <stdint.h>

enum { RESULTS_NAMED = 20 }; /* of those that were left behind; the others are counted */

struct results {
    uint64_t copied, bytes, left; /* files; bytes of them; what was left behind, with all below it as one */
    struct strv names;            /* path beneath /tmp/out, escaped, and why, in turn */
};

/* Copies regular files and directories of /tmp/out (tmp: a descriptor of the sandbox's /tmp) into the directory out; all that can be
 * copied is. Left behind are links, devices, pipes and sockets; names that are no plain words (control characters, a dot or a dash in
 * front); what cannot be read or written; what is there already, unless an earlier run brought it or replace is set. Nothing is followed,
 * and no file is left half written. max: bytes in all. The sandbox's processes must have ended. */
void results_copy(int tmp, int out, uint64_t max, bool replace, struct results *ret);
void results_done(struct results *r);

/* No control character of ASCII, of C1 or of bidirectional text, and valid UTF-8. */
bool results_name_is_plain(const char *name);

#endif
