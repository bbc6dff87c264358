/* SPDX-License-Identifier: Apache-2.0 */
/* explain_rule.h: what a row of the table of causes is, and what rows are made of. For explain_*.c only. */
#ifndef LRUN_EXPLAIN_RULE_H
#define LRUN_EXPLAIN_RULE_H

#include "launcher/explain.h"

enum { GROUPS_MAX = 4, OBJECT_MAX = 512 };

struct match {
    char groups[GROUPS_MAX][OBJECT_MAX]; /* of the rule's pattern; "" where it did not take part */
    char line[1024];                     /* the line it is in */
};

/* One thing that can have happened. All that a row has must hold:
 *   pattern   POSIX extended, found in the text
 *   tell      returns true if the evidence establishes it; adds the sentence, unless the row has one
 *   refused   one of these system calls, each between blanks, is among the refused ones
 *   says      the sentence; its %s is the refused call, else the pattern's first group */
struct rule {
    const char *id, *pattern;
    bool (*tell)(const struct evidence *, const struct match *, struct text *);
    const char *says, *refused;
};
extern const struct rule RULES[];
extern const size_t RULE_COUNT;

/* The path inside that a word of a message means: absolute as it is, else from /var/task. */
void explain_path(const char *word, char *ret, size_t size);
/* Calls fn with each path of the line that is in function or layers, until it returns true. */
typedef bool (*path_fn)(const struct evidence *, const struct merged_file *, struct text *);
bool explain_paths(const struct evidence *ev, const struct match *m, path_fn fn, struct text *out);
/* The path a link means, without looking at anything. */
void explain_resolve(const char *link, const char *target, char *ret, size_t size);

bool explain_tmp(const struct evidence *ev, const char *path, int64_t *ret_made_ms); /* false: no such thing in its /tmp */

/* explain_files.c */
bool tell_crlf(const struct evidence *, const struct match *, struct text *);
bool tell_interpreter(const struct evidence *, const struct match *, struct text *);
bool tell_loader(const struct evidence *, const struct match *, struct text *);
bool tell_machine(const struct evidence *, const struct match *, struct text *);
bool tell_no_shebang(const struct evidence *, const struct match *, struct text *);
bool tell_not_executable(const struct evidence *, const struct match *, struct text *);
bool tell_unreadable(const struct evidence *, const struct match *, struct text *);
bool tell_read_only(const struct evidence *, const struct match *, struct text *);
bool tell_database(const struct evidence *, const struct match *, struct text *);
bool tell_wal(const struct evidence *, const struct match *, struct text *);

/* explain_libraries.c */
bool tell_foreign_library(const struct evidence *, const struct match *, struct text *);
bool tell_library(const struct evidence *, const struct match *, struct text *);
bool tell_version(const struct evidence *, const struct match *, struct text *);
bool tell_symbol(const struct evidence *, const struct match *, struct text *);
const char *elf_machine_name(unsigned machine);

/* explain_modules.c */
bool tell_nested(const struct evidence *, const struct match *, struct text *);
bool tell_case(const struct evidence *, const struct match *, struct text *);
bool tell_backslash(const struct evidence *, const struct match *, struct text *);
bool tell_dangling(const struct evidence *, const struct match *, struct text *);
bool tell_prefix(const struct evidence *, const struct match *, struct text *);
bool tell_sdk(const struct evidence *, const struct match *, struct text *);
bool tell_sdk_2(const struct evidence *, const struct match *, struct text *);
bool tell_esm(const struct evidence *, const struct match *, struct text *);
bool tell_abi(const struct evidence *, const struct match *, struct text *);
bool tell_shadow(const struct evidence *, const struct match *, struct text *);
bool tell_no_bootstrap(const struct evidence *, const struct match *, struct text *);

/* explain_state.c */
bool tell_tmp_full(const struct evidence *, const struct match *, struct text *);
bool tell_left_over(const struct evidence *, const struct match *, struct text *);
bool tell_half_done(const struct evidence *, const struct match *, struct text *);
bool tell_shm(const struct evidence *, const struct match *, struct text *);
bool tell_shm_denied(const struct evidence *, const struct match *, struct text *);
bool tell_not_permitted(const struct evidence *, const struct match *, struct text *);
bool tell_frozen(const struct evidence *, const struct match *, struct text *);
bool tell_timeout(const struct evidence *, const struct match *, struct text *);
bool tell_init_timeout(const struct evidence *, const struct match *, struct text *);
bool tell_memory(const struct evidence *, const struct match *, struct text *);
bool tell_exit(const struct evidence *, const struct match *, struct text *);
bool tell_response(const struct evidence *, const struct match *, struct text *);
bool tell_signal(const struct evidence *, const struct match *, struct text *);
bool tell_no_network(const struct evidence *, const struct match *, struct text *);
bool tell_no_account(const struct evidence *, const struct match *, struct text *);

#endif
