/* SPDX-License-Identifier: Apache-2.0 */
/* profile_find.h: which file a profile is, and who else could change it. For profile.c. */
#ifndef LRUN_PROFILE_FIND_H
#define LRUN_PROFILE_FIND_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

struct profile_file {
    char *path;       /* the caller's */
    struct text text; /* the caller's; all of it */
    char *note;       /* NULL, or a sentence: who can change it. The caller's */
};

/* word: a name, or with a slash or dot a file. A name's file that others can change is refused; so is any for root. -1 with err, of usage
 * where there is no such profile: it says where it was looked for, and which there are. */
int profile_find(const char *word, struct profile_file *ret, struct err *err);
void profile_file_done(struct profile_file *f);

#endif
