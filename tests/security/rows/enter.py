# SPDX-License-Identifier: Apache-2.0
"""Mutants: entering. The columns are described in ../mutants.py."""
ENTER = ("tests/security/test_enter.py",)

MUTANTS = {
    "what enters can be looked at": ("launcher/command/cmd_enter.c", "if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)", "if (err->no == -1)",
                                     {"nothing_of_lruns_is_reachable_while_it_enters", "what_enters_sheds_everything_before_it_joins"}, ENTER),
    "what enters keeps lrun's arguments": ("launcher/command/cmd_enter.c", "    forget_caller(args);", "    (void)args;", {"nothing_of_lruns_is_reachable_while_it_enters"}, ENTER),
    "what enters keeps descriptors": ("launcher/command/cmd_enter.c", "return enter_close_others(&v->environment, err);", "return 0;", {"what_enters_sheds_everything_before_it_joins"}, ENTER),
    "what enters keeps lrun's memory": ("launcher/sandbox/forget.c", "    if (start < end)\n        madvise", "    if (start < end && getpid() == 1)\n        madvise", {"what_enters_sheds_everything_before_it_joins"}, ENTER),
    "what has ended is called a lack of memory": ("launcher/command/cmd_enter.c", 'err->no == ENOMEM && access("/proc/1", F_OK) < 0', 'err->no == ENOMEM && access("/proc/1", F_OK) > 0', {"what_has_ended_is_not_entered_though_its_namespaces_are_there"}, ENTER),
    "what enters may share more than the network": ("launcher/sandbox/enter.c", "if (shared[i] && KINDS[i].type != CLONE_NEWNET)", "if (shared[i] && KINDS[i].type == CLONE_NEWUSER)", {"a_mixture_with_namespaces_of_the_hosts_own_is_never_entered"}, ENTER),
    "a named pipe is waited for": ("launcher/sandbox/payload.c", "O_CLOEXEC | O_NONBLOCK); /* a named", "O_CLOEXEC); /* a named", {"a_named_pipe_in_place_of_the_command_holds_nobody_up"}, ENTER),
    "what enters keeps the caller's keys": ("launcher/command/cmd_enter.c", "if (identity_leave_keyring() < 0 &&", "if (v->status &&", {"what_enters_sheds_everything_before_it_joins"}, ENTER),
}
