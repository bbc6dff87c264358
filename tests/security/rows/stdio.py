# SPDX-License-Identifier: Apache-2.0
"""Mutants: files as standard streams. The columns are described in ../mutants.py."""
STDIO = ("tests/security/test_stdio.py",)
FILES = ("tests/cli/test_exec_files.py",)
REFUSED = {"a_file_that_cannot_stand_for_a_stream_is_refused_and_not_emptied"}
STREAMS = "launcher/launch/inputs_streams.c"

MUTANTS = {
    "files are handed in": ("launcher/sandbox/stdio.c", "file == i ? is_file[i] :", "file == i ? false :",
                            {"a_file_to_be_read_cannot_be_written", "a_log_for_appending_is_neither_read_nor_emptied", "what_cannot_be_written_is_said_and_ends_the_writer", "a_file_as_standard_input_of_a_debugged_function"}, STDIO),
    "a pipe for a file works both ways": ("launcher/sandbox/stdio.c", " || fchmod(stream->theirs, input ? S_IRUSR : S_IWUSR) < 0)", ")", {"a_file_to_be_read_cannot_be_written", "a_log_for_appending_is_neither_read_nor_emptied"}, STDIO),
    "one file, two pipes": ("launcher/sandbox/stdio.c", "if (i == STDERR_FILENO && !limited && carried", "if (i == STDIN_FILENO && carried", {"one_file_for_both_keeps_the_order"}, STDIO),
    "standard input is left where it was": ("launcher/sandbox/stdio.c", "if (s->seeks && input->theirs", "if (!s->seeks && input->theirs", {"standard_input_is_left_behind_what_was_read", "a_new_sandbox_goes_on_reading_where_the_last_one_stopped"}, STDIO),
    "a new sandbox's standard input begins anew": ("launcher/environment/environment_start.c", "    end_stdio(e);\n    log_drain(&e->log);\n}", "    (void)end_stdio;\n    log_drain(&e->log);\n}",
                                                   {"a_new_sandbox_goes_on_reading_where_the_last_one_stopped"}, STDIO),
    "files of --stdout are handed in": ("launcher/sandbox/stdio.c", "fstat(file, &st) == 0 && S_ISREG(st.st_mode);", "fstat(file, &st) == 0 && st.st_size < 0;",
                                        {"the_command_gets_pipes_and_never_the_files", "a_full_stream_is_named_by_its_file"}, FILES, "pipes or named"),
    "--stdout FILE is what a later launch trusts": (STREAMS, "return trust_check_writable(in->streams[i], path, in->cache_dir, in->cache_base, id, err);", "return (void)id, 0;", REFUSED, FILES, "stand_for"),
    "--stdout FILE is the package": (STREAMS, "    if (check_inputs(path, i, st, in, err) < 0)", "    if (0 && check_inputs(path, i, st, in, err) < 0)", REFUSED, FILES, "stand_for"),
    "--stdin FILE is a pipe of the host's": (STREAMS, "    if (S_ISREG(st->st_mode) ||", "    if (!S_ISDIR(st->st_mode) ||", REFUSED, FILES, "stand_for"),
    "outputs are emptied before the rest is checked": (STREAMS, "O_WRONLY | O_CREAT | O_APPEND)", "O_WRONLY | O_CREAT | O_APPEND | O_TRUNC)", REFUSED | {"outputs_are_emptied_only_once_nothing_else_is_refused"}, FILES, "stand_for or only_once"),
}
