/* SPDX-License-Identifier: Apache-2.0 */
/* zip.c: the central-directory pass on any bytes. What it accepts must keep its promises. */
#include "unpack/zip.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zip z;
    struct err err;
    uint8_t *copy = malloc(size ? size : 1); /* of its exact size, so that a read past the end is seen */
    memcpy(copy, data, size);
    if (zip_read(copy, size, &z, &err) == 0) {
        uint64_t sum = 0;
        for (size_t i = 0; i < z.n; i++) {
            const struct zip_entry *e = &z.entries[i];
            sum += e->size;
            if (e->name[0] == '/' || strstr(e->name, "//") || strncmp(e->name, "../", 3) == 0 || strstr(e->name, "/../") ||
                strcmp(e->name, "..") == 0)
                abort();
            if (e->offset >= size || (i && e->offset <= z.entries[i - 1].offset))
                abort();
        }
        if (sum != z.size || sum > ZIP_MAX_SIZE)
            abort();
        zip_done(&z);
    } else if (!err.what[0]) {
        abort(); /* refused without a word */
    }
    free(copy);
    return 0;
}
