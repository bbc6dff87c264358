/* SPDX-License-Identifier: Apache-2.0 */
/* rights.h: another user's rights to files, for a moment, while lrun is root. For place.c and files that open what another user could lay.
 */
#ifndef LRUN_RIGHTS_H
#define LRUN_RIGHTS_H

#include <stdbool.h>
#include <sys/types.h>

struct rights { /* what was there before */
    gid_t *groups;
    int n;
};

/* false: some are still root's, and nothing may be opened. rights_return() either way; it keeps errno. */
bool rights_take(uid_t uid, gid_t gid, struct rights *before);
void rights_return(struct rights *before);

#endif
