/* SPDX-License-Identifier: Apache-2.0 */
/* helper.c: finding lrun's other programs (lrun-unpack, lrun-policy), and becoming one of them, or pasta. Processes are made, watched
 * and reaped by whoever starts one, e.g. cache/unpacker.c. The program is opened first and started from its descriptor later
 * (execveat, AT_EMPTY_PATH): between the two, root becomes another user who may not be able to reach the file, and nobody can put
 * another file in its place. Descriptors, signal dispositions and the signal mask survive exec (execve(2)), so all three are set here;
 * the environment is empty, so that LD_PRELOAD of the caller's has no effect. */
#include "base/helper.h"

#include "base/descriptors.h"
#include "base/own.h"
#include "base/str.h"
#include "base/sys.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

const char *const HELPERS[] = {"lrun-unpack", "lrun-policy", "lrun-project", "lrun-relay", NULL};
const char *const HELPER_PLACES[] = {"", "../libexec/lrun/", NULL};

int helper_open(const char *name, int *ret_program, struct err *err)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0) {
        fail(err, errno, "/proc/self/exe", "find out where lrun lies");
        return err->no == ENOENT ? fail_hint(err, "no /proc is mounted here: mount -t proc proc /proc") : -1;
    }
    self[n] = 0;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; HELPER_PLACES[i]; i++) {
        OWN_PTR char *path = xasprintf("%s/%s%s", self, HELPER_PLACES[i], name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            *ret_program = fd;
            return 0;
        }
        if (errno != ENOENT && errno != ENOTDIR)
            return fail(err, errno, path, "open");
    }
    fail(err, 0, self, "find %s beside lrun or in ../libexec/lrun of", name);
    return fail_hint(err, "build or install the two together");
}

_Noreturn void helper_become(int program, char *const *argv, const int *fds, int n)
{
    enum { MOST = 8, AWAY = 20 };
    char *const envp[] = {NULL};
    int from[MOST + 1] = {0}, kept[MOST + 1] = {0};
    if (n > MOST)
        _exit(126);
    memcpy(kept, fds, (size_t)n * sizeof *fds);
    kept[n] = program;
    if (descriptors_keep(kept, (size_t)n + 1) < 0)
        _exit(126);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* Move all out of the way first: any of them may stand on another's place. */
    for (int i = 0; i <= n; i++) {
        int fd = i == n ? program : fds[i];
        if ((from[i] = fcntl(fd < 0 ? null : fd, F_DUPFD_CLOEXEC, AWAY)) < 0)
            _exit(126);
    }
    for (int i = 0; i < n; i++)
        if (dup2(from[i], i) < 0)
            _exit(126);
    sys_close_range((unsigned)n, AWAY - 1, 0);
    for (int signal_no = 1; signal_no < 32; signal_no++)
        signal(signal_no, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    syscall(SYS_execveat, from[n], "", argv, envp, AT_EMPTY_PATH);
    _exit(127);
}
