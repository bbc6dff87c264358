/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h: who lrun runs as. Never set-id, and never real root: root becomes an unprivileged uid first. */
#ifndef LRUN_IDENTITY_H
#define LRUN_IDENTITY_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct identity {
    uid_t uid; /* what lrun runs as once identity_take() is done */
    gid_t gid;
    bool from_root; /* it was started as root and must change */
    bool stays;     /* it is root of a user namespace that has no other uid */
};

/* Decides, changing nothing. Refuses to run set-id. */
int identity_choose(struct identity *ret, struct err *err);

/* Where the cache is kept: dir if not NULL, else by XDG_CACHE_HOME, HOME, or for root /var/cache/lrun/UID. ret: owned.
 * A root that will change opens the directory, made for the new uid if it is not there; else *ret_place is -1. */
int identity_cache_dir(const struct identity *id, const char *dir, char **ret, int *ret_place, struct err *err);

/* Where added runtimes are kept: by XDG_DATA_HOME, HOME, or for root /var/lib/lrun/UID. The caller frees it. NULL: neither is set. */
char *identity_store_dir(const struct identity *id);
/* The same of layers. */
char *identity_layer_store(const struct identity *id);

/* Root of the machine becomes id->uid, for good. Root of a user namespace without another uid stays what it is,
 * which outside is an unprivileged user already. What only root may open must be open by now. */
int identity_take(const struct identity *id, struct err *err);

/* A new session keyring in place of the caller's, whose keys a process reaches whatever its namespaces. Returns -1 with errno;
 * a kernel without keys is no error. */
int identity_leave_keyring(void);

#endif
