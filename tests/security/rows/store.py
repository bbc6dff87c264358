# SPDX-License-Identifier: Apache-2.0
"""Mutants: added runtimes. The columns are described in ../mutants.py."""
STORE = "tests/cli/test_runtime_store.py"
INTERPRETERS = "tests/runtimes/test_interpreters.py"

MUTANTS = {
    "store: a runtime's directory: links are followed": ("cache/store_pack.c", "if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)", "if (fstatat(dir, name, &st, 0) < 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)", {"links_of_a_directory_are_kept_and_never_followed"}, (STORE,), "never_followed"),
    "store: a runtime's directory: pipes": ("cache/store_pack.c", "    if (!S_ISDIR(st.st_mode))\n        return 0;", "    if (!S_ISDIR(st.st_mode))\n        return put_file(p, dir, name, path, err);", {"pipes_and_sockets_are_left_out_and_block_nothing"}, (STORE,), "pipes"),
    "store: a runtime's directory: installed modules": ("launcher/command/cmd_runtime.c", "before.program[0] ? stored_leaves : NULL", "NULL", {"modules_that_were_installed_into_a_directory_are_not_copied"}, (STORE,), "not_copied"),
    "store: a runtime's directory: modes": ("cache/store_pack.c", "mode_t mode = st.st_mode & S_IXUSR ? 0755 : 0644;", "mode_t mode = st.st_mode & 0777;", {"equal_directories_have_one_digest_and_one_tree_whatever_their_modes"}, (STORE,), "one_digest"),
    "store: a runtime of another version": ("launcher/launch/stored.c", "if (!is_a(tree, ret->program, S_IFREG)) {", "if (!tree) {", {"a_source_that_would_not_run_is_refused_by_name"}, (STORE,), "by_name and version"),
    "store: a runtime for another machine": ("launcher/launch/stored.c", "if (head.e_machine != ARCH_OURS_ELF)", "if (!head.e_machine)", {"a_source_that_would_not_run_is_refused_by_name"}, (STORE,), "by_name and machine"),
    "store: a runtime that is a script": ("launcher/launch/stored.c", "memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||\n        head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof(Elf64_Phdr))", "memcmp(head.e_ident, ELFMAG, SELFMAG) > 1000)", {"a_source_that_would_not_run_is_refused_by_name"}, (STORE,), "by_name and script"),
    "store: a runtime with another loader": ("launcher/launch/stored.c", "|| access(loader, F_OK) < 0)", ")", {"a_source_that_would_not_run_is_refused_by_name"}, (STORE,), "by_name and loader"),
    "store: a runtime without its library": ("launcher/launch/stored.c", "if (!is_a(tree, library, S_IFREG))", "if (!tree)", {"a_source_that_would_not_run_is_refused_by_name"}, (STORE,), "by_name and library"),
    "store: a runtime whose headers name another version": ("launcher/launch/stored.c", "if (major && major != version)", "if (!version)", {"nodes_version_is_read_from_its_headers"}, (STORE,), "headers"),
    "store: the host's own directories as a runtime": ("launcher/command/cmd_runtime.c", "own.st_ino != st->st_ino)", "own.st_ino != 0)", {"what_is_no_source_is_refused_by_name"}, (STORE,), "no_source"),
    "store: an added interpreter compiles outside a sandbox": ("launcher/launch/bytecode.c", "make && !in->added.runtime.id[0] && compile", "make && compile", {"what_was_added_is_never_started_outside_a_sandbox"}, (STORE,), "never_started"),
    "store: the wrong trees are tidied away": ("cache/store.c", "        if (!is_named(store, keys.at[i], &names))", "        if (is_named(store, keys.at[i], &names))", {"a_name_keeps_the_tree_that_another_names_too"}, (STORE,), "another_names"),
    "store: damaged runtimes": ("cache/store.c", "&& entry_verify(store, e.lock, entry_use(s.key), &why) == 0;", ";", {"a_damaged_runtime_is_found_and_said"}, (STORE,), "damaged"),
    "store: trees without a name": ("cache/store.c", "            entry_remove(store, \"tree\", keys.at[i], &ignored);", "            (void)ignored;", {"a_directory_is_added_listed_shown_and_removed"}, (STORE,), "listed_shown"),
    "store: a used runtime is not locked": ("launcher/launch/stored_use.c", "    found = store_open(&in->added.store, &s, &in->added.tree, err);", "    found = store_open(&in->added.store, &s, &in->added.tree, err);\n    if (found > 0) own_close(&in->added.tree.lock);", {"a_runtime_in_use_is_not_taken_away"}, (STORE,), "in_use"),
    "store: an added interpreter writes without end": ("launcher/launch/bytecode_inside.c", "if (ret->n > most)", "if (!ret->n && !n && most)", {"what_an_added_interpreter_makes_of_the_client_is_bounded_and_checked"}, (STORE,), "bounded_and_checked and while"),
    "store: an added interpreter's bytecode beside others'": ("launcher/launch/bytecode.c", 'snprintf(ret, NAME_SIZE, "bytecode/%.32s%s%s", digest, *digest ? "-" : "", hash);', 'snprintf(ret, NAME_SIZE, "bytecode/%.0s%s", digest, hash);', {"an_added_python_compiles_the_client_once_and_in_a_sandbox"}, (STORE,), "compiles_the_client"),
    "store: the home directory as a runtime": ("launcher/command/cmd_runtime.c", "trust_check_prefix(a->fd, a->source, id, err) < 0", "id->uid == 1", {"the_home_directory_is_no_source"}, (STORE,), "home_directory"),
    "store: the home directory as an interpreter's": ("launcher/launch/inputs_source.c", "if (trust_check_prefix(fd, prefix, id, err) < 0)", "if (fd < 0)", {"interpreter_in_the_homes_own_bin_is_refused"}, (INTERPRETERS,), "homes_own"),
    "store: a script as an interpreter": ("launcher/launch/inputs_source.c", "|| !interpreter_starts_here(fd))", ")", {"interpreter_that_will_not_do_is_refused_by_name"}, (INTERPRETERS,), "will_not_do and script"),
    "store: an interpreter of another version": ("launcher/launch/interpreter.c", "    if (wanted && version != wanted)\n        return fail_hint(", "    if (!version)\n        return fail_hint(", {"interpreter_that_will_not_do_is_refused_by_name"}, (INTERPRETERS,), "will_not_do and version"),
    "store: what a named interpreter said is another language's": ("launcher/launch/interpreter.c", 'l->versioned ? "python" : "version";', 'l->versioned ? "version" : "version";', {"interpreter_that_will_not_do_is_refused_by_name"}, (INTERPRETERS,), "will_not_do and language"),
}
