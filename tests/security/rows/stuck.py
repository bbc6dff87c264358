# SPDX-License-Identifier: Apache-2.0
"""Mutants: functions that are stuck, beside others. The columns are described in ../mutants.py."""
STUCK = ("tests/security/test_stuck.py",)
PAYLOADS, CONNECTIONS, EVENTS = "payloads_in_line_leave_room_for_those_of_others", "connections_in_line_leave_some_to_others", "events_leave_room_for_those_of_others"
LEFT = "what_has_left_the_line_leaves_its_room"

MUTANTS = {
    "stuck: payloads in line without a bound": ("launcher/serve/pool.c", "!quota_has(&l->room->bytes, l->bytes, bytes)", "bytes == SIZE_MAX", {PAYLOADS}, STUCK),
    "stuck: connections in line without a bound": ("launcher/serve/pool.c", " || !quota_has(&l->room->jobs, l->n, 1)", "", {CONNECTIONS}, STUCK),
    "stuck: no part for each function": ("launcher/serve/pool.c", "return s->used + more <= s->common || own + more <= s->part;", "return own <= s->used && s->used + more <= 2 * s->common;", {PAYLOADS, CONNECTIONS, EVENTS}, STUCK),
    "stuck: half of it is nobody's": ("launcher/serve/pool.c", "if (functions == 1)", "if (functions == 0)", {"a_function_alone_leaves_nothing_to_others"}, STUCK),
    "stuck: what has left the line stays counted": (("launcher/serve/pool.c",) * 2, ("l->room->bytes.used -= j->charge.n;", "l->room->jobs.used--;"), ("", ""), {LEFT}, STUCK),
}
