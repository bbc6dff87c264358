# SPDX-License-Identifier: Apache-2.0
"""A base of the cache, and turns in the cache."""
BASE = "tests/cache/test_base.py"
COLD = "tests/cache/test_cold_starts.py"
DAMAGED = {"a_damaged_entry_is_said_and_not_used"}

MUTANTS = {
    "a base of any user by the environment": ("cache/cache_base.c", "(b->named && uid == b->owner)", "uid == b->owner", {"a_base_of_another_user_is_for_the_command_line_only"}, (BASE,), "command_line_only", "root"),
    "a base that others may write": ("cache/cache_base.c", "st->st_mode & 022 ? \"others may", "st->st_mode & 0 ? \"others may", {"a_base_that_others_may_write_is_refused"}, (BASE,), "others_may_write"),
    "directories above a base": ("cache/cache_base.c", "return check_above(b, path, dir, err);", "return dir < 0 ? check_above(b, path, dir, err) : 0;", {"a_base_that_others_may_write_is_refused"}, (BASE,), "others_may_write"),
    "a manifest of a base that is not its own": ("cache/cache_base.c", "return strcmp(manifest, facts.manifest) == 0 ? 0", "return manifest[0] ? 0", DAMAGED, (BASE,), "damaged_entry and cut"),
    "an entry of a base under another name": ("cache/cache_base.c", "strcmp(facts.key, key) != 0", "!facts.key[0]", DAMAGED | {"an_entry_under_a_wrong_name_is_not_used"}, (BASE,), "another or wrong_name"),
    "entries of a base are not verified": ("cache/cache_base.c", "int status = known && !again ? 0 : verify", "int status = !again && known < 2 ? 0 : verify", DAMAGED, (BASE,), "damaged_entry and content"),
    "directories of a base that others may write": ("unpack/verify.c", "!S_ISLNK(st->st_mode) && st->st_mode & 022", "!S_ISLNK(st->st_mode) && st->st_mode & 0", DAMAGED, (BASE,), "damaged_entry and no_entry or damaged_entry and directory"),
    "files of a base that a third user owns": ("unpack/verify.c", "&& st->st_uid != owner_uid)", "&& st->st_uid != owner_uid && !name[0])", {"files_of_a_third_user_are_not_used"}, (BASE,), "third_user", "root"),
    "a sandbox that may write to a base": ("launcher/launch/trust.c", "if (base && refuse_writing", "if (base && !l->path && refuse_writing", {"no_sandbox_may_write_to_a_base"}, (BASE,), "no_sandbox"),
    "a holder that hangs is waited for": ("cache/cache_turn.c", "return now - h->changed_ms >= TURN_STALL_MS;", "return now - h->changed_ms >= 20 * TURN_STALL_MS;", {"a_holder_that_makes_no_progress_stops_nobody"}, (COLD,), "no_progress"),
    "a holder that is slow is not waited for": ("cache/cache_turn.c", "h->changed_ms = now;", "h->changed_ms += 0;", {"who_waits_for_a_slow_holder_waits_while_it_gets_on"}, (COLD,), "slow"),
}
