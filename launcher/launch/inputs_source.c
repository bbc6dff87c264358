/* SPDX-License-Identifier: Apache-2.0 */
/* inputs_source.c: a directory that the user named, as a source of mounts; and --interpreter, which names one by a program in its bin.
 * Which directories may be shown is trust.c's, what a program's version is interpreter.c's. Root clones the directory's tree while it is
 * root: what the command line names may lie where the later uid cannot walk to. A link on the way is followed as place.c does, and from
 * the program's real path on none is, so that nothing but the named program's own prefix is shown. */
#include "launcher/launch/inputs_parts.h"

#include "base/own.h"
#include "base/place.h"
#include "base/sys.h"
#include "launcher/launch/interpreter_places.h"
#include "launcher/launch/trust.h"
#include "launcher/sandbox/hints.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int inputs_source(const char *path, int fd, const struct identity *id, struct source *ret, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail(err, errno, path, "look at");
    *ret = (struct source){
        .path = path,
        .dev = st.st_dev,
        .ino = st.st_ino,
        .tree = -1,
    };
    if (!id->from_root)
        return 0;
    ret->tree = sys_open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (ret->tree >= 0 || errno == EPERM)
        return 0;
    fail(err, errno, path, "clone the tree of");
    snprintf(err->step, sizeof err->step, "trees");
    return hints_add(err);
}

static int refuse(const char *path, const char *why, struct err *err)
{
    fail(err, 0, path, "use as the interpreter");
    return fail_hint(
        err, "%s: --interpreter takes a program in the bin of a language distribution, e.g. ~/.pyenv/versions/3.13.1/bin/python3.13", why);
}

/* Of the prefix, the directory above bin; *ret is set if it is one of its own. */
static int open_prefix(struct inputs *in, const struct identity *id, struct err *err)
{
    const char *real = in->interpreter_path, *slash = strrchr(real, '/');
    OWN_PTR char *prefix = xasprintf("%.*s", (int)(slash - real - (ptrdiff_t)strlen("/bin")), real);
    if (strcmp(prefix, "/usr") == 0 || strcmp(prefix, "/usr/local") == 0) /* shown in part, where they are */
        return 0;
    OWN_FD int fd = sys_openat2(AT_FDCWD, prefix, O_RDONLY | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
    if (fd < 0)
        return fail(err, errno, prefix, "open the interpreter's directory");
    if (trust_check_prefix(fd, prefix, id, err) < 0)
        return -1;
    in->interpreter_prefix = take_ptr(&prefix);
    in->interpreter = (struct input){.path = in->interpreter_prefix, .is_dir = true, .fd = -1, .source = {.tree = -1}};
    if (inputs_source(in->interpreter_prefix, fd, id, &in->interpreter.source, err) < 0)
        return -1;
    in->interpreter.fd = take_fd(&fd);
    return 0;
}

int inputs_interpreter(const struct request *r, const struct identity *id, struct inputs *in, struct err *err)
{
    char link[32], real[PATH_MAX];
    struct stat st;
    if (!r->interpreter)
        return 0;
    if (r->rootfs) {
        fail_usage(err, "--interpreter and --rootfs exclude each other");
        return fail_hint(err, "a root file system has its own interpreter");
    }
    OWN_FD int fd = place_open(r->interpreter, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, "open the interpreter", err);
    if (fd < 0)
        return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, real, sizeof real - 1);
    if (n <= 0 || fstat(fd, &st) < 0)
        return fail(err, errno, r->interpreter, "find the real path of the interpreter");
    real[n] = 0;
    char *slash = strrchr(real, '/');
    if (!S_ISREG(st.st_mode) || !interpreter_starts_here(fd))
        return refuse(r->interpreter, "it is not a program but, e.g., a version manager's script, or its loader is not this host's", err);
    if (!slash || slash - real < 5 || strncmp(slash - 4, "/bin", 4) != 0 || strlen(real) >= INPUTS_INTERPRETER_MAX)
        return refuse(r->interpreter, "it is in no directory of that name", err);
    in->interpreter_path = xstrdup(real);
    return open_prefix(in, id, err);
}
