#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make mutants: removes one defence at a time from a copy of the tree, builds it, and expects exactly its tests to fail.

    mutants.py BUILD [NAME...]

A mutant is killed if the tests that fail are those of its row: more would mean that a test does not know what it tests, fewer that
nobody would notice. Its row also names further files of tests to run; the escape suite always runs, in two of its modes."""
import concurrent.futures
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parents[2]
ESCAPE = "tests/security"
SECURITY, FILES, EXEC = "tests/sandbox/test_security.py", "tests/sandbox/test_files.py", "tests/cli/test_exec.py"
ARCHIVES, FOREIGN, CACHE, PROCESS = "tests/cache/test_archives.py", "tests/cache/test_foreign_archives.py", "tests/cache/test_cache.py", "tests/sandbox/test_process.py"

# name: (file, what is there, what stands there instead, tests that must fail, more files to run[, keyword expression for those])
MUTANTS = {
    # ---- system calls ----
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
    "personality is allowed": ("policy/lambda.json", '"accept", "accept4",', '"accept", "accept4", "personality",', {"h55_the_kernels_surface"}),
    "ptrace is allowed": ("policy/lambda.json", '"accept", "accept4",', '"accept", "accept4", "ptrace",', {"h9_h37_no_process_reaches_into_another"}),
    "open_by_handle_at is not core's": ("policy/core.json", '"open_by_handle_at", ', '', {"dangerous_calls_are_refused"}, (SECURITY,), "dangerous"),
    "foreign calls pass": ("policy/compile.c", "SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)", "SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW", {"h35_no_other_abi"}),
    "calls of newer kernels": ("policy/lambda.json", '"lastSyscall": 440', '"lastSyscall": 1000', {"calls_newer_than_lambdas_kernel_do_not_exist"}, (SECURITY,), "newer"),
    "no filter": ("policy/seccomp.c", "return prog.len == 0 ||", "return prog.len == 0 || prog.len ||", {"h1_h2_h3_no_keystrokes_are_pushed", "h9_h37_no_process_reaches_into_another", "h22_capabilities_are_empty", "no_other_user_can_be_become", "h33_h34_no_namespace_is_made",
                  "h35_no_other_abi", "h36_no_rings", "h38_no_keys", "h39_socket_families", "h49_no_namespace_is_joined", "h55_the_kernels_surface", "h30_h31_h32_h40_h57_nothing_is_mounted"}),
    "refused calls go on": ("policy/seccomp.c", "answer.answer.error = -EPERM;", "answer.answer.flags = 1;", {"h1_h2_h3_no_keystrokes_are_pushed", "h9_h37_no_process_reaches_into_another", "no_other_user_can_be_become", "h33_h34_no_namespace_is_made", "h36_no_rings", "h38_no_keys", "h49_no_namespace_is_joined",
                            "h55_the_kernels_surface", "h30_h31_h32_h40_h57_nothing_is_mounted"}),
    # ---- process 1 and descriptors ----
    "no session of its own": ("launcher/payload.c", "if (setsid() < 0)", "if (getpid() < 0)", {"h1_there_is_no_terminal"}),
    "descriptors stay open": ("launcher/payload.c", "if (sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)", "if (getpid() < 0)", {"h6_no_descriptor_and_no_directory_of_the_callers"}),
    "process 1 can be dumped": ("launcher/steps.c", "prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)", "prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)", {"h9_process_1_cannot_be_read"}),
    "the environment is not scrubbed": ("launcher/steps.c", "    scrub(environ);\n", "", {"the_memory_that_proc_shows_of_process_1_was_wiped"}, (SECURITY,), "wiped"),
    "the arguments are not scrubbed": ("launcher/steps.c", "    scrub(in->spec->caller_argv);\n", "    (void)in;\n", {"no_process_shows_a_secret_of_the_caller", "the_memory_that_proc_shows_of_process_1_was_wiped"}, (SECURITY,), "wiped or secret"),
    "capabilities stay": ("policy/caps.c", "int failed = none ? cap_set_proc(none) : -1", "int failed = none ? 0 : -1", {"all_five_capability_sets_are_empty_and_privileges_cannot_grow"}, (SECURITY,), "capability"),
    "the bounding set stays": ("policy/caps.c", "for (cap_value_t c = 0; cap_drop_bound(c) == 0; c++)\n        ;\n    if (errno != EINVAL)", "if (0)", {"h22_capabilities_are_empty", "all_five_capability_sets_are_empty_and_privileges_cannot_grow"}, (SECURITY,), "capability"),
    "user namespaces below ours": ("mounts/plan.c", '.text = "0",\n     .why = "refuses user namespaces', '.text = "1000",\n     .why = "refuses user namespaces', {"no_user_namespace_can_be_made_without_any_policy_either", "h33_h34_no_namespace_is_made"} - {"h33_h34_no_namespace_is_made"}, (SECURITY,), "without_any_policy"),
    "core dumps": ("policy/limits.c", '{"core", RLIMIT_CORE, 0, 0,', '{"core", RLIMIT_CORE, 1, 1,', {"h45_no_core_is_dumped"}),
    "1,024 processes": ("policy/limits.c", '{"nproc", RLIMIT_NPROC, 1024, 1024,', '{"nproc", RLIMIT_NPROC, 4096, 4096,', {"h81_h82_limits"}),
    "locked memory": ("policy/limits.c", '{"memlock", RLIMIT_MEMLOCK, 65536, 65536,', '{"memlock", RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY,', {"h81_h82_limits"}),
    "the session's keys": ("launcher/launch.c", "    leave_session_keyring(l);\n    return 0;", "    (void)leave_session_keyring;\n    return 0;", {"keys_of_the_callers_session_are_out_of_reach"}, (SECURITY,), "keys"),
    "set-user-id": ("launcher/identity.c", "if (getauxval(AT_SECURE) || getuid() != geteuid() || getgid() != getegid()) {", "if (0) {", {"a_set_user_id_lrun_refuses_to_run"}, (SECURITY,), "set_user_id"),
    # ---- mounts ----
    "the root is writable": ("mounts/apply.c", "MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0) < 0)\n        return fail(err, errno, \"/\", \"make the new root", "MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0) < 0)\n        return fail(err, errno, \"/\", \"make the new root", {"h42_only_tmp_is_written", "h42_flags_of_mounts"}),
    "the top of a volume alone is read-only": ("mounts/apply.c", "AT_EMPTY_PATH | AT_RECURSIVE, row_attrs(row)", "AT_EMPTY_PATH, row_attrs(row)", {"submounts_of_a_volume_are_read_only_too"}, (FILES,), "submounts"),
    "a tmpfs of any number of files": ("mounts/plan.c", ".inodes = in->tmp_bytes / 16384,", ".inodes = in->tmp_bytes,", {"h84_tmp_is_full_at_its_size"}),
    "interrupts are shown": ("mounts/plan.c", 'PROC_MASK("interrupts", FLAG_FILE), ', "", {"h44_the_kernels_tables"}),
    "the host's boot id": ("mounts/plan.c", '.target = "proc/sys/kernel/random/boot_id"', '.target = "proc/sys/kernel/random/uuid"', {"h100_nothing_identifies_the_host"}),
    "/dev may hold programs": ("mounts/plan.c", ".flags = FLAG_RW | FLAG_EXEC_NOT, .target = \"dev\"", ".flags = FLAG_RW, .target = \"dev\"", {"h42_flags_of_mounts"}),
    "a spare inode in /dev": ("mounts/plan.c", "DEV_INODES = 9", "DEV_INODES = 12", {"h42_only_tmp_is_written", "h10_h11_h14_devices"}),
    "memory shared with the host": ("launcher/sandbox.c", "CLONE_NEWIPC | ", "", {"h97_no_memory_of_others"}),
    "links of a root file system are followed": (("mounts/apply.c",) * 2, ("RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS",) * 2, ("RESOLVE_NO_MAGICLINKS",) * 2, {"h17_h18_a_volumes_place_behind_a_link_of_the_package"}),
    "sources are not compared": ("mounts/apply.c", "fstat(tree, &st) == 0 && st.st_ino == s->ino && st.st_dev == s->dev", "fstat(tree, &st) == 0", {"h19_what_is_swapped_after_it_was_named_is_not_shown"}),
    # ---- networks ----
    "the gateway stands for the host": ("launcher/network.c", '"--no-map-gw", ', "", {"user_does_not_reach_the_hosts_loopback"}, ("tests/sandbox/test_network.py",), "loopback"),
    "the metadata service": ("launcher/steps.c", "return in->spec->net == NET_USER ? network_hide_metadata(err) : 0;", "return 0;", {"the_machines_metadata_service"}),
    # ---- archives ----
    "names with ..": ("mounts/zip_check.c", "if (part == 2 && c[0] == '.' && c[1] == '.')", "if (part == 2 && c[0] == '.' && c[1] == 0)", {"names_that_lead_astray_are_refused"}, (ARCHIVES,), "names or bombs or refused"),
    "absolute names": ("mounts/zip_check.c", "if (n == 0 || raw[0] == '/')", "if (n == 0)", {"names_that_lead_astray_are_refused"}, (ARCHIVES,), "names or bombs or refused"),
    "whiteouts": ("mounts/zip_check.c", 'if (part >= 4 && memcmp(c, ".wh.", 4) == 0)', "if (part == 9999)", {"names_that_lead_astray_are_refused"}, (ARCHIVES,), "names or bombs or refused"),
    "overlapping entries": ("mounts/zip_check.c", "if (ends[z->entries[i - 1].index] > z->entries[i].offset)", "if (ends[z->entries[i - 1].index] == 1)", {"archives_that_two_readers_would_read_differently_are_refused", "an_overlapping_bomb_of_every_kind"}, (ARCHIVES, FOREIGN), "refused or bomb"),
    "two names": ("mounts/zip.c", "name_n != u16(central + 28) || memcmp(local + LOCAL_SIZE, central + CENTRAL_SIZE, name_n) != 0", "name_n != u16(central + 28)", {"archives_that_two_readers_would_read_differently_are_refused"}, (ARCHIVES,), "refused"),
    "paths through links": ("mounts/zip_check.c", "if (parent && parent->type != ZIP_DIR)", "if (parent && parent->type == ZIP_FILE)", {"archives_that_two_readers_would_read_differently_are_refused"}, (ARCHIVES,), "refused"),
    "ambiguous end records": ("mounts/zip.c", "if (at + END_SIZE + u16(bytes + at + 20) != n)", "if (at + END_SIZE > n)", {"ambiguous_or_cut_off_archives_are_refused", "an_archive_of_others"}, (ARCHIVES, FOREIGN), "ambiguous or others"),
    "the unpacker without Landlock": ("mounts/confine.c", "if (limit(err) < 0 || landlock(dir, err) < 0)", "if (limit(err) < 0 || (0 && landlock(dir, err) < 0))", {"h72_the_unpacker_is_confined_before_it_reads_the_archive"}),
    "the unpacker without a call list": ("mounts/confine.c", "    return call_list(err);", "    return 0 && call_list(err);", {"h72_the_unpacker_is_confined_before_it_reads_the_archive"}),
    "the unpacker without limits": ("mounts/confine.c", "if (limit(err) < 0 || landlock(dir, err) < 0)", "if ((0 && limit(err) < 0) || landlock(dir, err) < 0)", {"h72_the_unpacker_is_confined_before_it_reads_the_archive"}),
    "helpers with the caller's environment": ("base/helper.c", "char *const envp[] = {NULL};", "extern char **environ; char *const *envp = environ;", {"h27_h90_a_program_that_lrun_starts_has_an_empty_environment"}),
    "a cache that others may write": ("mounts/cache.c", "st.st_mode & 022", "st.st_mode & 0", {"a_cache_others_can_write_to_is_refused"}, (CACHE,), "others"),
    "prune takes what is used": ("mounts/cache_entry.c", "if (flock(dir, LOCK_EX | LOCK_NB) < 0)\n        return errno == EWOULDBLOCK ? 0", "if (getpid() < 0)\n        return errno == EWOULDBLOCK ? 0", {"prune_removes_what_is_idle_and_keeps_what_is_used", "prune_and_verify_during_launches_take_nothing_away"}, (CACHE, PROCESS), "prune"),
    "entries of an earlier boot are trusted": ("mounts/cache_entry.c", "if (strcmp(boot, c->boot) == 0)", "if (boot[0])", {"an_entry_of_an_earlier_boot_is_verified_once"}, (CACHE,), "boot"),
    # ---- what is handed over ----
    "sockets as volumes": ("launcher/inputs.c", "if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {\n        fail(err, 0, copy", "if (getpid() < 0) {\n        fail(err, 0, copy", {"bad_volumes_are_refused"}, (EXEC,), "volumes"),
    "the home directory as a volume": ("launcher/inputs.c", "home_st.st_ino == st.st_ino && home_st.st_dev == st.st_dev", "getpid() < 0", {"bad_volumes_are_refused"}, (EXEC,), "volumes"),
    "a directory as standard input": ("launcher/main.c", "if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {", "if (fstat(fd, &st) != 0 && S_ISDIR(st.st_mode)) {", {"a_directory_as_standard_input_is_refused"}, (EXEC,), "standard_input"),
    # ---- the end ----
    "killed with its parent, and by the hang-up": (("launcher/steps.c", "launcher/init.c"), ("if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)", "case MESSAGE_HANGUP: _exit(0);"), ("if (getpid() < 0)", "case MESSAGE_HANGUP: break;"),
                                                   {"kill_9_at_random_moments_of_a_warm_launch_leaves_no_process", "kill_9_of_an_invocation_leaves_no_process"}, (PROCESS,), "warm_launch or of_an_invocation"),
}


# What root's launch does not need: these are run as an ordinary user.
ORDINARY = {"sources are not compared"}
ORDINARY_ID = "60994"


def failing(tree, build, paths, expression, ordinary=False):
    user = ["setpriv", "--reuid", ORDINARY_ID, "--regid", ORDINARY_ID, "--clear-groups"] if ordinary and os.geteuid() == 0 else []
    report = build / "mutant.xml"
    env = {**os.environ, "BUILD": str(build), "LRUN_ESCAPE_MODES": "exec-none,run-user", "PYTHONDONTWRITEBYTECODE": "1", "LRUN_KILLS": "40", "HOME": str(tree.parent)}
    found = set()
    for path, more in [(ESCAPE, ())] + [(p, ("-k", expression) if expression else ()) for p in paths]:
        report.unlink(missing_ok=True)
        subprocess.run([*user, "/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--junitxml={report}", f"--basetemp={tree}.tmp/{'ordinary' if user else 'own'}", tree / path, *more], cwd=tree, env=env, capture_output=True, stdin=subprocess.DEVNULL, timeout=900)
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                found.add(re.sub(r"^test_|\[.*", "", case.get("name")))
    return found


def make(tree):
    return subprocess.run(["make", "-j2", "-s", "all"], cwd=tree, capture_output=True, text=True)


def edit(tree, files, old, new):
    """Returns the texts as they were."""
    kept = {}
    for f, a, b in zip(*[(x,) if isinstance(x, str) else x for x in (files, old, new)]):
        path = tree / f
        text = path.read_text()
        if a not in text:
            raise SystemExit(f"mutants: {f} has no {a!r} any more: mend the row")
        kept.setdefault(path, text)
        path.write_text(text.replace(a, b, 1))
    return kept


def end_survivors(tree):
    """Of a mutant whose sandboxes outlive it."""
    for p in pathlib.Path("/proc").iterdir():
        try:
            if p.name.isdigit() and os.readlink(p / "exe").startswith(str(tree)):
                os.kill(int(p.name), 9)
        except OSError:
            pass


def copy(place, number):
    tree = pathlib.Path(place) / f"tree{number}"
    shutil.copytree(TOP, tree, symlinks=True, ignore=shutil.ignore_patterns(".git", "fuzz", "conformance", "asan", "vm", "arm64"))
    kept = pathlib.Path(f"{tree}.tmp")
    kept.mkdir()
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{ORDINARY_ID}:{ORDINARY_ID}", tree, kept], check=True)
    return tree


def judge(trees, build, name, row):
    """In the first tree that is free. Returns whether it is killed as its row says."""
    tree = trees.get()
    try:
        files, old, new, wanted = row[:4]
        kept = edit(tree, files, old, new)
        built = make(tree)
        found = failing(tree, tree / build, row[4] if len(row) > 4 else (), row[5] if len(row) > 5 else None, name in ORDINARY) if built.returncode == 0 else {"it does not build: " + built.stderr[-300:]}
        end_survivors(tree)
        for path, text in kept.items():
            path.write_text(text)
        verdict = "killed" if found == wanted else "ALIVE" if not found else "NOT AS SAID"
        print(f"{verdict:12} {name}" + ("" if found == wanted else f"\n    fails: {sorted(found)}\n    should: {sorted(wanted)}"), flush=True)
        return found == wanted
    finally:
        trees.put(tree)


def main():
    build, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    assert build == pathlib.Path("build"), "of the default build directory"
    chosen = {k: v for k, v in MUTANTS.items() if not names or any(n in k for n in names)}
    with tempfile.TemporaryDirectory(prefix="lrun-mutants.", dir="/tmp") as place:
        os.chmod(place, 0o755)
        trees = queue.Queue()
        for i in range(min(2, os.cpu_count() or 1)):
            trees.put(copy(place, i))
        first = trees.get()
        if failed := failing(first, first / build, (), None):
            sys.exit(f"mutants: before any is made, these fail: {sorted(failed)}")
        trees.put(first)
        with concurrent.futures.ThreadPoolExecutor(trees.qsize()) as pool:
            killed = sum(pool.map(lambda item: judge(trees, build, *item), chosen.items()))
    print(f"{killed} passed, {len(chosen) - killed} failed")
    sys.exit(0 if killed == len(chosen) else 1)


if __name__ == "__main__":
    main()
