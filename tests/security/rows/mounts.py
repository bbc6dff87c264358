# SPDX-License-Identifier: Apache-2.0
"""Mutants: mounts. The columns are described in ../mutants.py."""
FILES = "tests/sandbox/test_files.py"
ROOTFS = "tests/sandbox/test_rootfs.py"
INSIDE = {"h15_what_lies_on_the_host_is_no_place_inside", "h18_a_link_that_stays_inside_leads_to_a_volumes_place"}

MUTANTS = {
    "the root is writable": ("mounts/pivot.c", "MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0) < 0)\n        return fail(err, errno, \"/\", \"make the new root", "MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0) < 0)\n        return fail(err, errno, \"/\", \"make the new root", {"h42_flags_of_mounts"}),
    "the top of a volume alone is read-only": ("mounts/apply.c", "AT_EMPTY_PATH | AT_RECURSIVE, row_attrs(row)", "AT_EMPTY_PATH, row_attrs(row)", {"submounts_of_a_volume_are_read_only_too"}, (FILES,), "submounts"),
    "a tmpfs of any number of files": ("mounts/plan.c", ".inodes = in->tmp_bytes / 16384,", ".inodes = in->tmp_bytes,", {"h84_tmp_is_full_at_its_size"}),
    "interrupts are shown": ("mounts/plan.c", 'PROC_MASK("interrupts", FLAG_FILE), ', "", {"h44_the_kernels_tables"}),
    "the host's boot id": ("mounts/plan.c", '.target = "proc/sys/kernel/random/boot_id"', '.target = "proc/sys/kernel/random/uuid"', {"h100_nothing_identifies_the_host"}),
    "/dev may hold programs": ("mounts/plan.c", ".flags = FLAG_RW | FLAG_EXEC_NOT, .target = \"dev\"", ".flags = FLAG_RW, .target = \"dev\"", {"h42_flags_of_mounts"}),
    "a spare inode in /dev": ("mounts/plan.c", "DEV_INODES = 9", "DEV_INODES = 12", {"h42_only_tmp_is_written", "h10_h11_h14_devices"}),
    "memory shared with the host": ("launcher/sandbox/sandbox.c", "CLONE_NEWIPC | ", "", {"h97_no_memory_of_others"}),
    "links of a root file system are followed": (("mounts/make.c",) * 2, ("RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS",) * 2, ("RESOLVE_NO_MAGICLINKS",) * 2, {"h17_h18_a_volumes_place_behind_a_link_of_the_package", *INSIDE}),
    "sources are not compared": ("mounts/apply.c", "fstat(tree, &st) == 0 && st.st_ino == s->ino && st.st_dev == s->dev", "fstat(tree, &st) == 0", {"h19_what_is_swapped_after_it_was_named_is_not_shown"}, (), None, "ordinary"),
    "places are looked for on the host": ("mounts/make.c", "    if (p->ours)\n        return openat(p->root, target, O_PATH", "    if (p->work)\n        return openat(p->root, target, O_PATH", INSIDE),
    "places are made on the host": ("mounts/make.c", "if (p->ours || !slash)", "if (p->work || !slash)", {"h17_h18_a_volumes_place_behind_a_link_of_the_package"}),
    "all links to a place are refused": (("mounts/make.c",) * 2, ("RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS",) * 2, ("RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS",) * 2, {"h18_a_link_that_stays_inside_leads_to_a_volumes_place"}),
    "/dev of a root file system": ("mounts/plan.c", 'ROW_OF_DIR("dev", 0755,', 'ROW_OF_DIR("dev-of-ours", 0755,', {"hostile_links_lead_nowhere"}, (ROOTFS,), "hostile"),
    "/tmp of twice its size": ("mounts/plan.c", '.target = "tmp",\n                              .text = "/tmp",\n                              .size = in->tmp_bytes,', '.target = "tmp", .text = "/tmp", .size = 2 * in->tmp_bytes,', {"a_full_tmp_is_enospc_in_bytes_and_in_inodes", "tmp_is_writable_executable_sized_and_private"}, (FILES,), "full_tmp or tmp_is"),
}
