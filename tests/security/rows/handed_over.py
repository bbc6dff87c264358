# SPDX-License-Identifier: Apache-2.0
"""Mutants: what is handed over. The columns are described in ../mutants.py."""
EXEC = "tests/cli/test_exec.py"
TRUST = "tests/security/test_trust.py"

MUTANTS = {
    "sockets as volumes": ("launcher/launch/inputs.c", "if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {\n        fail(err, 0, copy", "if (getpid() < 0) {\n        fail(err, 0, copy", {"bad_volumes_are_refused"}, (EXEC,), "volumes"),
    "the home directory as a volume": ("launcher/launch/trust.c", "if (relation != HOLDS)", "if (getpid() > 0)", {"bad_volumes_are_refused", "no_directory_that_holds_the_home_directory_is_shown"}, (EXEC, TRUST), "bad_volumes or home_directory"),
    "a directory as standard input": ("launcher/sandbox/stdio.c", "S_ISDIR(st.st_mode)) {", "S_ISDIR(st.st_mode) && fd > 2) {", {"a_directory_as_standard_input_is_refused"}, (EXEC,), "standard_input"),
}
