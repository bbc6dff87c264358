# SPDX-License-Identifier: Apache-2.0
"""Mutants: process 1 and descriptors. The columns are described in ../mutants.py."""
SECURITY = "tests/sandbox/test_security.py"

MUTANTS = {
    "no session of its own": ("launcher/sandbox/payload.c", "if (setsid() < 0)", "if (getpid() < 0)", {"h1_there_is_no_terminal"}),
    "a signal before there is a session": ("launcher/sandbox/init.c", "    if (kill(-program, signal) < 0)\n        kill(program, signal);\n", "    kill(-program, signal);\n", {"a_signal_that_comes_before_the_command_has_a_session_ends_it"}, ("tests/cli/test_exec.py",), "has_a_session"),
    "lrun's handlers inside": ("launcher/sandbox/sandbox.c", "(uint64_t)CLONE_CLEAR_SIGHAND | ", "(uint64_t)0 | ", {"a_signal_that_comes_before_the_command_has_a_session_ends_it"}, ("tests/cli/test_exec.py",), "has_a_session"),
    "descriptors stay open": (("launcher/sandbox/payload.c", "launcher/sandbox/sandbox.c"), ("if (sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)", "if (keep_descriptors(&in, &m.err) < 0 || "), ("if (getpid() < 0)", "if ((getpid() < 0 && keep_descriptors(&in, &m.err) < 0) || "), {"h6_no_descriptor_and_no_directory_of_the_callers"}),
    "process 1 can be dumped": ("launcher/sandbox/steps.c", "prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)", "prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)", {"h9_process_1_cannot_be_read"}),
    "the environment is not scrubbed": ("launcher/sandbox/forget.c", "    wipe(environ);\n", "", {"the_memory_that_proc_shows_of_process_1_was_wiped"}, (SECURITY,), "wiped"),
    "the arguments are not scrubbed": ("launcher/sandbox/forget.c", "    wipe(args);\n", "    (void)args;\n", {"no_process_shows_a_secret_of_the_caller", "the_memory_that_proc_shows_of_process_1_was_wiped"}, (SECURITY,), "wiped or secret"),
    "capabilities stay": ("policy/caps.c", "int failed = none ? cap_set_proc(none) : -1", "int failed = none ? 0 : -1", {"all_five_capability_sets_are_empty_and_privileges_cannot_grow"}, (SECURITY,), "capability"),
    "the bounding set stays": ("policy/caps.c", "for (cap_value_t c = 0; cap_drop_bound(c) == 0; c++)\n        ;\n    if (errno != EINVAL)", "if (0)", {"h22_capabilities_are_empty", "all_five_capability_sets_are_empty_and_privileges_cannot_grow"}, (SECURITY,), "capability"),
    "user namespaces below ours": ("mounts/plan.c", '.text = "0",\n     .why = "refuses user namespaces', '.text = "1000",\n     .why = "refuses user namespaces', {"no_user_namespace_can_be_made_without_any_policy_either", "unshare_finds_no_user_namespace_left_without_any_policy"}, (SECURITY,), "without_any_policy"),
    "core dumps": ("policy/limits.c", '{"core", RLIMIT_CORE, 0, 0,', '{"core", RLIMIT_CORE, 1, 1,', {"h45_no_core_is_dumped"}),
    "1,024 processes": ("policy/limits.c", '{"nproc", RLIMIT_NPROC, 1024, 1024,', '{"nproc", RLIMIT_NPROC, 4096, 4096,', {"h81_h82_limits"}),
    "locked memory": ("policy/limits.c", '{"memlock", RLIMIT_MEMLOCK, 65536, 65536,', '{"memlock", RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY,', {"h81_h82_limits"}),
    "the session's keys": ("launcher/launch/launch.c", "    leave_session_keyring(l);\n    return 0;", "    (void)leave_session_keyring;\n    return 0;", {"keys_of_the_callers_session_are_out_of_reach"}, (SECURITY,), "keys"),
    "set-user-id": ("launcher/launch/identity.c", "if (getauxval(AT_SECURE) || getuid() != geteuid() || getgid() != getegid()) {", "if (0) {", {"a_set_user_id_lrun_refuses_to_run"}, (SECURITY,), "set_user_id"),
    "the report's descriptor goes along": (("launcher/sandbox/payload.c", "launcher/sandbox/sandbox.c", "launcher/launch/inputs_output.c"), ("if (sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)", "if (keep_descriptors(&in, &m.err) < 0 || ", '    return in->report >= 0 ? 0\n           : err->hint[0]'),
                                           ("if (getpid() < 0)", "if ((getpid() < 0 && keep_descriptors(&in, &m.err) < 0) || ", "    fcntl(in->report, F_SETFD, 0);\n    return in->report >= 0 ? 0 : err->hint[0]"), {"h6_no_descriptor_and_no_directory_of_the_callers", "h92_h93_a_report_is_not_forged"}),
    "a pipe without a reader is waited for": ("launcher/launch/inputs_output.c", "O_NOCTTY | O_NONBLOCK | flags", "O_NOCTTY | flags", {"a_pipe_is_waited_for_but_not_for_ever"}, ("tests/cli/test_options.py",), "pipe_is_waited"),
}
