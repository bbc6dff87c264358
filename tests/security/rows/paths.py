# SPDX-License-Identifier: Apache-2.0
"""Mutants: paths of the host. The columns are described in ../mutants.py."""
PATHS = ("tests/security/test_paths.py",)

MUTANTS = {
    "a directory below an overlay": ("mounts/plan.c", '.kind = ROW_BIND,\n                                 .target = "var/task",\n                                 .source = in->function,', '.kind = ROW_OVERLAY, .target = "var/task", .sources = p->lowers, .n = 1,',
                                     {"a_directory_is_seen_as_it_is_edited", "what_shows_its_path_is_told_of"}, PATHS),
}
