/* SPDX-License-Identifier: Apache-2.0 */
/* plan_volumes.c: the rows of what the user mounts: --volume, --mount, and the tests of lrun test. A volume may lie anywhere but where the
 * sandbox's own files are. Its place is made in the skeleton, or in /tmp when it is mounted; in the function's code and the layers, which
 * are read-only, it must be there, but for one directory in the code: an overlay of the code has it besides. */
#include "mounts/plan_volumes.h"

#include "base/own.h"

#include <errno.h>
#include <string.h>

static const char *const OURS[] = {"dev", "proc", "sys", "etc", "usr", "bin", "sbin", "lib", "lib64"};

static int check(const struct volume *v, struct err *err)
{
    const char *t = v->target;
    if (t[0] != '/' || !t[1] || strstr(t, "//") || strstr(t, "/../") || strstr(t, "/./") || str_ends(t, "/..") || str_ends(t, "/.") ||
        str_ends(t, "/")) {
        fail(err, EINVAL, t, "mount a volume at");
        return fail_hint(err, "the path inside must be absolute, without . or .. or a slash at the end");
    }
    for (size_t i = 0; i < COUNT(OURS); i++) {
        size_t n = strlen(OURS[i]);
        if (strncmp(t + 1, OURS[i], n) == 0 && (t[1 + n] == '/' || t[1 + n] == 0)) {
            fail(err, EPERM, t, "mount a volume at");
            return fail_hint(err, "/%s belongs to the sandbox; use another path, e.g. /mnt/%s", OURS[i], strrchr(t, '/') + 1);
        }
    }
    return 0;
}

/* Where nothing is mounted, a volume's place is made in the skeleton, which is writable only now. */
static void add_mountpoint(struct plan *p, const struct volume *v, bool own_code)
{
    if (str_begins(v->target, "/tmp/") || (!own_code && (str_begins(v->target, "/var/task") || str_begins(v->target, "/opt/"))))
        return;
    for (const char *c = v->target + 1; c; c = strchr(c, '/') ? strchr(c, '/') + 1 : NULL) {
        const char *end = strchrnul(c, '/');
        char *path = xasprintf("%.*s", (int)(end - v->target - 1), v->target + 1);
        bool file = !*end && v->is_file;
        plan_add(p, (struct row){.kind = file ? ROW_FILE : ROW_DIR,
                                 .flags = FLAG_OPTIONAL,
                                 .target = path,
                                 .owned = path,
                                 .text = "",
                                 .mode = file ? 0644 : 0755,
                                 .why = "mountpoint of a volume"});
    }
}

#define CODE "/var/task/"

int plan_volumes_check(const struct plan_input *in, struct err *err)
{
    for (size_t i = 0; i < in->volume_count; i++)
        if (check(&in->volumes[i], err) < 0)
            return -1;
    return 0;
}

const char *plan_volumes_place(const struct plan_input *in)
{
    for (size_t i = 0; !in->own_code && i < in->volume_count; i++)
        if (!in->volumes[i].is_file && str_begins(in->volumes[i].target, CODE))
            return in->volumes[i].target + sizeof CODE - 1;
    return NULL;
}

void plan_volumes_skeleton(struct plan *p, const struct plan_input *in)
{
    for (size_t i = 0; i < in->volume_count; i++)
        add_mountpoint(p, &in->volumes[i], in->own_code);
}

void plan_volumes(struct plan *p, const struct plan_input *in)
{
    for (size_t i = 0; i < in->volume_count; i++)
        plan_add(p, (struct row){.kind = ROW_BIND,
                                 .flags = FLAG_USER | (in->volumes[i].rw ? FLAG_RW : 0u) | (in->volumes[i].is_file ? FLAG_FILE : 0u),
                                 .target = in->volumes[i].target + 1,
                                 .source = in->volumes[i].source,
                                 .why = "asked for with --volume; its path on the host is in mountinfo"});
}
