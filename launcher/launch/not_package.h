/* SPDX-License-Identifier: Apache-2.0 */
/* not_package.h: files that users name by mistake in place of a package (a template, an image, an ARN, a source file), and the remedy. */
#ifndef LRUN_NOT_PACKAGE_H
#define LRUN_NOT_PACKAGE_H

#include "base/err.h"
#include "launcher/launch/request.h"

enum package_role { ROLE_FUNCTION, ROLE_LAYER };

/* After path could not be opened because nothing has that name: err holds that, and is replaced by one of usage where the name
 * tells more. Always -1. */
int not_package_name(const struct request *r, const char *path, enum package_role role, struct err *err);

/* fd: what path names, open for reading. Returns 0 if it may be a package, 1 if it is to be
 * read as an image (of a function only), else -1 with an err of usage. */
int not_package_check(const struct request *r, const char *path, bool is_dir, int fd, enum package_role role, struct err *err);

#endif
