# SPDX-License-Identifier: Apache-2.0
"""Mutants: the end. The columns are described in ../mutants.py."""
PROCESS = "tests/sandbox/test_process.py"

MUTANTS = {
    "killed with its parent, and by the hang-up": (("launcher/sandbox/steps.c", "launcher/sandbox/init.c"), ("if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)", "case MESSAGE_HANGUP: _exit(0);"), ("if (getpid() < 0)", "case MESSAGE_HANGUP: break;"),
                                                   {"kill_9_at_random_moments_of_a_warm_launch_leaves_no_process", "kill_9_of_an_invocation_leaves_no_process"}, (PROCESS,), "warm_launch or of_an_invocation"),
    "a command's status is taken for lrun's own": ("launcher/launch/launch.c", "    r->cgroup_peak_bytes = ", "    if (r->exit == 125)\n        r->reason = BECAUSE_LRUN_FAILED;\n    r->cgroup_peak_bytes = ",
                                                   {"the_commands_status_is_lruns"}, ("tests/cli/test_exec.py",), "status"),
}
