# SPDX-License-Identifier: Apache-2.0
"""Mutants: lines of a batch that submitters write, the files they name, and results. The columns are described in ../mutants.py."""
LINES, RESTART = ("tests/cli/test_batch.py",), ("tests/cli/test_batch_restart.py",)
BENEATH, REFUSED = {"named_files_lie_beneath_the_root_and_no_link_leads_anywhere"}, {"what_a_line_must_not_say_fails_that_line_and_no_other"}
RESOLVE = "RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS"

MUTANTS = {
    "batch: files out of the root": ("launcher/batch/job_files.c", RESOLVE, "RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS", BENEATH, LINES, "named"),
    "batch: files through links": ("launcher/batch/job_files.c", RESOLVE, "RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS", BENEATH, LINES, "named"),
    "batch: files that are none": ("launcher/batch/job_files.c", "if (!S_ISREG(st.st_mode))", "if (0 && !S_ISREG(st.st_mode))", BENEATH, LINES, "named"),
    "batch: members that nobody knows": ("launcher/batch/job.c", "            return unknown_member(key, err);", "            continue;\n        (void)unknown_member;", REFUSED, LINES, "must_not"),
    "batch: names out of the directory": ("launcher/batch/job.c", "if (!name || !is_plain_name(name))", "if (!name || (0 && !is_plain_name(name)))", REFUSED, LINES, "must_not"),
    "batch: lines without an end": ("launcher/batch/lines.c", "if (l->buffer.n - l->at > l->most || l->skips)", "if (l->skips)", {"a_line_without_an_end_is_refused_in_bounded_memory"}, LINES, "bounded"),
    "batch: standard input that can be written": ("launcher/batch/worker.c", " || fcntl(fd, F_ADD_SEALS, SEALS) < 0)", " || SEALS == 0)", {"standard_input_cannot_be_written_to"}, LINES, "standard_input"),
    "batch: two writers": ("launcher/batch/journal.c", "if (flock(j->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)", "if (j->fd < 0)", {"one_batch_at_a_time_has_a_file_of_results"}, RESTART, "one_batch"),
    "batch: somebody else's file": ("launcher/batch/journal.c", "status = ours ? 0 : not_ours(j, err);", "status = 0;", {"a_file_of_something_else_is_left_alone"}, RESTART, "something_else"),
    "batch: half a line on a full disk": ("launcher/batch/journal.c", "if (ftruncate(j->fd, before.st_size) < 0)", "if (before.st_size < 0)", {"a_full_disk_is_an_error_and_what_is_there_is_whole"}, RESTART, "full_disk"),
    "batch: workers that outlive a killed lrun": ("launcher/batch/worker.c", "if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)", "if (getppid() != parent)", {"one_batch_at_a_time_has_a_file_of_results"}, RESTART, "one_batch"),
}
