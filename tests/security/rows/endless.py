# SPDX-License-Identifier: Apache-2.0
"""Mutants: programs that never stop printing. The columns are described in ../mutants.py."""
ENDLESS = ("tests/security/test_endless.py",)

MUTANTS = {
    "a log is read until its pipe is empty": ("launcher/environment/log.c", "        left -= n < left ? n : left;\n", "        left = 1;\n", {"what_a_function_prints_for_ever_does_not_keep_its_answer"}, ENDLESS),
    "a terminal is read until nothing comes": ("launcher/sandbox/terminal.c", "        left -= n;\n", "        left = HOLDS;\n", {"what_a_command_leaves_behind_does_not_keep_the_terminal_of_the_one_that_entered"}, ENDLESS),
}
