/* SPDX-License-Identifier: Apache-2.0 */
/* store_names.h: how a store of a user's own keeps what is known of each thing in it: a file DIR/name/NAME with a line for each fact,
 * "KEY VALUE". It is written by one rename (fs_replace()), by who has name/ locked. For store*.c and layer_store.c only. */
#ifndef LRUN_STORE_NAMES_H
#define LRUN_STORE_NAMES_H

#include "base/str.h"
#include "cache/cache.h"

#define STORE_NAMES "name"

/* Locks the names, made if there are none, until the descriptor is closed. */
int store_lock(const struct cache *store, int *ret, struct err *err);

/* Sorted, as people order versions. A store without any is no error. */
int store_list(const struct cache *store, struct strv *ret, struct err *err);

/* What killed lruns left beside them; the names are locked, so nobody is writing one. */
void store_remove_drafts(const struct cache *store);

/* The value of a line, cut to the room there is. False: there is no such line. */
bool store_line(const char *text, const char *key, char *ret, size_t size);
/* The same of a whole number; 0: there is none. */
uint64_t store_number(const char *text, const char *key);

#endif
