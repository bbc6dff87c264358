# SPDX-License-Identifier: Apache-2.0
"""Mutants: what a look at memory may wait for. The columns are described in ../mutants.py."""
LOCK = ("tests/security/test_memory_lock.py",)
MEMORY = "policy/memory.c"

MUTANTS = {
    "lrun itself reads smaps": (MEMORY, "if (next != PASS_END && !w->is_apart && !w->here)", "if (next != PASS_END && !w->is_apart && !w->limit)", {"a_program_that_holds_its_lock_keeps_nobody_waiting"}, LOCK, "keeps"),
    "lrun itself follows exe-links": ("policy/memory_process.c", 'high,\n                    field_kb(text, "\\nVmExe:"),\n', 'high, (snprintf(text, 32, "%.16s/exe", pid), (uint64_t)faccessat(proc, text, F_OK, 0)), ',
                                                                 {"a_program_that_holds_its_lock_keeps_nobody_waiting"}, LOCK, "execs"),
    "answers of the child are unheard": (MEMORY, "    *ret = a->memory;\n", "    ret->used = a->memory.used;\n", {"several_processes_are_looked_at_together"}, LOCK, "together"),
    "shares are not proportional": ("policy/memory_pass.c", "sums_add(&w->exact, pid, process_exact(proc, pid))", "sums_add(&w->exact, pid, process_status(proc, pid))", {"several_processes_are_looked_at_together"}, LOCK, "together"),
    "a look without a child is left out": (MEMORY, "} else if (!w->apart.pid) {", "} else if (!w->apart.pid && w->is_apart) {", {"the_limit_is_kept_where_no_child_can_be_made"}, LOCK, "made"),
}
