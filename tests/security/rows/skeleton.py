# SPDX-License-Identifier: Apache-2.0
"""Mutants: the prepared skeleton of a root. The columns are described in ../mutants.py."""
SKELETON = ("tests/cache/test_skeleton.py",)
PREPARED, UNITS = ("tests/unit/test_prepared.c",), ("tests/unit/test_skeleton.c",)
UNUSED = {"what_is_not_as_it_was_made_is_not_used"}

MUTANTS = {
    "skeleton: a changed one is used": ("launcher/launch/skeleton_cache.c", "bool whole = prepared_is_whole(s->cache, &s->tree);", "bool whole = s->cache != NULL;",
                                        UNUSED | {"who_uses_it_goes_on_when_it_is_changed_and_made_anew", "a_server_goes_on_when_it_is_changed_and_leaves_that_of_others", "no_program_starts_before_it_is_found_whole"}, SKELETON, None),
    "skeleton: exec does not ask whether it is whole": ("launcher/command/cmd_exec.c", "return skeleton_is_whole(&x->task.launch->skeleton);", "return x != NULL;",
                                        UNUSED | {"who_uses_it_goes_on_when_it_is_changed_and_made_anew", "no_program_starts_before_it_is_found_whole"}, SKELETON, None),
    "skeleton: a program starts before it is found whole": ("launcher/sandbox/steps.c", "if (!is_attached(in->spec) && !in->prepared)", "if (!is_attached(in->spec))", {"no_program_starts_before_it_is_found_whole"}, SKELETON, "no_program"),
    "unit: prepared: what is in use is taken away": ("cache/cache_entry.c", "if (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) < 0)", "if (dir >= 0 && flock(dir, LOCK_UN) < 0)",
                                               {"prune_leaves_what_is_used", "what_others_use_stays_and_what_has_its_name_by_now_too"}, PREPARED),
    "unit: prepared: what has its name by now is taken away": ("cache/cache_entry.c", "named.st_ino != held.st_ino))\n        return 0;\n    if (new_name", "named.st_ino == 0))\n        return 0;\n    if (new_name",
                                               {"what_others_use_stays_and_what_has_its_name_by_now_too"}, PREPARED),
    "skeleton: what has its name stays": ("cache/prepared.c", "    if (published == 0 && found == 0) {", "    if (published == 0 && found == 0 && !c->path) {", UNUSED, SKELETON, "not_as_it_was_made"),
    "skeleton: none where it cannot be kept": ("launcher/launch/skeleton_cache.c", "    if (ret->tree.lock < 0) {\n", "    if (ret->tree.lock < 0) {\n        __builtin_trap();\n",
                                               {"no_launch_needs_it"}, SKELETON, "no_launch"),
    "unit: prepared: no times": ("cache/prepared.c", "const uint64_t state[] = {is_dir ?", "st.st_ctim = (struct timespec){0};\n    const uint64_t state[] = {is_dir ?", {"what_was_changed_is_taken_away_and_made_anew", "what_others_use_stays_and_what_has_its_name_by_now_too"}, PREPARED),
    "unit: prepared: a seal of any length": ("cache/prepared.c", "return is_short(ret) ? 0 : -1;", "return 0;", {"a_deep_one_is_sealed_like_another_and_one_without_end_is_refused"}, PREPARED),
    "unit: prepared: of any boot": ("cache/prepared.c", "if (all || strncmp(keys.at[i], c->boot, 8) != 0)", "if (all)", {"one_of_another_boot_is_not_used_and_goes_when_one_is_made"}, PREPARED),
    "unit: skeleton: an overlay that may be refused covers": ("mounts/skeleton.c", "!(above->flags & FLAG_TRY) && ", "", {"a_place_is_settled_by_what_the_host_has", "has_the_rows_and_the_places_and_nothing_else"}, UNITS),
    "unit: skeleton: places for what the host has not": ("mounts/skeleton.c", "row->flags |= link || absent ? FLAG_DONE : FLAG_PLACED;", "row->flags |= link ? FLAG_DONE : FLAG_PLACED;", {"a_place_is_settled_by_what_the_host_has", "has_the_rows_and_the_places_and_nothing_else"}, UNITS),
    "unit: skeleton: links are not in the key": ("mounts/skeleton.c", 'hash_text(key, link ? row->text : ', 'hash_text(key, link ? "a link" : ', {"whatever_it_is_made_from_is_in_its_key"}, UNITS),
    "unit: skeleton: modes are not in the key": ("mounts/skeleton.c", "{row->kind, row->mode, row->flags, row->size}", "{row->kind, row->flags, row->size}", {"whatever_it_is_made_from_is_in_its_key"}, UNITS),
    "joined: over an image": ("mounts/skeleton.c", "&& !row->text && !p->has_rootfs;", "&& !row->text && p;", {"an_images_own_code_and_layers_are_not_seen"}, SKELETON, "images_own"),
    "unit: joined: a user's directory": ("mounts/skeleton.c", "joins = source_is_kept(s) && strcmp(s->place, row->target) == 0", "joins = s->tree < 0 && s->path[0] == '/' && !s->below", {"what_the_cache_holds_at_its_place_joins_the_root"}, UNITS),
    "unit: skeleton: a user's place": ("mounts/skeleton.c", "            return false;\n    *key", "            break;\n    *key", {"where_a_user_chose_a_place_none_is_prepared"}, UNITS),
}
