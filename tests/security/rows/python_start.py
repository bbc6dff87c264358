# SPDX-License-Identifier: Apache-2.0
"""Mutants: how Python's interpreter is started, and what was compiled for it. The columns are described in ../mutants.py."""
DIRECT = "tests/runtimes/test_direct_start.py"
BYTECODE = "tests/runtimes/test_bytecode.py"
C = "launcher/launch/bytecode.c"

MUTANTS = {
    "python: a shell in between": ("launcher/sandbox/payload.c", "    if (s->direct)\n", "    if (s->direct && s->failed)\n", {"no_shell_is_in_between", "each_environment_of_a_function_is_started_alike"}, (DIRECT,), None),
    "python: no shell where one was asked for": ("launcher/launch/direct_start.c", "            if (str_begins(user->at[i], FOR_A_SHELL[k]))", "            if (!user->at[i] || !FOR_A_SHELL[k])",
                                                 {"a_wrapper_is_started_by_the_shell", "what_a_shell_makes_of_a_variable_it_makes_still", "bash_reads_its_script_still"}, (DIRECT,), None),
    "python: variables that have no room are left out": ("launcher/sandbox/payload.c", "        if (n >= VARIABLES_MAX - 3)\n            return false;\n", "        if (n >= VARIABLES_MAX - 3)\n            break;\n",
                                                         {"more_variables_than_there_is_room_for"}, (DIRECT,), None),
    "bytecode: what was damaged is used": (C, "    return strcmp(found, hash) == 0 && parse(ret);", "    return found[0] && parse(ret);", {"what_was_damaged_is_made_again"}, (BYTECODE,), "damaged"),
    "bytecode: another client's is used": (C, "            hash = hash_more(hash, files[i].text, strlen(files[i].text));", "            hash = hash_more(hash, files[i].target, strlen(files[i].target));", {"another_lruns_client_is_not_used"}, (BYTECODE,), "another"),
    "bytecode: another boot's or file's is used": ("cache/cache_memo.c", "(ssize_t)n || strncmp(text, start, n) != 0 ||", "(ssize_t)n ||", {"another_ones_is_not_used", "an_interpreter_that_is_exchanged_compiles_again"}, (BYTECODE,), "another_ones or exchanged"),
    "bytecode: an interpreter is asked at each start": (C, "        cache_remember(&in->cache, a->memo, a->fd, &a->state, NONE);", "        (void)NONE;", {"an_interpreter_that_does_not_compile_is_asked_once"}, (BYTECODE,), "asked_once"),
    "bytecode: an interpreter says where its files go": (C, '    if (!str_begins(line, COMPILED "/") ||', "    if (", {"an_interpreter_that_does_not_compile_is_asked_once"}, (BYTECODE,), "asked_once"),
    "bytecode: an interpreter's paths lead away": (C, "strchr(line + sizeof COMPILED, '/') ||", "", {"an_interpreter_that_does_not_compile_is_asked_once"}, (BYTECODE,), "asked_once"),
    "bytecode: as many files as there are": (C, "    return b->n == count_sources() + 1;", "    return b->n > 0 && count_sources();", {"an_interpreter_that_does_not_compile_is_asked_once"}, (BYTECODE,), "asked_once"),
    "bytecode: a root file system's interpreter by its name here": (C, " || in->rootfs.path) /* nothing", ") /* nothing", {"a_root_file_systems_interpreter_is_not_run_here"}, (BYTECODE,), "root_file"),
    "bytecode: what came in between is remembered": (C, "    if (pid < 0 || was_disturbed(status))", "    if (pid < 0 && was_disturbed(status))", {"an_interpreter_that_was_interrupted_is_asked_again"}, (BYTECODE,), "interrupted"),
}
