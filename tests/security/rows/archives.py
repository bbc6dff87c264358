# SPDX-License-Identifier: Apache-2.0
"""Mutants: archives. The columns are described in ../mutants.py."""
ARCHIVES = "tests/cache/test_archives.py"
FOREIGN = "tests/cache/test_foreign_archives.py"
CACHE = "tests/cache/test_cache.py"
TARBALLS = "tests/cache/test_tarballs.py"
PROCESS = "tests/sandbox/test_process.py"
NO_LANDLOCK = ("tests/security/test_no_landlock.py",)

MUTANTS = {
    "names with ..": ("unpack/zip_check.c", "if (part == 2 && c[0] == '.' && c[1] == '.')", "if (part == 2 && c[0] == '.' && c[1] == 0)", {"names_that_lead_astray_are_refused"}, (ARCHIVES,), "names or bombs or refused"),
    "absolute names": ("unpack/zip_check.c", "if (n == 0 || raw[0] == '/')", "if (n == 0)", {"names_that_lead_astray_are_refused"}, (ARCHIVES,), "names or bombs or refused"),
    "whiteouts": ("unpack/zip_check.c", 'if (part >= 4 && memcmp(c, ".wh.", 4) == 0)', "if (part == 9999)", {"names_that_lead_astray_are_refused"}, (ARCHIVES,), "names or bombs or refused"),
    "overlapping entries": ("unpack/zip_check.c", "if (ends[z->entries[i - 1].index] > z->entries[i].offset)", "if (ends[z->entries[i - 1].index] == 1)", {"archives_that_two_readers_would_read_differently_are_refused", "an_overlapping_bomb_of_every_kind"}, (ARCHIVES, FOREIGN), "refused or bomb"),
    "two names": ("unpack/zip.c", "name_n != u16(central + 28) || memcmp(local + LOCAL_SIZE, central + CENTRAL_SIZE, name_n) != 0", "name_n != u16(central + 28)", {"archives_that_two_readers_would_read_differently_are_refused"}, (ARCHIVES,), "refused"),
    "paths through links": ("unpack/zip_check.c", "if (parent && parent->type != ZIP_DIR)", "if (parent && parent->type == ZIP_FILE)", {"archives_that_two_readers_would_read_differently_are_refused"}, (ARCHIVES,), "refused"),
    "ambiguous end records": ("unpack/zip.c", "if (at + END_SIZE + u16(bytes + at + 20) != n)", "if (at + END_SIZE > n)", {"ambiguous_or_cut_off_archives_are_refused", "an_archive_of_others"}, (ARCHIVES, FOREIGN), "ambiguous or others"),
    "the unpacker without Landlock": ("unpack/confine.c", "if (limit(c, err) < 0 || landlock(c, err) < 0)", "if (limit(c, err) < 0 || (0 && landlock(c, err) < 0))", {"h72_the_unpacker_is_confined_before_it_reads_the_archive"}),
    "the unpacker without Landlock keeps the host's root": ("base/rooted.c", 'if (fchdir(dir) < 0 || chroot(".") < 0)', "if (fchdir(dir) < 0)", {"there_is_no_way_out", "the_root_is_left_before_the_archive_is_read"}, NO_LANDLOCK, "way_out or root_is_left"),
    "the unpacker without Landlock walks up from an image's directory": ("base/rooted.c", "if (two && detach(others, err) < 0)", "if (two && !others && detach(others, err) < 0)", {"there_is_no_way_out"}, NO_LANDLOCK, "way_out"),
    "the unpacker without a call list": ("unpack/confine.c", "    return call_list(c->image, err);", "    return 0 && call_list(c->image, err);", {"h72_the_unpacker_is_confined_before_it_reads_the_archive"}),
    "the unpacker without limits": ("unpack/confine.c", "if (limit(c, err) < 0 || landlock(c, err) < 0)", "if ((0 && limit(c, err) < 0) || landlock(c, err) < 0)", {"h72_the_unpacker_is_confined_before_it_reads_the_archive"}),
    "helpers with the caller's environment": ("base/helper.c", "char *const envp[] = {NULL};", "extern char **environ; char *const *envp = environ;", {"h27_h90_a_program_that_lrun_starts_has_an_empty_environment"}),
    "a cache that others may write": ("cache/cache.c", "st.st_mode & 022", "st.st_mode & 0", {"a_cache_others_can_write_to_is_refused"}, (CACHE,), "others"),
    "prune takes what is used": ("cache/cache_entry.c", "if (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) < 0)\n        return errno == EWOULDBLOCK ? 0", "if (getpid() < 0)\n        return errno == EWOULDBLOCK ? 0", {"prune_removes_what_is_idle_and_keeps_what_is_used", "prune_and_verify_during_launches_take_nothing_away"}, (CACHE, PROCESS), "prune"),
    "what killed launches left is looked for by a count of links": ("cache/cache_entry.c", "    if (fs_is_empty(c->dir, \"tmp\"))\n", "    struct stat st;\n    if (fstatat(c->dir, \"tmp\", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink == 2)\n", {"what_a_killed_launch_left_is_swept"}, (CACHE,), "swept"),
    "entries of an earlier boot are trusted": ("cache/cache_entry.c", "if (strcmp(boot, c->boot) == 0)", "if (boot[0])", {"an_entry_of_an_earlier_boot_is_verified_once"}, (CACHE,), "earlier_boot"),
    "a tarball of any number of directories without an entry": ("unpack/untar.c", "        if (zip_count_implied(&u->implied, err) < 0)\n            return -1;\n", "", {"directories_without_an_entry"}, (TARBALLS,), "without_an_entry"),
    "links are made before files": (("unpack/extract.c",) * 2, ("    work(x); /* what", "(make_links(x, err) < 0 || finish_directories("), ("    make_links(x, err);\n    work(x); /* what", "(finish_directories("), {"h63_links_of_an_archive_are_made_after_its_files"}),
    "devices of a tarball": ("unpack/untar.c", "if (entry->type == TAR_DEVICE)", "if (entry->mode < 0)", {"devices_and_pipes_are_left_out"}, (TARBALLS,), "left_out"),
    "two sizes of packed data": ("unpack/zip.c", "&& says(packed, e->packed, descriptor)", "", {"archives_that_two_readers_would_read_differently_are_refused"}, (ARCHIVES,), "differently"),
    "bytes between directory and zip64's end": ("unpack/zip.c", "|| d->end != at || d->start > at)", "|| d->start > at)", {"end_records_of_zip64_that_lie"}, (FOREIGN,), "zip64_that"),
    "two counts of zip64's end": ("unpack/zip.c", "|| d->entries != u64(bytes + at + 24) ||", "||", {"end_records_of_zip64_that_lie"}, (FOREIGN,), "zip64_that"),
    "a cache of another user's": ("cache/cache.c", "if (st.st_uid == geteuid() && !(st.st_mode", "if (!(st.st_mode", {"a_cache_of_another_users_is_refused"}, (CACHE,), "another"),
    "an entry that was moved away before it was locked": ("cache/cache_entry.c", "|| named.st_ino != held.st_ino)\n        return 0;", "|| named.st_ino != held.st_ino)\n        (void)named;", {"an_entry_that_prune_takes_away_before_it_is_locked_is_made_anew"}, (CACHE,), "before_it_is_locked"),
}
