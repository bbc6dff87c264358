# SPDX-License-Identifier: Apache-2.0
"""Mutants: system calls. The columns are described in ../mutants.py."""
SECURITY = "tests/sandbox/test_security.py"

MUTANTS = {
    "TIOCSTI is allowed": ("policy/core.json", '"valueTwo": 21522', '"valueTwo": 21523', {"h1_h2_h3_no_keystrokes_are_pushed"}),
    "TIOCLINUX is allowed": ("policy/core.json", '"valueTwo": 21532', '"valueTwo": 21533', {"h1_h2_h3_no_keystrokes_are_pushed"}),
    "TIOCSTI by 64 bits": ("policy/core.json", '{"index": 1, "value": 4294967295, "valueTwo": 21522, "op": "SCMP_CMP_MASKED_EQ"}', '{"index": 1, "value": 21522, "op": "SCMP_CMP_EQ"}', {"h1_h2_h3_no_keystrokes_are_pushed"}),
    "clone may make user namespaces": ("policy/core.json", '"value": 268435456, "valueTwo": 268435456', '"value": 33554432, "valueTwo": 33554432', {"h33_h34_no_namespace_is_made"}),
    "clone3 is as the policy has it": ("policy/core.json", '"names": ["clone3"]', '"names": ["getcpu"]', {"h33_h34_no_namespace_is_made"}),
    "core forgets the new mount API": ("policy/core.json", '"open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"]', '"getcpu"]', {"dangerous_calls_are_refused"}, (SECURITY,), "dangerous"),
    "core forgets io_uring": ("policy/core.json", '"io_uring_setup", "io_uring_enter", "io_uring_register"', '"getcpu"', {"dangerous_calls_are_refused"}, (SECURITY,), "dangerous"),
    "core forgets keys": ("policy/core.json", '["add_key", "request_key", "keyctl"]', '["getcpu"]', {"dangerous_calls_are_refused"}, (SECURITY,), "dangerous"),
    "core forgets other processes": ("policy/core.json", '"process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise"', '"getcpu"', {"dangerous_calls_are_refused"}, (SECURITY,), "dangerous"),
    "later socket families": ("policy/core.json", '"value": 17, "op": "SCMP_CMP_GT"', '"value": 2000000000000, "op": "SCMP_CMP_GT"', {"h39_socket_families"}),
    "netlink of any protocol": ("policy/core.json", '{"index": 2, "value": 0, "op": "SCMP_CMP_NE"}', '{"index": 2, "value": 999, "op": "SCMP_CMP_EQ"}', {"h39_socket_families"}),
    "IPv6": ("policy/lambda-refusals.json", '"value": 10, "op": "SCMP_CMP_EQ"', '"value": 46, "op": "SCMP_CMP_EQ"', {"h39_socket_families"}),
    "personality is allowed": ("policy/lambda.json", '"value": 0, "op": "SCMP_CMP_EQ"', '"value": 0, "op": "SCMP_CMP_GE"', {"h55_the_kernels_surface"}),
    "ptrace is allowed": ("policy/lambda.json", '"accept", "accept4",', '"accept", "accept4", "ptrace",', {"h9_h37_no_process_reaches_into_another"}),
    "open_by_handle_at is not core's": ("policy/core.json", '"open_by_handle_at", ', '', {"dangerous_calls_are_refused"}, (SECURITY,), "dangerous"),
    "foreign calls pass": ("policy/compile.c", "SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)", "SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW", {"h35_no_other_abi"}),
    "calls of newer kernels": ("policy/lambda.json", '"lastSyscall": 440', '"lastSyscall": 1000', {"calls_newer_than_lambdas_kernel_do_not_exist"}, (SECURITY,), "newer"),
    "no filter": ("policy/seccomp.c", "return prog.len == 0 ||", "return prog.len == 0 || prog.len ||", {"h1_h2_h3_no_keystrokes_are_pushed", "h9_h37_no_process_reaches_into_another", "h22_capabilities_are_empty", "no_other_user_can_be_become", "h33_h34_no_namespace_is_made",
                  "h35_no_other_abi", "h36_no_rings", "h38_no_keys", "h39_socket_families", "h49_no_namespace_is_joined", "h55_the_kernels_surface", "h30_h31_h32_h40_h57_nothing_is_mounted"}),
    "refused calls go on": ("policy/seccomp.c", "answer.answer.error = -EPERM;", "answer.answer.flags = 1;", {"h1_h2_h3_no_keystrokes_are_pushed", "h9_h37_no_process_reaches_into_another", "no_other_user_can_be_become", "h33_h34_no_namespace_is_made", "h36_no_rings", "h38_no_keys", "h49_no_namespace_is_joined",
                            "h55_the_kernels_surface", "h30_h31_h32_h40_h57_nothing_is_mounted"}),
}
