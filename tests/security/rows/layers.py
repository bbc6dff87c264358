# SPDX-License-Identifier: Apache-2.0
"""Mutants: defences that stand alone once another is gone, and small ones. The columns are described in ../mutants.py."""
ALONE = ("tests/security/test_single_layers.py",)
EXEC = ("tests/cli/test_exec.py",)
ROOTFS = ("tests/sandbox/test_rootfs.py",)
FILES = ("tests/sandbox/test_files.py",)
NAMESPACES = "h23_h47_h50_h97_each_namespace_is_the_sandboxs_own"

MUTANTS = {
    "the launcher could be overwritten": ("launcher/sandbox/steps.c", "prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)", "prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)", {"h5_a_launcher_that_its_user_could_overwrite", "h9_process_1_cannot_be_read"}, ALONE),
    "the launcher could be overwritten, by an ordinary user's": ("launcher/sandbox/steps.c", "prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)", "prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)", {"h5_a_launcher_that_its_user_could_overwrite", "h9_process_1_cannot_be_read"}, ALONE, None, "ordinary"),
    "exec -t hands the caller's terminal in": ("launcher/command/cmd_exec.c", "spec->stdio[i] = x->terminal.theirs;", "spec->stdio[i] = i;", {"the_terminal_inside_is_not_the_callers"}, ("tests/cli/test_debug.py",), "terminal_inside"),
    "closed streams stay closed": ("launcher/sandbox/stdio.c", "if (fcntl(fd, F_GETFD) < 0 &&", "if (fcntl(fd, F_GETFD) < -1 &&", {"closed_streams_are_made_null"}, EXEC, "closed"),
    "whatever /dev has is a device": ("mounts/apply.c", "!S_ISCHR(st.st_mode) || major(st.st_rdev) != 1", "0", {"h10_a_device_of_the_hosts_that_is_none"}, ALONE, None, "root"),
    "/proc of a root file system": ("mounts/plan.c", '    ROW_OF_DIR("proc", 0555, "mountpoint"),\n', "", {"hostile_links_lead_nowhere", "its_own_files_are_seen_and_ours_beat_them", "layers_volumes_and_scratch_work_on_it_too", "missing_mountpoints_appear_without_changing_it", "what_opt_home_and_sys_hold_is_hidden"}, ROOTFS, "own or missing or hostile or layers or hidden"),
    "root's trees are named again": ("mounts/apply.c", "    if (s->tree >= 0)\n        return fcntl", "    if (s->tree < -9)\n        return fcntl", {"h19_what_is_swapped_after_it_was_named_is_not_shown"}, (), None, "root"),
    "numbers with spaces": ("base/num.c", "if (digit >= radix ||", "if ((digit >= radix && *c != ' ') ||", {"bad_usage_is_exit_2_and_one_line"}, ("tests/cli/test_options.py",), "usage"),
    "the host's cgroups are named": ("launcher/sandbox/sandbox.c", " | CLONE_NEWCGROUP", "", {NAMESPACES}, ALONE),
    "root's groups stay": ("launcher/launch/identity.c", "if (setgroups(0, NULL) < 0 &&", "if (getpid() < 0 &&", {"h28_roots_groups_are_left"}, ALONE, None, "root"),
    "mounts with set-user-id bits": ("mounts/apply.c", "return MOUNT_ATTR_NOSUID | (row->flags", "return (row->flags", {"every_mount_is_nosuid_and_all_but_dev_nodev", "h42_flags_of_mounts"}, FILES, "nosuid"),
    "what the host mounts later comes in": ("base/sys.h", "{set, clear, MS_PRIVATE, 0}", "{set, clear, 0, 0}", {"h43_what_the_host_mounts_later_does_not_come_in"}, ALONE, None, "root"),
    "the host's root is covered, not detached": ("mounts/pivot.c", 'umount2(".", MNT_DETACH) < 0 || chdir', "chdir", {"h12_h43_h94_the_mount_table_tells_nothing_of_the_host", "h42_flags_of_mounts", "h6_no_descriptor_and_no_directory_of_the_callers", "mountinfo_tells_no_path_of_the_host"}, FILES, "mountinfo"),
    "the host's /run": ("mounts/plan.c", 'ROW_OF_DIR("run", 0755, "nothing of the host\'s: its sockets are there")', 'ROW_OF_HOST("run", 0, "x")', {"the_root_has_lambdas_directories_and_nothing_of_the_hosts", "h48_sockets_by_name"}, FILES, "root_has"),
    "a capability comes along": (("policy/caps.c",) * 2, ("for (cap_value_t c = 0; cap_drop_bound(c) == 0; c++)\n        ;\n    if (errno != EINVAL)", "    cap_t none = cap_init();\n"),
                                 ("if (0)", "    cap_t none = cap_get_proc();\n    const cap_value_t admin[] = {CAP_SYS_ADMIN, CAP_SYS_CHROOT};\n    cap_set_flag(none, CAP_INHERITABLE, 2, admin, CAP_SET);\n    cap_set_proc(none);\n    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0);\n    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_CHROOT, 0, 0);\n"),
                                 {"h32_h57_nothing_is_mounted_without_any_policy_either", "h41_nothing_is_unmounted_without_any_policy_either", "h22_capabilities_are_empty"}, ALONE),
    "a step that fails is passed over": ("launcher/sandbox/steps.c", "if (STEPS[i].run(in, err) < 0) {", "if (STEPS[i].run(in, err) < 0 && getpid() < 0) {", {"steps_that_are_refused", "h15_what_lies_on_the_host_is_no_place_inside", "a_proc_that_is_partly_hidden_is_said_and_not_replaced", "nothing_is_left_of_a_sandbox_that_failed", "h17_h18_a_volumes_place_behind_a_link_of_the_package"}, ("tests/sandbox/test_hosts.py",)),
    "the host's name": ("launcher/sandbox/steps.c", "return sethostname(NAME, sizeof NAME - 1) < 0 ?", "return getpid() < 0 ?", {"boot_id_hostname_and_user_are_not_the_hosts", "h100_nothing_identifies_the_host"}, FILES, "hostname"),
    "the machine's id": ("mounts/plan.c", 'ROW_OF_HOST("etc/services", FLAG_FILE, "names of ports"),', 'ROW_OF_HOST("etc/services", FLAG_FILE, "names of ports"), ROW_OF_HOST("etc/machine-id", FLAG_FILE, "x"),', {"etc_is_an_allow_list", "h100_nothing_identifies_the_host", "h28_roots_files_and_sysctls"}, FILES, "allow_list"),
    "core forgets mounting": ("policy/core.json", '["setns", "mount", "umount", "umount2", "pivot_root", "chroot", ', '["setns", ', {"dangerous_calls_are_refused"}, ("tests/sandbox/test_security.py",), "dangerous"),
    "volumes over the sandbox's own places": ("mounts/plan_volumes.c", "if (strncmp(t + 1, OURS[i], n) == 0 && (t[1 + n]", "if (strncmp(t + 1, OURS[i], n) == 99 && (t[1 + n]", {"bad_volumes_are_refused"}, EXEC, "volumes"),
    "kcore and keys are shown": ("mounts/plan.c", 'PROC_MASK("kcore", FLAG_FILE), PROC_MASK("keys", FLAG_FILE),', "", {"h44_the_kernels_tables", "what_tells_of_the_host_is_empty"}, FILES, "tells"),
}
