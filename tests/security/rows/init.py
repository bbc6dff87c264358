# SPDX-License-Identifier: Apache-2.0
"""Mutants: process 1, and what children of lrun hold. The columns are described in ../mutants.py."""
INIT = "tests/security/test_init.py"
DESCRIPTORS = "tests/security/test_descriptors.py"
GOLDEN = "tests/golden/test_golden.py"

MUTANTS = {
    "limits of process 1 may be set": ("policy/core.json", '["prlimit64", "sched_setscheduler",', '["getcpu", "sched_setscheduler",', {"limits_and_scheduling_of_process_1_are_refused_by_every_policy"}, (INIT,), "process_1"),
    "scheduling of process 1 may be set": ("policy/core.json", '"sched_setscheduler", "sched_setparam", "sched_setattr", "sched_setaffinity"]', '"getcpu"]', {"limits_and_scheduling_of_process_1_are_refused_by_every_policy"}, (INIT,), "process_1"),
    "limits of process 1 by 64 bits": ("policy/core.json", '"args": [{"index": 0, "value": 4294967295, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}]},\n    {"comment": "the same by PRIO_PROCESS', '"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},\n    {"comment": "the same by PRIO_PROCESS',
                                      {"limits_and_scheduling_of_process_1_are_refused_by_every_policy"}, (INIT,), "process_1"),
    "nice of all processes of a user": ("policy/core.json", '"names": ["setpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{"index": 0, "value": 4294967295, "valueTwo": 2,', '"names": ["getcpu"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{"index": 0, "value": 4294967295, "valueTwo": 2,',
                                       {"limits_and_scheduling_of_process_1_are_refused_by_every_policy"}, (INIT,), "process_1"),
    "the end of the programs is waited for": ("launcher/environment/environment_ending.c", "    case LIFE_KILL: ", "    case LIFE_KILL: timer_arm(e->shutdown.timer, ANSWER_MS); break;\n    ", {"a_killed_or_stopped_init_costs_one_invocation_at_most"}, (INIT,), "killed_or_stopped"),
    "a hang-up is waited for": ("launcher/environment/environment_ending.c", "e->lost ? LIFE_ON_LOST_LEFT", "e->lost && getpid() < 0 ? LIFE_ON_LOST_LEFT", {"a_killed_init_is_not_asked_to_end_its_programs"}, (INIT,), "not_asked"),
    "a killed init is a failure of lrun": ("launcher/environment/environment_control.c", "    end_with(e, outcome_exited(environment_request_id(e), SIGKILL, e->memory.oom));", "    environment_break(e, &(struct err){.what = \"go on\"});", {"a_killed_or_stopped_init_costs_one_invocation_at_most", "a_processor_limit_that_kills_init_is_the_functions_own_failure"}, (INIT,), "killed_or_stopped or processor_limit"),
    "a changed init is used again": ("launcher/environment/environment.c", "!limits_same(e->sandbox.pid, e->cgroup->dir < 0)", "getpid() < 0", {"an_environment_whose_init_was_changed_is_not_used_again"}, (INIT,), "changed"),
    "scheduling is not compared": ("policy/limits.c", "    return same_scheduling(pid) && (", "    return same_scheduling(0) && (", {"an_environment_whose_init_was_changed_is_not_used_again"}, (INIT,), "changed"),
    "lrun waits for room in the socket to init": ("launcher/sandbox/message.c", "MSG_NOSIGNAL | MSG_DONTWAIT", "MSG_NOSIGNAL", {"an_init_that_hears_nothing_never_stops_lrun"}, (INIT,), "hears_nothing"),
    "init waits by poll": ("launcher/sandbox/init.c", "    struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};\n", "    struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};\n    struct { int fd; short a, b; } two[] = {{control, 1, 0}, {children, 1, 0}};\n    if (syscall(271, two, 2, &(struct timespec){0}, NULL, 8) < 0) {\n        FD_ZERO(ret_ready);\n        return;\n    }\n", {"exec_ends_with_its_command_whatever_that_did_to_init"}, (INIT,), "exec_ends"),
    "results wait for init": ("launcher/sandbox/sandbox.c", "const double until = clock_ms() + ANSWER_MS;", "const double until = clock_ms() + 1e6;", {"exec_brings_results_back_though_init_does_not_answer"}, (INIT,), "brings_results"),
    "processors are not compared": ("policy/limits.c", "|| CPU_EQUAL(&its, &ours);", "|| CPU_COUNT(&its);", {"an_environment_whose_init_was_changed_is_not_used_again"}, (INIT,), "changed"),
    "init is a tracer": ("launcher/sandbox/init.c", "if (WIFSTOPPED(status)) {", "if (WIFSTOPPED(status) && getpid() < 0) {", {"a_program_that_takes_init_for_its_tracer_is_let_go"}, (INIT,), "tracer"),
    "sockets are waited for": ("launcher/environment/environment_control.c", "    timer_arm(e->sockets.timer, SOCKET_MS);\n", "    timer_arm(e->sockets.timer, 100 * SOCKET_MS);\n", {"a_debuggers_connection_ends_though_init_gives_no_socket"}, (INIT,), "debuggers"),
    "the socket of init has a high number": ("launcher/sandbox/sandbox.c", "    if (*fd < FD_SETSIZE)\n", "    if (*fd < 16 * FD_SETSIZE)\n", {"init_works_with_descriptors_of_any_number"}, (DESCRIPTORS,), "any_number"),
    "System V objects stay": ("launcher/sandbox/init.c", "    remove_ipc();\n", "    (void)remove_ipc;\n", {"fact"}, (GOLDEN,), "reset"),
    "init keeps the descriptors of lrun": ("launcher/sandbox/sandbox.c", "if (keep_descriptors(&in, &m.err) < 0 || ", "if ((getpid() < 0 && keep_descriptors(&in, &m.err) < 0) || ", {"each_process_of_a_server_holds_what_is_listed_and_no_more", "a_connection_ends_when_lrun_closes_it_though_environments_start", "the_hang_up_alone_ends_all_environments",
                                      "init_works_with_descriptors_of_any_number"}, (DESCRIPTORS,)),
}
