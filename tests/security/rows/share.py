# SPDX-License-Identifier: Apache-2.0
"""Mutants: the CPU share, and memory that is told. The columns are described in ../mutants.py."""
SHARE = "tests/sandbox/test_share.py"
MACHINE = "tests/sandbox/test_machine.py"
RUN = "tests/cli/test_run.py"

MUTANTS = {
    "share: orphans are not counted": ("launcher/sandbox/share.c", "getrusage(RUSAGE_CHILDREN, &reaped) < 0 ? 0 :", "getrusage(RUSAGE_CHILDREN, &reaped) <= 0 ? 0 :", {"the_share_is_kept"}, (SHARE,), None),
    "share: children that were reaped are not counted": ("launcher/sandbox/share.c", "sum += own_time((pid_t)pid) + children_time(proc, e->d_name);", "sum += own_time((pid_t)pid) + 0 * children_time(proc, e->d_name);", {"the_share_is_kept"}, (SHARE,), None),
    "share: used memory without mapped code": ("policy/memory_pass.c", "uint64_t now = ret->used + w->count.use.files;", "uint64_t now = ret->used;", {"code_that_processes_share_is_told_once"}, (RUN,), "share_is_told"),
    "share: sysinfo with all of the host's memory": ("policy/sysinfo.c", "if (!memory || !write_answer(listener, call, memory))", "if (memory || !write_answer(listener, call, memory))",
                                                   {"memory_is_of_the_functions_size", "who_asks_again_and_again_gets_the_same_answer", "the_second_init_reads_what_the_first_did", "threads_that_ask_at_once_are_all_answered", "helpers_answer_all_calls_and_are_replaced"}, (MACHINE,), None),
    "share: helpers outlive the invocation": ("launcher/environment/refused.c", "if (h->pid && !h->busy)", "if (h->pid < 0)", {"helpers_answer_all_calls_and_are_replaced"}, (MACHINE,), "helpers or second"),
    "share: helpers outlive lrun": ("base/child.c", "prctl(PR_SET_PDEATHSIG, SIGKILL) < 0", "prctl(PR_SET_PDEATHSIG, 0) < 0", {"helpers_end_with_lrun_though_they_wait"}, (MACHINE,), "though_they_wait"),
    "share: sysinfo is answered once": ("launcher/environment/refused.c", "        h->busy = false;\n", "        h->busy = h->busy;\n", {"who_asks_again_and_again_gets_the_same_answer", "threads_that_ask_at_once_are_all_answered"}, (MACHINE,), "again or threads"),
}
