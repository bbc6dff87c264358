/* SPDX-License-Identifier: Apache-2.0 */
/* new_mount.c: file systems by the new mount API (fsopen, fsconfig, fsmount: Linux 5.2), which gives a mount as a descriptor before it
 * has a place, so nothing of it can be seen half made. Where it goes is apply.c's. The kernel explains a refused option in words, to
 * whoever reads the context's descriptor: they become the hint. errno is taken first, since that read sets it anew. */
#include "mounts/new_mount.h"

#include "base/own.h"
#include "base/sys.h"
#include "mounts/apply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The kernel explains in words why it refuses an option: read(2) of the context's descriptor returns them. */
static int fs_fail(int fs, const char *path, const char *what, struct err *err)
{
    int no = errno;
    char text[160];
    ssize_t n = fs < 0 ? -1 : read(fs, text, sizeof text - 1);
    fail(err, no, path, "%s", what);
    if (n <= 0)
        return -1;
    text[n] = 0;
    text[strcspn(text, "\n")] = 0;
    if (strstr(text, "too revealing")) /* mount_too_revealing(): a new /proc would show what is hidden in the existing one */
        return fail_hint(err, "%s", NEW_MOUNT_HIDDEN);
    return fail_hint(err, "the kernel says: %s", text[1] == ' ' ? text + 2 : text); /* a level letter comes first */
}

int new_mount(const char *type, const char *const *options, uint64_t attrs, const char *path, struct err *err)
{
    OWN_FD int fs = sys_fsopen(type);
    if (fs < 0) {
        int no = errno;
        fail(err, no, path, "open the file system type %s for", type);
        return no == ENODEV ? fail_hint(err, "the kernel lacks it: modprobe %s", type) : -1;
    }
    for (size_t i = 0; options[i]; i += 2)
        if (sys_fsconfig(fs, options[i + 1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[i], options[i + 1]) < 0)
            return fs_fail(fs, path, "set an option of the mount", err);
    if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
        return fs_fail(fs, path, "create the file system", err);
    int mount = sys_fsmount(fs, (unsigned)attrs);
    return mount < 0 ? fs_fail(fs, path, "mount the file system", err) : mount;
}

int new_tmpfs(uint64_t size, uint64_t inodes, mode_t mode, uint64_t attrs, const char *path, struct err *err)
{
    char bytes[24], nodes[24], bits[8];
    snprintf(bytes, sizeof bytes, "%ju", (uintmax_t)size);
    snprintf(nodes, sizeof nodes, "%ju", (uintmax_t)inodes);
    snprintf(bits, sizeof bits, "%o", mode);
    const char *const options[] = {"size", bytes, "nr_inodes", nodes, "mode", bits, NULL};
    return new_mount("tmpfs", options, attrs, path, err);
}
