# SPDX-License-Identifier: Apache-2.0
"""Mutants: limits of one exec: CPU time, output, resource limits. The columns are described in ../mutants.py."""
CPU = ("tests/cli/test_cpu_time.py",)
EXEC = ("tests/cli/test_limits_exec.py",)

MUTANTS = {
    "cpu time: what children have reaped": ("policy/cpu_time.c", "sum[k] += w->now.at[i].own[k] + w->now.at[i].children[k];", "sum[k] += w->now.at[i].own[k];", {"all_processes_and_threads_count_together"}, CPU, "count_together and (swarm or double)"),
    "unit: cpu time: what nobody reaped": ("policy/cpu_time.c", "        w->lost[k] += s->owed[k];\n        now->owed", "        now->owed", {"of_a_child_that_nobody_reaped_is_kept", "is_not_hidden_by_a_number_that_is_used_again"}, ("tests/unit/test_cpu_time.c",)),
    "cpu time: who lives shortly": ("policy/cpu_time.c", "if (w->samples >= SAMPLES_LEAST &&", "if (0 && w->samples >= SAMPLES_LEAST &&", {"children_that_nobody_reaps_and_that_no_look_may_meet_count_by_samples"}, CPU, "samples and ignored-2"),
    "cpu time: after the last look": ("launcher/environment/task_use.c", "    if (t->ended)\n        judge(t, reason);", "    (void)judge;", {"a_command_that_ended_by_itself_with_more_than_it_had_ended_by_the_limit"}, CPU, "by_itself"),
    "cpu time: the kernel's own limit": ("launcher/launch/launch_plan.c", "(r->cpu_time.value + 999) / 1000 + CPU_TIME_LATER_S : 0", "0 * CPU_TIME_LATER_S : 0", {"the_kernel_stops_a_single_process_too"}, CPU, "kernel"),
    "output: beyond its limit": ("launcher/sandbox/stdio.c", "left = stream->seen < limit ? limit - stream->seen : 0;", "left = stream->seen < limit ? n : 0;", {"output_is_cut_as_an_exact_prefix_and_only_the_report_tells"}, EXEC, "exact_prefix"),
    "output: a reader that does not read": ("launcher/sandbox/stdio.c", "    if (has_room(stream))\n        pull", "    (void)has_room;\n        pull", {"a_reader_that_does_not_read_delays_no_limit_of_time"}, EXEC, "not_read"),
    "limits: that the program may raise": ("policy/limits.c", "return (struct rlimit){value + ASKED[k].beside, value + ASKED[k].beside};", "return (struct rlimit){value + ASKED[k].beside, l->hard};", {"the_stack_is_limited_and_cannot_be_raised"}, EXEC, "stack"),
    "limits: processors of others": ("policy/limits.c", "if (c >= CPU_SETSIZE || !CPU_ISSET((size_t)c, ours))", "if (c >= CPU_SETSIZE || (!ours && !CPU_ISSET((size_t)c, ours)))", {"processors_are_the_ones_that_were_named", "processors_that_the_caller_may_not_use_are_refused"}, EXEC, "processors"),
}
