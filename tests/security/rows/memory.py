# SPDX-License-Identifier: Apache-2.0
"""Mutants: memory, and what the host's user shares with a sandbox. The columns are described in ../mutants.py."""
MEMORY = "tests/security/test_memory.py"
USER = "tests/security/test_host_user.py"
MANY = "tests/security/test_many.py"
ALONE = "tests/security/test_single_layers.py"
HELD = "policy/memory_held.c"
PROCESS = "policy/memory_process.c"

MUTANTS = {
    "memfds do not count": (HELD, "    h->bytes += st.stx_blocks * 512;\n", "", {"memory_that_counts", "memory_that_counts_once", "a_function_is_ended", "what_many_short_invocations_leave_counts"}, (MEMORY,), "(counts and memfd and not thread) or ended or short"),
    "segments do not count": (HELD, "h->bytes += resident + swapped;", "(void)h, (void)resident, (void)swapped;", {"memory_that_counts", "a_function_is_ended", "a_segment_goes_with_the_runtime_that_left_it"}, (MEMORY,), "segment"),
    "/dev/shm does not count": (HELD, "if (from->shm >= 0 && fstatfs", "if (0 && fstatfs", {"memory_that_counts"}, (MEMORY,), "counts and dev_shm"),
    "files of /tmp that are mapped count": (PROCESS, "*skip = makedev(major, minor) != device || ", "*skip = (!device && makedev(major, minor)) || ", {"memory_that_does_not_count", "a_function_is_not_ended"}, (MEMORY,), "tmp_mapped"),
    "what is mapped and held counts twice": (PROCESS, " || held_has(held, inode)", " || (held_has(held, inode) && !inode)", {"memory_that_counts_once"}, (MEMORY,), "once"),
    "a memfd counts for each who holds it": (HELD, "|| !remember(h, st.stx_ino))", "|| (remember(h, st.stx_ino), 0))", {"memory_that_counts_once"}, (MEMORY,), "once"),
    "descriptors of processes that are not dumpable": (HELD, "        count_undumpable(h, at, from, device, pid);\n", "        (void)count_undumpable, (void)h, (void)from, (void)device;\n", {"memory_that_counts"}, (MEMORY,), "counts and undumpable"),
    "descriptors of a thread's own": (HELD, "    if (e->d_name[0] == '.')\n        return true;\n", "    if (e->d_name[0] == '.' || (pid_t)atoi(e->d_name) != at->pid)\n        return true;\n", {"memory_that_counts"}, (MEMORY,), "counts and thread"),
    "a process whose first thread has ended": (HELD, '"%s/task"', '"%s/none"', {"memory_that_counts"}, (MEMORY,), "counts and first"),
    "segments outlive a runtime": ("launcher/sandbox/init.c", "    remove_ipc();\n", "    (void)remove_ipc;\n", {"a_segment_goes_with_the_runtime_that_left_it"}, (MEMORY,), "segment_goes"),
    "files of /dev/shm stay": ("launcher/environment/environment.c", "!e->lost && environment_shm_fills(e)", "!e->lost && environment_shm_fills(e) && e->shutdown.ticks > 99", {"files_of_dev_shm_go_with_the_sandbox"}, (MEMORY,), "dev_shm_go"),
    "/proc can be written": ("mounts/apply.c", 'sys_mount_setattr(mount, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0) < 0)\n        return row_fail(errno, row, "make read-only"', '0)\n        return row_fail(errno, row, "make read-only"',
                             {"its_own_oom_score_is_not_lowered", "h42_flags_of_mounts", "h44_settings_lie_in_mounts_that_are_read_only"}, (MEMORY, ALONE), "oom_score or settings"),
    "inotify instances": ("mounts/plan.c", 'PROC_SHARE("inotify_instances", "32")', 'PROC_SHARE("inotify_instances", "100000")', {"the_user_outside_keeps_his_share"}, (USER,), "instances"),
    "inotify watches": ("mounts/plan.c", 'PROC_SHARE("inotify_watches", "4096")', 'PROC_SHARE("inotify_watches", "1000000")', {"the_user_outside_keeps_his_share"}, (USER,), "watches"),
    "pending signals": ("policy/limits.c", "RLIMIT_SIGPENDING, 4622, 4622, true", "RLIMIT_SIGPENDING, RLIM_INFINITY, RLIM_INFINITY, false", {"the_user_outside_keeps_his_share"}, (USER,), "signals and user_outside"),
    "message queues": ("policy/limits.c", "RLIMIT_MSGQUEUE, 819200, 819200, true", "RLIMIT_MSGQUEUE, 819200, 819200, false", {"the_user_outside_keeps_his_share"}, (USER,), "queues"),
    "looking takes as long as it takes": (("policy/memory.c", "policy/memory.c", "launcher/environment/environment_limits.c"), ("#define SHARE 20 ", "#define SLICE_MS 0.5 ", "MEMORY_TICK_MS = 10"), ("#define SHARE 0 ", "#define SLICE_MS 500.0 ", "MEMORY_TICK_MS = 0"), {"a_thousand_sleepers_slow_nobody"}, (MANY,), "sleepers"),
    "nobody hears that memory is only watched": ("launcher/launch/launch.c", "if (request_limit_mb(r) && !l->cgroup.memory)", "if (request_limit_mb(r) && getpid() < 0)", {"out_of_memory_kills_and_says_signal_killed"}, ("tests/cli/test_run.py",), "out_of_memory_kills"),
}
