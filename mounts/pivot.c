/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts/pivot.h"

#include "base/sys.h"

#include <errno.h>
#include <sys/mount.h>
#include <unistd.h>

int pivot_to(int root, struct err *err)
{
    if (sys_mount_setattr(root, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0) < 0)
        return fail(err, errno, "/", "make the new root read-only");
    /* New and old root in one place: the old one lies on top, where "." leads, and is detached at once. */
    if (fchdir(root) < 0 || sys_pivot_root(".", ".") < 0) {
        fail(err, errno, "/", "make the new root the root");
        return errno == EINVAL ? fail_hint(err, "the host's root may be an initramfs, which pivot_root cannot leave") : -1;
    }
    if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return fail(err, errno, "/", "detach the host's root");
    return 0;
}
