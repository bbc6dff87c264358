# SPDX-License-Identifier: Apache-2.0
"""Mutants: layers by ARN, and what fetches them. The columns are described in ../mutants.py."""
ARNS = "tests/cli/test_layers_by_arn.py"
FETCH = "tests/cli/test_layer_fetch.py"
PROJECT = "tests/project/test_fetch.py"

MUTANTS = {
    "layers: another zip in a stored layer's place": ("launcher/launch/layers.c", "return strcmp(layer->sha256, e->digest) != 0 ?", "return !e->digest[0] ?", {"a_damaged_layer_is_refused_and_told_by_verify"}, (ARNS,), "damaged and changed"),
    "layers: a directory's links are followed": ("cache/layer_pack.c", "if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)", "if (fstatat(dir, name, &st, 0) < 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)", {"a_directory_becomes_a_zip_with_links_and_modes_and_always_the_same"}, (ARNS,), "becomes_a_zip"),
    "layers: SAM's directory may be a link": ("launcher/launch/layers.c", "open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)", "open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)", {"sams_cache_is_used_by_the_name_that_sam_gives"}, (ARNS,), "by_the_name", "ordinary"),
    "layers: the home directory as a layer": ("launcher/command/cmd_layer_add.c", "*ret_is_dir && trust_check_shown(", "*ret_is_dir && id->uid == 1 && trust_check_shown(", {"what_is_no_layer_is_refused_and_nothing_is_left"}, (ARNS,), "no_layer and home"),
    "layers: names of ARNs lead elsewhere": ("lambda/layer_arn.c", "    if (!letters(parts[6], sizeof ret->name))", "    if (!parts[6].n || parts[6].n >= sizeof ret->name)", {"bad_command_lines_are_refused", "says_what_is_wrong_with_another"}, (ARNS, "tests/unit/test_layer_arn.c"), "bad_command"),
    "layers: the wrong zips are tidied away": ("cache/layer_store.c", "        if (!is_named(store, zips.at[i], &names))", "        if (is_named(store, zips.at[i], &names))", {"a_zip_that_two_arns_have_goes_with_the_second"}, (ARNS,), "two_arns"),
    "layers: the address is an argument": ("launcher/launch/aws_download.c", '    strv_add(&words, xstrdup("-"));', '    strv_add(&words, xstrdup("-"));\n    strv_add(&words, xstrdup("-A"));\n    strv_add(&words, json_plain(code->location));', {"the_address_is_in_no_argument_no_variable_and_no_log"}, (FETCH,), "no_argument"),
    "layers: an address adds to curl's configuration": ("launcher/launch/aws_download.c", "text && is_address(text) && (", "text && (is_address(text) || *text) && (", {"what_is_not_as_aws_says_is_refused_and_nothing_is_left"}, (FETCH,), "as_aws_says and quote"),
    "layers: an address in the clear": ("launcher/launch/aws_download.c", "|| is_here(text))", '|| is_here(text) || str_begins(text, "http://"))', {"what_is_not_as_aws_says_is_refused_and_nothing_is_left"}, (FETCH,), "as_aws_says and (clear or host)"),
    "layers: another content than AWS says": ("launcher/command/layer_add.c", "if (!wanted || strcmp(code, wanted) == 0)", "if (!wanted || *wanted)", {"what_is_not_as_aws_says_is_refused_and_nothing_is_left"}, (FETCH,), "as_aws_says and hash"),
    "layers: more than AWS says": ("launcher/launch/aws_download.c", "uint64_t largest = code->size ? code->size : AWS_CODE_MAX;", "uint64_t largest = AWS_CODE_MAX;", {"what_is_not_as_aws_says_is_refused_and_nothing_is_left"}, (FETCH,), "as_aws_says and size"),
    "layers: aws's line with an address is repeated": ("launcher/launch/aws.c", 'if (*last && !strstr(last, "X-Amz-") &&', 'if (*last && !strstr(last, "Y-Amz-") &&', {"the_region_is_the_arns"}, (FETCH,), "region"),
    "layers: curl outlives lrun": ("launcher/launch/outside.c", "prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid()", "getppid()", {"a_signal_while_it_is_fetched_leaves_neither_files_nor_processes"}, (FETCH,), "a_signal and 9"),
    "layers: root's AWS files are read by name": ("launcher/launch/aws.c", '        a->files[ROOTS[i].file] = outside_copy(path, err);', '        a->files[ROOTS[i].file] = (err->no = ENOENT, -1);', {"roots_program_sees_copies_of_roots_files"}, (FETCH,), "copies_of_roots", "root"),
    "fetch: files of the folder are overwritten": ("launcher/command/cmd_project_fetch.c", "openat(f->out, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)", "openat(f->out, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)", {"what_is_there_is_never_overwritten", "a_link_in_the_folder_is_not_written_through"}, (PROJECT,), "what_is_there or a_link"),
    "fetch: others read the function's variables": ("launcher/command/cmd_project_fetch.c", 'fs_write_new(f->out, "lrun.json", 0600,', 'fs_write_new(f->out, "lrun.json", 0644,', {"a_function_becomes_a_folder_that_runs"}, (PROJECT,), "folder_that_runs"),
    "fetch: another content than AWS says": ("launcher/command/cmd_project_fetch.c", "layer_check_code(code->object, hex, wanted, err) < 0", "!wanted[0]", {"what_is_not_as_aws_says_leaves_nothing"}, (PROJECT,), "leaves_nothing and hash"),
    "fetch: a name that is an option": ("launcher/command/cmd_project_fetch.c", "    bool good = strlen(word) <= NAME_MOST && n < sizeof f->function && function_name_fits(name, n);", "    bool good = strlen(word) <= NAME_MOST && n < sizeof f->function;", {"odd_names_reach_no_program"}, (PROJECT,), "odd_names"),
}
