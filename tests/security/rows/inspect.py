# SPDX-License-Identifier: Apache-2.0
"""Mutants: what inspect calls an error, a warning, or nothing. The columns are described in ../mutants.py."""
INSPECT = ("tests/cli/test_inspect_packages.py",)
IMAGES = ("tests/cli/test_inspect_images.py",)
MANY = ("tests/cli/test_inspect_many.py",)
NOTHING, LIKELY, CERTAIN = "what_works_is_no_finding", "what_is_likely_wrong_is_a_warning", "what_lambda_certainly_refuses_is_an_error"

MUTANTS = {
    "inspect: an index of images is taken": ("launcher/diagnose/inspect_image_lint.c", "if (i->launch->inputs.image.facts.indexed)", "if (0)", {"an_index_is_an_error"}, IMAGES, "index"),
    "inspect: an image of no program": ("launcher/diagnose/inspect_image_lint.c", "if (!argv->n) {", "if (0 && !argv->n) {", {"findings"}, IMAGES, "findings"),
    "inspect: a program of the host's will do": ("launcher/diagnose/inspect_image_lint.c", "RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS", "RESOLVE_NO_MAGICLINKS", {"findings"}, IMAGES, "findings"),
    "inspect: a script of an image needs no interpreter": ("launcher/diagnose/inspect_image_lint.c", "else if (name[0] == '/' && !is_there(i, name))", "else if (0)", {"findings"}, IMAGES, "findings"),
    "inspect: an image's program is for any machine": ("launcher/diagnose/inspect_image_lint.c", "if (machine != ARCH_OURS_ELF || head[EI_CLASS] != ELFCLASS64)", "if (0)", {"findings"}, IMAGES, "findings"),
    "inspect: AWS's script takes any words": ("launcher/diagnose/inspect_image_lint.c", "if (argv->n != 2)", "if (0)", {"an_image_of_awss"}, IMAGES, "awss"),
    "inspect: all of an image is its first layer's": ("cache/merged.c", "r->layer = n[0] < MERGED_LAYERS_MAX ? (unsigned)n[0] : 0;", "r->layer = 0;", {"what_it_is_and_which_layer_gives_what"}, IMAGES, "what_it_is"),
    "inspect: metadata in extensions": ("launcher/diagnose/inspect_lint.c", "if (inspection_starts(i, f) && explain_is_metadata(f->path)) {", "if (0) {", {CERTAIN}, INSPECT, "macOS"),
    "inspect: every build must fit": ("launcher/diagnose/inspect_elf.c", "(!started && inspection_is_choice(i, f->path))", "(0 && inspection_is_choice(i, f->path))", {NOTHING}, INSPECT, "prebuilt or musl"),
    "inspect: console scripts count": ("launcher/diagnose/inspect_lint.c", "if (!started && is_left_over(f, name))", "if (0 && is_left_over(f, name))", {NOTHING}, INSPECT, "console or first"),
    "inspect: a wrapper decides nothing": ("launcher/diagnose/handler.c", 'return handler_variable(l, "AWS_LAMBDA_EXEC_WRAPPER") || ', "return ", {NOTHING}, INSPECT, "wrapper and starts"),
    "inspect: absolute handlers are the task's": ("launcher/diagnose/handler.c", "if (whole[0] == '/') {", "if (0) {", {NOTHING}, INSPECT, "absolute and works"),
    "inspect: handlers of layers": ("launcher/diagnose/handler.c", 'return look_into(s, "/var/task") || handler_places(l, true, look_into, s);', 'return look_into(s, "/var/task") || (0 && handler_places(l, true, look_into, s));', {NOTHING}, INSPECT, "handler and layer and works"),
    "inspect: the host's architecture is the function's": ("launcher/diagnose/inspect_elf.c", "bool never = e->bits != 64 ||", "bool never = true ||", {LIKELY}, INSPECT, "architecture and likely"),
    "inspect: archives are content": ("launcher/diagnose/inspect_layers.c", "if (c->count[ARCHIVE])", "if (0)", {LIKELY}, INSPECT, "zip and likely"),
    "inspect: an empty layer": ("launcher/diagnose/inspect_layers.c", "bool unpacked = !package_entry(&i->package, part) && !c->any;", "bool unpacked = false;", {"an_empty_directory_as_a_layer_is_an_error"}, INSPECT, "empty"),
    "inspect: one folder too deep": ("launcher/diagnose/inspect_layout.c", "if (merged_find(m, init) || is_spoken_of(i, top))", "if (folder || is_spoken_of(i, top))", {LIKELY}, INSPECT, "deep"),
    "inspect: each finding by itself": ("launcher/diagnose/inspect_text.c", "if (k && compare(sorted[k], sorted[k - 1]) == 0)", "if (0 && compare(sorted[k], sorted[k - 1]) == 0)", {"equal_findings_are_one_in_the_text"}, INSPECT, "equal"),
    "inspect: no room is shown": ("launcher/diagnose/inspect_sizes.c", "if (all < UNZIPPED_MAX / 5 * 4)", "if (all)", {"beyond_the_size_limit_the_largest_are_shown", "archives_beyond_the_size_limit_are_shown_too"}, INSPECT, "size"),
    "launch: beyond Lambda's size": ("launcher/launch/launch.c", " || inputs_check_size(&l->inputs, err) < 0)", ")", {"archives_beyond_the_size_limit_are_shown_too"}, INSPECT, "size"),
    "inspect many: builds": ("launcher/diagnose/inspect_builds.c", "    if (strstr(path, \".cpython-\"))\n", "    struct inspection each = {.package = i->package};\n    inspection_find_builds(&each);\n    free(each.builds);\n    if (strstr(path, \".cpython-\"))\n", {"what_inspect_asks_of_many_files_takes_no_time_for_each_pair"}, MANY, "many and builds"),
    "inspect many: the handler": ("launcher/diagnose/inspect_lint.c", "started || f == i->handler", "started || f == find_handler(i)", {"what_inspect_asks_of_many_files_takes_no_time_for_each_pair"}, MANY, "many and unreadable"),
    "inspect many: libraries": ("launcher/diagnose/inspect_elf.c", "    return inspection_has_ending(i, end);", "    return merged_ending(&i->package.merged, end, NULL) != NULL;", {"what_inspect_asks_of_many_files_takes_no_time_for_each_pair"}, MANY, "many and needs"),
    "inspect many: findings": ("launcher/diagnose/inspect_text.c", "        sorted[k] = &i->lints[k];\n", "        for (size_t l = 0; l <= k; l++)\n            if (compare(&i->lints[l], &i->lints[k]) == 0)\n                sorted[k] = &i->lints[k];\n", {"what_inspect_asks_of_many_files_takes_no_time_for_each_pair"}, MANY, "many and findings"),
}
