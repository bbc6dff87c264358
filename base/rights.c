/* SPDX-License-Identifier: Apache-2.0 */
/* rights.c: another user's rights, for one call: file system ids are what the kernel looks at for files alone (setfsuid(2)). The real and
 * saved ids stay root's, so that user can neither signal nor trace lrun meanwhile. They are a thread's own, and lrun has one thread. */
#include "base/rights.h"

#include "base/str.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* Root's groups must go too, or a link leads to what they may read. false: some are still root's. */
bool rights_take(uid_t uid, gid_t gid, struct rights *before)
{
    before->n = getgroups(0, NULL);
    before->groups = xcalloc(before->n > 0 ? (size_t)before->n : 1, sizeof *before->groups);
    bool left = before->n >= 0 && getgroups(before->n, before->groups) >= 0 && setgroups(0, NULL) == 0;
    setfsgid(gid);
    setfsuid(uid);
    return left && (uid_t)setfsuid((uid_t)-1) == uid && (gid_t)setfsgid((gid_t)-1) == gid; /* neither call reports failure */
}

void rights_return(struct rights *before)
{
    int no = errno;
    setfsuid(0); /* brings the capabilities for files back */
    setfsgid(0);
    if (before->n >= 0)
        setgroups((size_t)before->n, before->groups);
    free(before->groups);
    errno = no;
}
