/* SPDX-License-Identifier: Apache-2.0 */
/* seen.h: the entries of a tarball so far, found by name in constant time: an archive of a million names that each replace
 * another, or are hard links, takes no longer for each than one of a thousand. */
#ifndef LRUN_SEEN_H
#define LRUN_SEEN_H

#include "unpack/zip.h"

struct seen {             /* all zero, then seen_start() */
    struct zip_entry *at; /* in the archive's order; at most one of a name is not replaced */
    size_t n, cap;
    uint32_t *slots; /* of a hash table: place in at plus 1; 0: free */
    size_t slot_count;
    uint64_t secret; /* of the hash: an archive's author cannot choose names that collide */
};

/* -1 with err if there are no random bytes. */
int seen_start(struct seen *s, struct err *err);

/* The last entry of this name that was added; NULL: there is none. Valid until the next seen_add(). */
struct zip_entry *seen_find(const struct seen *s, const char *name);

/* Adds an entry, whose name now belongs to s; a later seen_find() finds it instead of earlier ones of its name. */
struct zip_entry *seen_add(struct seen *s, const struct zip_entry *e);
void seen_done(struct seen *s);

#endif
