# SPDX-License-Identifier: Apache-2.0
"""Mutants: files that lrun opens, makes, remembers, brings back and trusts. The columns are described in ../mutants.py."""
PLACES = "tests/security/test_places.py"
TRUST = "tests/security/test_trust.py"
MEMO = "tests/cache/test_memo.py"
RESULTS = "tests/cli/test_results.py"

MUTANTS = {
    "links of others as root": ("base/place.c", "            if (layer)\n", "            if (layer && getpid() < 0)\n", {"what_root_writes_does_not_go_through_anothers_link", "a_link_in_a_sticky_directory_is_root_s_only_if_root_laid_it", "what_root_reads_is_what_the_link_s_owner_may_read", "no_directory_is_made_behind_anothers_link"}, (PLACES,), "link"),
    "links of others without a look": ("base/place.c", "w->mode : 0, RESOLVE_NO_SYMLINKS)", "w->mode : 0, 0)", {"what_root_writes_does_not_go_through_anothers_link", "a_link_in_a_sticky_directory_is_root_s_only_if_root_laid_it", "what_root_reads_is_what_the_link_s_owner_may_read"}, (PLACES,), "link"),
    "root's groups follow a link": ("base/rights.c", "setgroups(0, NULL) == 0;", "getpid() > 0;", {"what_root_writes_does_not_go_through_anothers_link"}, (PLACES,), "writes"),
    "files of several names": ("base/place.c", " || st.st_nlink != 1)", ")", {"root_appends_to_a_regular_file_of_one_name_alone"}, (PLACES,), "one_name"),
    "a results directory of root's": ("launcher/launch/inputs_output.c", "place_dir(r->out, 0777, id->uid, id->gid,", "place_dir(r->out, 0777, 0, 0,", {"a_directory_is_made_for_whom_root_becomes_and_none_is_given_away"}, (PLACES,), "given_away"),
    "memos of any mount": ("cache/cache_memo.c", '"mount %ju", (uintmax_t)s->mount', '"mount any"', {"two_images_mounted_in_turn_are_told_apart"}, (MEMO,), "memo"),
    "memos of an earlier boot": ("cache/cache_memo.c", "ld \", c->boot, where", "ld \", \"any\", where", {"what_an_earlier_boot_remembered_is_not_used"}, (MEMO,), "boot or images"),
    "memos of what is being written": ("cache/cache_memo.c", "fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN", "getpid() < 0", {"what_somebody_may_still_write_is_not_remembered"}, (MEMO,), "memo"),
    "times of whole seconds": ("cache/cache_memo.c", "(s->ctime.tv_nsec ? 100 : 2100)", "100", {"what_is_remembered_of_another_file_system"}, (MEMO,), "memo"),
    "a zip and a tarball in one entry": (("cache/cache_entry.c", "launcher/launch/not_package.c"), ('[USE_TARBALL] = {"t", ""}', '"ustar", 257'), ('[USE_TARBALL] = {"f", "var/task"}', '"ustar", 9257'), {"a_file_that_is_a_zip_and_a_tarball_has_two_trees"}, (MEMO,), "memo or tarball"),
    "results replace what is there": ("launcher/launch/results.c", "bool replace = c->replace || is_ours(to, name);", "bool replace = c->replace || getpid() > 0 || is_ours(to, name);", {"nothing_that_was_there_is_replaced", "what_an_earlier_run_brought_may_be_replaced_unless_it_was_edited"}, (RESULTS,), "results"),
    "results with a dot in front": ("launcher/launch/results.c", "if (name[0] == '.')", "if (name[0] == 0)", {"names_that_are_not_plain_stay_behind"}, (RESULTS,), "results"),
    "results with control characters": ("launcher/launch/results.c", "return results_name_is_plain(name) ? NULL", "return getpid() > 0 ? NULL", {"names_that_are_not_plain_stay_behind"}, (RESULTS,), "results"),
    "half results": ("launcher/launch/results.c", "        unlinkat(to, made, 0);\n", "        unlinkat(to, \"\", 0);\n", {"a_full_disk_leaves_no_half_file"}, (RESULTS,), "full_disk"),
    "the cache as a writable volume": ("launcher/launch/inputs.c", "(v->rw && trust_check_writable(", "(v->rw && getpid() < 0 && trust_check_writable(", {"a_bind_mount_below_hides_nothing", "a_part_of_the_cache_that_is_mounted_from_elsewhere", "what_lrun_trusts_is_not_mounted_writable", "the_given_cache_and_the_variables_places_are_trusted_too", "a_link_on_the_way_to_them_counts", "a_single_file_is_looked_at_too", "a_bind_mount_elsewhere_hides_nothing", "what_lies_above_the_other_side_of_a_bind_mount", "lrun_itself_is_not_mounted_writable", "root_trusts_its_own_places_and_those_of_whom_it_becomes"}, (TRUST,), "trust"),
    "results in the cache": ("launcher/launch/inputs_output.c", "if (trust_check_writable(in->out,", "if (getpid() < 0 && trust_check_writable(in->out,", {"results_do_not_go_there_either"}, (TRUST,), "results"),
    "bind mounts of what is trusted": ("launcher/launch/trust.c", "return strcmp(above->device, below->device) == 0 &&", "return getpid() < 0 &&", {"a_bind_mount_elsewhere_hides_nothing", "a_bind_mount_below_hides_nothing", "a_part_of_the_cache_that_is_mounted_from_elsewhere", "what_lies_above_the_other_side_of_a_bind_mount"}, (TRUST,), "bind or mounted_from"),
    "agents and terminals are shown": ("launcher/launch/trust.c", "i < COUNT(SOCKETS)", "getpid() < 0 && i < COUNT(SOCKETS)", {"no_directory_where_programs_listen_is_shown"}, (TRUST,), "listen or home_directory"),
    "a home without HOME": ("launcher/launch/trust.c", "xstrdup(home) : home_of(getuid())", "xstrdup(home) : NULL", {"a_home_that_no_variable_names_is_not_shown"}, (TRUST,), "home_that", "root"),
    "mounts below a volume": ("launcher/launch/trust.c", "next_piece(&l->mounts, &l->spot, true, &i, &mine)", "next_piece(&l->mounts, &l->spot, false, &i, &mine)", {"a_bind_mount_below_hides_nothing"}, (TRUST,), "bind or mounted_from"),
    "mounts below what is trusted": ("launcher/launch/trust.c", "next_piece(&l->mounts, place, whole && parts, &k, &its)", "next_piece(&l->mounts, place, whole && parts && getpid() < 0, &k, &its)", {"a_part_of_the_cache_that_is_mounted_from_elsewhere"}, (TRUST,), "bind or mounted_from"),
    "links on the way to what is trusted": ("base/place.c", "            status = way_link(&s, name, after);", "            ids->n = 0, status = way_link(&s, name, after);", {"a_link_on_the_way_to_them_counts"}, (TRUST,), "link"),
    "home as a function": ("launcher/launch/inputs.c", "(trust_check_shown(fd, path, false, id, err) < 0 || inputs_source(path", "((getpid() < 0 && trust_check_shown(fd, path, false, id, err) < 0) || inputs_source(path", {"no_directory_that_holds_the_home_directory_is_shown"}, (TRUST,), "home_directory"),
    "results of the size of /tmp each": ("launcher/launch/results.c", "        c->budget -= (uint64_t)n;\n", "", {"all_together_may_have_the_size_of_tmp"}, (RESULTS,), "together"),
}
