# SPDX-License-Identifier: Apache-2.0
"""Mutants: how Python's interpreter is started, and what was compiled for it. The columns are described in ../mutants.py."""
DIRECT = "tests/runtimes/test_direct_start.py"

MUTANTS = {
    "python: a shell in between": ("launcher/sandbox/payload.c", "    if (s->direct)\n", "    if (s->direct && s->failed)\n", {"no_shell_is_in_between", "each_environment_of_a_function_is_started_alike"}, (DIRECT,), None),
    "python: no shell where one was asked for": ("launcher/launch/direct_start.c", "            if (str_begins(user->at[i], FOR_A_SHELL[k]))", "            if (!user->at[i] || !FOR_A_SHELL[k])",
                                                 {"a_wrapper_is_started_by_the_shell", "what_a_shell_makes_of_a_variable_it_makes_still", "bash_reads_its_script_still"}, (DIRECT,), None),
    "python: variables that have no room are left out": ("launcher/sandbox/payload.c", "        if (n >= VARIABLES_MAX - 3)\n            return false;\n", "        if (n >= VARIABLES_MAX - 3)\n            break;\n",
                                                         {"more_variables_than_there_is_room_for"}, (DIRECT,), None),
}
