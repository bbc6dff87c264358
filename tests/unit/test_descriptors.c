/* SPDX-License-Identifier: Apache-2.0 */
#include "base/descriptors.h"
#include "base/own.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child: the test's own descriptors are Criterion's. */
static int keep_some(void)
{
    enum { FIRST = 40, LAST = 60 };
    const int kept[] = {50, -1, 42, 50, 43};
    for (int fd = FIRST; fd < LAST; fd++)
        if (dup2(0, fd) != fd)
            return 1;
    if (descriptors_keep(kept, COUNT(kept)) < 0)
        return 2;
    for (int fd = 3; fd < LAST; fd++)
        if ((fcntl(fd, F_GETFD) >= 0) != (fd == 42 || fd == 43 || fd == 50))
            return fd;
    return fcntl(0, F_GETFD) < 0 || descriptors_keep(NULL, 0) < 0 || fcntl(42, F_GETFD) >= 0 ? 3 : 0;
}

Test(descriptors, all_but_the_list_and_the_first_three_are_closed, .timeout = 10)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(keep_some());
    waitpid(pid, &status, 0);
    cr_expect_eq(status, 0, "%d", WEXITSTATUS(status));
}
