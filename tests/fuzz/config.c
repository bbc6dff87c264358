/* SPDX-License-Identifier: Apache-2.0 */
/* config.c: any bytes as serve's configuration. */
#include "launcher/command/config.h"

#include "launcher/command/cli.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1;
    static char path[40];
    static struct request base;
    struct config c;
    struct err err = {0};
    if (file < 0) {
        file = memfd_create("config", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        char *argv[] = {(char *)(uintptr_t) "lrun", (char *)(uintptr_t) "serve", (char *)(uintptr_t) "--config", path, NULL};
        if (file < 0 || cli_parse(4, argv, &base, &err) < 0)
            abort();
    }
    if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    int status = config_read(&base, &c, &err);
    for (size_t i = 0; status == 0 && i < c.n; i++)
        if (!c.at[i].request.function || !c.at[i].request.name)
            abort(); /* a function without a package or a name */
    if (status < 0 && !err.what[0])
        abort();
    config_done(&c);
    return 0;
}
