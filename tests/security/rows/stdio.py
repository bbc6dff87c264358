# SPDX-License-Identifier: Apache-2.0
"""Mutants: files as standard streams. The columns are described in ../mutants.py."""
STDIO = ("tests/security/test_stdio.py",)

MUTANTS = {
    "files are handed in": ("launcher/sandbox/stdio.c", "        if (!is_file[i])\n", "        if (ret_fds[i] >= 0)\n",
                            {"a_file_to_be_read_cannot_be_written", "a_log_for_appending_is_neither_read_nor_emptied", "what_cannot_be_written_is_said_and_ends_the_writer", "a_file_as_standard_input_of_a_debugged_function"}, STDIO),
    "a pipe for a file works both ways": ("launcher/sandbox/stdio.c", " || fchmod(stream->theirs, input ? S_IRUSR : S_IWUSR) < 0)", ")", {"a_file_to_be_read_cannot_be_written", "a_log_for_appending_is_neither_read_nor_emptied"}, STDIO),
    "one file, two pipes": ("launcher/sandbox/stdio.c", "if (i == STDERR_FILENO && is_same", "if (i == STDIN_FILENO && is_same", {"one_file_for_both_keeps_the_order"}, STDIO),
    "standard input is left where it was": ("launcher/sandbox/stdio.c", "if (s->seeks && s->streams", "if (!s->seeks && s->streams", {"standard_input_is_left_behind_what_was_read", "a_new_sandbox_goes_on_reading_where_the_last_one_stopped"}, STDIO),
    "a new sandbox's standard input begins anew": ("launcher/environment/environment_start.c", "    end_stdio(e);\n    log_drain(&e->log);\n}", "    (void)end_stdio;\n    log_drain(&e->log);\n}",
                                                   {"a_new_sandbox_goes_on_reading_where_the_last_one_stopped"}, STDIO),
}
