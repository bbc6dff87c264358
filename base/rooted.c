/* SPDX-License-Identifier: Apache-2.0 */
/* rooted.c: a root directory in place of Landlock, for programs that parse hostile bytes. chroot(2) needs a capability, which a user
 * namespace gives to everybody; it has no power over files, since no uid of theirs has a meaning in it (capabilities(7)). A root alone is
 * no jail: whoever keeps a descriptor of a directory outside gets out by ".." of it. So there must be none but dir, which is the root, and
 * others, which is a mount that hangs nowhere. The caller's list of system calls has neither chroot nor fchdir. */
#include "base/rooted.h"

#include "base/own.h"
#include "base/sys.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sched.h>

#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION (1U << 0)
#endif

bool rooted_no_landlock(int no)
{
    return no == ENOSYS || no == EOPNOTSUPP || no == EPERM || no == EACCES;
}

bool rooted_has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/* The current directory alone goes with us into a new mount namespace, and only what lies in our own can be cloned. */
static int detach(int *others, struct err *err)
{
    OWN_FD int tree = sys_open_tree(AT_FDCWD, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0 || dup3(tree, *others, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "keep a program of lrun's to the directory that it reads");
    return 0;
}

int rooted_in(int dir, int *others, struct err *err)
{
    bool two = others && *others >= 0;
    if (!two && fchdir(dir) == 0 && chroot(".") == 0) /* in a user namespace of the caller's own */
        return 0;
    if (two && fchdir(*others) < 0)
        return fail(err, errno, NULL, "enter the directory that a program of lrun's reads");
    if (unshare(CLONE_NEWUSER | (two ? CLONE_NEWNS : 0)) < 0)
        return 0;
    if (two && detach(others, err) < 0)
        return -1;
    if (fchdir(dir) < 0 || chroot(".") < 0)
        return fail(err, errno, NULL, "keep a program of lrun's to its directory");
    return 0;
}
