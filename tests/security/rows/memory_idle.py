# SPDX-License-Identifier: Apache-2.0
"""Mutants: memory between invocations, and what no process's end gives back. The columns are described in ../mutants.py."""
IDLE = ("tests/security/test_memory_idle.py",)
HUGE = ("tests/security/test_memory_huge.py",)

MUTANTS = {
    "nobody looks at memory between invocations": ("launcher/environment/environment_limits.c", "    environment_look_at_memory(e);\n    e->memory.seldom", "    if (life_ready(e->state) && !e->call_count)\n        return;\n    environment_look_at_memory(e);\n    e->memory.seldom",
                                                   {"memory_between_invocations_is_limited"}, IDLE),
    "the biggest process goes, and never another": ("launcher/environment/memory_guard.c", "        g->in_vain++;\n", "", {"children_offered_to_be_killed_do_not_save_what_nobody_holds"}, IDLE, "children"),
    "memory is looked at as often when nothing happens": ("launcher/environment/environment_limits.c", "IDLE_TICK_MS = 250", "IDLE_TICK_MS = 10", {"an_idle_environment_wakes_nobody_often"}, IDLE, "idle"),
    "huge pages of a process that is not dumpable": ("policy/memory_held.c", "id >= 0 && i < HELD_MOUNTS", "id >= 0 && i < 1", {"huge_pages_count"}, HUGE, None, "root"),
    "what is cut off is taken for a whole": ("launcher/command/main.c", "failed_before = ferror(stdout)", "failed_before = ferror(stderr)", {"a_full_disk_is_told"}, ("tests/cli/test_full.py",)),
    "unit: memory: a program that goes on as its child": ("policy/memory_pass.c", "return w->limit && w->count.most_own > w->limit;", "return w->limit && !w->limit;",
                                                          {"one_process_over_the_limit_is_over_at_the_first_pass"}, ("tests/unit/test_memory_pass.c",)),
}
