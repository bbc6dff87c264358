# SPDX-License-Identifier: Apache-2.0
"""Mutants: what a function sees of the runtime client, AWS's SDK, and interpreters of the host. The columns are described in ../mutants.py."""
SURFACE, PACKS, CASES = "tests/runtimes/test_surface.py", "tests/runtimes/test_packs.py", "tests/runtimes/test_cases.py"
SDK, INTERPRETERS = "tests/cli/test_sdk.py", "tests/runtimes/test_interpreters.py"

MUTANTS = {
    "client: an import of the bootstrap runs it": ("runtimes/python3/bootstrap.py", 'if __name__ == "__main__":\n    main()', "main()", {"a_second_import_of_the_bootstrap_runs_nothing"}, (SURFACE,), "bootstrap and not nodes"),
    "client: the descriptor for messages stays": ("runtimes/python3/awslambdaric/bootstrap.py", 'os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)', 'os.environ.get("_LAMBDA_TELEMETRY_LOG_FD")', {"the_descriptor_for_messages_is_not_left_in_the_variables"}, (SURFACE,), "descriptor"),
    "client: a stream is the request": ("runtimes/nodejs/lambda_client.cjs", "return { stream: streamOf(r), finished, fail };", "return { stream: r, finished, fail };", {"node"}, (CASES,), "members"),
    "client: import looks into no layer": ("runtimes/nodejs/index.mjs", "if (MAJOR < 18 || !folders.some((f) => fs.existsSync(f))) {", "if (MAJOR) {", {"import_finds_layers_through_node_path", "import_within_commonjs_finds_layers_too", "a_node_path_of_the_functions_own_counts_for_import"}, (PACKS,), "import"),
    "client: node's loader as it is": ("runtimes/nodejs/bootstrap", '20) [ "$minor" -ge 17 ] && switch_off require-module ;;', "20) ;;", {"the_loaders_flags_are_lambdas"}, (PACKS,), "loaders"),
    "sdk: a link in its place": (("launcher/launch/sdk.c", "mounts/apply.c"), ("&st, AT_SYMLINK_NOFOLLOW) == 0", "name, O_PATH | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)"), ("&st, 0) == 0", "name, O_PATH | O_DIRECTORY, 0, 0)"), {"a_link_in_its_place_is_not_followed"}, (SDK,), "link"),
    "sdk: only lrun's own lack is said": ("launcher/launch/sdk.c", "return rt->version >= PYTHON[i].from;", "return rt->version < PYTHON[i].from;", {"without_it_the_failure_says_that_it_is_lruns_own"}, (SDK,), "lruns_own"),
    "sdk: a package's own is not seen": ("launcher/diagnose/inspect_sdk.c", "|| brings(i, module))", "|| (0 && brings(i, module)))", {"a_package_that_brings_its_own_has_no_finding"}, (SDK,), "brings_its_own"),
    "interpreter: a JVM without its configuration": ("launcher/launch/java.c", 'open("/usr/lib/jvm", ', 'open("/usr/lib/none", ', {"debians_jvm_finds_its_configuration", "nothing_else_of_etc_comes_with_it"}, (INTERPRETERS,), "jvm or etc"),
    "interpreter: a script is asked for its version": ("launcher/launch/interpreter_places.c", "|| !starts_here(real))", "|| (0 && !starts_here(real)))", {"a_shim_is_no_interpreter"}, (INTERPRETERS,), "shim"),
    "interpreter: all that lies beside a program's bin": ("launcher/launch/interpreter.c", "|| !may_show(s, path, prefix))", "|| (0 && !may_show(s, path, prefix)))", {"a_directory_that_holds_other_data_is_not_shown_for_the_program_in_it"}, (INTERPRETERS,), "other_data"),
    "interpreter: a prefix that holds what programs keep": ("launcher/launch/trust.c", "(check_kept(&l, here) < 0 || check_kept(&l, own) < 0)", "(0 && (check_kept(&l, here) < 0 || check_kept(&l, own) < 0))", {"a_directory_that_holds_other_data_is_not_shown_for_the_program_in_it"}, (INTERPRETERS,), "other_data"),
    "interpreter: conda's other environments": ("mounts/plan_runtime.c", 'HIDE("var/lang/envs"', 'HIDE("var/lang/none"', {"of_a_conda_installation_only_the_environment_is_shown"}, (INTERPRETERS,), "conda_installation"),
    "library: what is refused is made again and again": ("launcher/launch/library.c", "if (good || !err.no)", "if (good)", {"what_a_hostile_interpreter_writes_harms_nobody"}, ("tests/runtimes/test_library.py",), "hostile"),
    "library: a directory over a link": ("runtimes/python3/compile_library.py", "os.path.realpath(os.path.dirname(os.__file__))", "os.path.dirname(os.__file__)", {"it_is_compiled_once_and_found_from_then_on"}, ("tests/runtimes/test_library.py",), "compiled_once"),
    "interpreter: with the host's modules": ("mounts/plan_runtime.c", "i < COUNT(HIDDEN_PREFIX_VERSIONED)", "i + 2 < COUNT(HIDDEN_PREFIX_VERSIONED)",
                                             {"an_interpreter_of_a_prefix_is_found_along_path", "version_managers_are_known", "a_shim_is_no_interpreter"}, (INTERPRETERS,), "prefix_is_found or managers or shim"),
    "interpreter: without what it is linked with": ("mounts/plan_runtime.c", 'xstrdup("usr/local/lib"), "/usr/local/lib"', 'xstrdup("usr/local/lib"), "/usr/local/none"', {"an_interpreter_in_usr_local_keeps_what_it_is_linked_with"}, (INTERPRETERS,), "usr_local", "root"),
}
