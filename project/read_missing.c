/* SPDX-License-Identifier: Apache-2.0 */
/* read_missing.c: readers that are not there yet. */
#include "project/model.h"

#define MISSING(name) \
    __attribute__((weak)) int name(const struct ask *a, struct files *f, const char *path, struct model *m, struct err *err) \
    { \
        (void)a, (void)f, (void)m; \
        return fail(err, 0, path, "read the project: this kind is not understood yet"); \
    }
MISSING(read_sam)
MISSING(read_cdk)
MISSING(read_serverless)
MISSING(read_serverless_package)
MISSING(read_terraform)
