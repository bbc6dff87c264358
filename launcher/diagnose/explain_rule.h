/* SPDX-License-Identifier: Apache-2.0 */
/* explain_rule.h: what a row of the table of causes is, and what rows are made of. For explain*.c, inspect_*.c and
 * handler.c only. */
#ifndef LRUN_EXPLAIN_RULE_H
#define LRUN_EXPLAIN_RULE_H

#include "launcher/diagnose/explain.h"

enum { GROUPS_MAX = 4, OBJECT_MAX = 512 };

struct match {
    char groups[GROUPS_MAX][OBJECT_MAX]; /* of the rule's pattern; "" where it did not take part */
    char line[1024];                     /* the line it is in */
};

typedef bool tell_fn(const struct evidence *, const struct match *, struct text *);

/* One thing that can have happened. All conditions of a row must hold:
 *   pattern   POSIX extended, found in the text
 *   tell      returns true if the evidence establishes it; adds the sentence, unless the row has one
 *   refused   one of these system calls, each between blanks, is among the refused ones
 *   says      the sentence; its %s is the refused call, else the pattern's first group */
struct rule {
    const char *id, *pattern;
    tell_fn *tell;
    const char *says, *refused;
};
extern const struct rule RULES[];
extern const size_t RULE_COUNT;

/* The last lines of the log, as they are. */
void explain_add_log(const struct evidence *ev, struct text *out);
/* The first match of a POSIX extended pattern: true, and this group of it. */
bool explain_find(const char *text, const char *pattern, size_t group, char *ret, size_t size);
/* The path inside that a word of a message means: absolute as it is, else from /var/task. */
void explain_path(const char *word, char *ret, size_t size);
/* Calls fn with each path of the line that is in function or layers, until it returns true. */
typedef bool (*path_fn)(const struct evidence *, const struct merged_file *, struct text *);
bool explain_paths(const struct evidence *ev, const struct match *m, path_fn fn, struct text *out);
/* The same for programs that were not found: a name without a slash is looked for in PATH, not in /var/task. */
bool explain_started(const struct evidence *ev, const struct match *m, path_fn fn, struct text *out);
/* The path a link means, without looking at anything. */
void explain_resolve(const char *link, const char *target, char *ret, size_t size);

/* True: the text holds the error's own words, and nothing merely printed; false: it holds the last lines of the log. */
bool explain_by_payload(const struct evidence *ev);
/* The line of the package's source that the first frame of a trace names, as Node.js spells frames. false: none. */
bool explain_source_line(const struct evidence *ev, char *ret, size_t size);
/* The interpreter that a script's first line names, in line; NULL: it names none. */
const char *explain_interpreter(const struct evidence *ev, const struct merged_file *f, char *line, size_t size);
bool explain_on_lambda(const char *interpreter);                    /* every runtime of Lambda has it */
bool explain_loader_on_lambda(const char *loader);                  /* glibc's, in its place */
bool explain_behind_link(const struct merged *m, const char *path); /* a directory above it is a link: what is there is not known */
bool explain_is_metadata(const char *path);                         /* a file that macOS adds to archives */
/* The text holds one of these; NULL at the end. */
bool explain_says(const struct evidence *ev, const char *const *words);
/* The file that is this module beneath this directory, by the forms that Python and Node.js take; NULL: none. */
const struct merged_file *explain_module_at(const struct evidence *ev, const char *dir, const char *module);
/* A module's name as part of a path: a.b is a/b, ./lib/i is lib/i. */
void explain_module_path(const char *name, char *ret, size_t size);

bool explain_tmp(const struct evidence *ev, const char *path, int64_t *ret_made_ms); /* false: its /tmp has no such file */

/* explain_files.c */
tell_fn tell_crlf, tell_interpreter, tell_loader, tell_machine, tell_no_shebang, tell_not_executable, tell_unreadable, tell_read_only,
    tell_database, tell_wal;

/* explain_libraries.c */
tell_fn tell_foreign_library, tell_library, tell_version, tell_symbol;
const char *elf_machine_name(unsigned machine);

/* explain_modules.c */
tell_fn tell_nested, tell_case, tell_backslash, tell_dangling, tell_prefix, tell_sdk, tell_sdk_2, tell_esm, tell_abi, tell_shadow,
    tell_no_bootstrap;

/* explain_handlers.c */
tell_fn tell_hidden_layer, tell_handler_file, tell_handler_function, tell_handler_name, tell_handler_relative;

/* explain_programs.c */
tell_fn tell_program, tell_hidden_java, tell_program_of_python, tell_program_of_shell, tell_program_of_status, tell_program_of_node,
    tell_wrapper, tell_bootstrap_interpreter, tell_host_interpreter, tell_extension_ended, tell_mac_extension;

/* explain_surroundings.c */
tell_fn tell_ipv6, tell_mlock, tell_last_words, tell_unset, tell_unset_in_node, tell_new_database, tell_localhost, tell_fetch_outside,
    tell_no_login, tell_old_socket;

/* explain_state.c */
tell_fn tell_tmp_full, tell_tmp_is_full, tell_task_limit, tell_fork_refused, tell_left_over, tell_half_done, tell_shm, tell_shm_denied,
    tell_not_permitted, tell_frozen, tell_timeout, tell_init_timeout, tell_memory, tell_exit, tell_response, tell_signal, tell_no_network,
    tell_no_account;

#endif
