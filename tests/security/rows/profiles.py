# SPDX-License-Identifier: Apache-2.0
"""Mutants: profiles of options. The columns are described in ../mutants.py."""
FIND = "launcher/command/profile_find.c"
PROFILE = ("tests/cli/test_profile.py",)
NAMED = {"a_name_whose_file_others_can_change_is_refused"}

MUTANTS = {
    "profiles: a name's file that others can change": (FIND, "return why ? refuse(ret, why, ", "return 0 && why ? refuse(ret, why, ", NAMED | {"root_takes_no_profile_of_another_user"}, PROFILE, "others_can or another_user", "root"),
    "profiles: directories that others can change": (FIND, "OWN_PTR char *dir = shared_dir(path, levels);", "OWN_PTR char *dir = levels ? NULL : shared_dir(path, levels);", NAMED, PROFILE, "others_can"),
    "profiles: a sticky directory above": (FIND, "st.st_mode & S_ISVTX && levels == 1", "st.st_mode & S_ISVTX", NAMED, PROFILE, "others_can"),
    "profiles: files of another user": (FIND, "    return !own || st->st_mode & 02", "    return st->st_mode & 02", {"root_takes_no_profile_of_another_user"}, PROFILE, "another_user", "root"),
    "profiles: root opens what others name": (FIND, "return ret->note && geteuid() == 0 ?", "return ret->note && geteuid() == 1 ?", {"a_file_that_others_can_change_is_said_and_for_root_refused", "root_takes_no_profile_of_another_user"}, PROFILE, "others_can or another_user", "root"),
    "profiles: members that are no options are passed over": ("launcher/command/profile.c", '            status = set(x, name, "");', "            continue;", {"what_is_no_option_of_the_command_is_refused_with_file_and_member"}, PROFILE, "no_option"),
    "profiles: options of the command line alone": ("launcher/command/cli_file.c", "if (row && row->flags & LINE_ONLY)", "if (row && row->flags & LINE_ONLY && !row->arg)", {"what_is_no_option_of_the_command_is_refused_with_file_and_member"}, PROFILE, "no_option"),
    "profiles: below a project": ("launcher/command/cli_file.c", "        cli_mark(row, r);", "        (void)row;", {"a_project_is_below_the_profile"}, PROFILE, "project"),
}
