# SPDX-License-Identifier: Apache-2.0
"""Mutants: sandboxes that do not end. The columns are described in ../mutants.py."""
UNDYING = ("tests/security/test_undying.py",)
WAITING, GIVEN_UP = "a_sandbox_that_does_not_end_keeps_nobody_waiting", "a_sandbox_that_does_not_end_is_given_up"

MUTANTS = {
    "undying: a server waits for one that closes": ("launcher/serve/pool.c", "if (!environment_gone(s->environment)) {", "if (!environment_gone(s->environment) && !s->pool) {", {WAITING}, UNDYING),
    "undying: a server waits for one that is replaced": ("launcher/environment/environment_ending.c", "!sandbox_gone(&e->sandbox), TICK_MS", "!sandbox_gone(&e->sandbox) && e->state != LIFE_REPLACING, TICK_MS", {WAITING}, UNDYING),
    "undying: one that was given up is waited for": ("launcher/sandbox/sandbox.c", "dead_within(s, left_ms(s))) /*", "dead_within(s, DEATH_MS)) /*", {GIVEN_UP}, UNDYING),
    "undying: exec waits for its sandbox": ("launcher/environment/task.c", "    if (at_end && (t->stuck", "    if (getpid() < 0 && (t->stuck", {"exec_ends_though_its_sandbox_does_not"}, UNDYING, "exec_ends"),
    "undying: never given up": ("launcher/sandbox/sandbox.c", "return sandbox_dead(s) || (s->killed_ms > 0 && !left_ms(s));", "return sandbox_dead(s);", {GIVEN_UP}, UNDYING),
}
