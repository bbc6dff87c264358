# SPDX-License-Identifier: Apache-2.0
"""Mutants: Java's runtimes. The columns are described in ../mutants.py."""
JAVA = "tests/runtimes/test_java.py"
C = "launcher/launch/java.c"

MUTANTS = {
    "java: a JVM of another version": (C, "s->version ? version == s->version :", "s->version ? version > 0 :", {"one_message_names_all_that_is_missing"}, (JAVA,), "one_message"),
    "java: a named JVM of another version": (C, "if (version && rt->version && version != rt->version)", "if (version && !rt->version)", {"interpreter_names_a_jvm"}, (JAVA,), "interpreter_names"),
    "java: any program as a JVM": (C, 'if (!in->interpreter.path || !str_ends(in->interpreter_path, "/java"))', "if (0)", {"interpreter_names_a_jvm"}, (JAVA,), "interpreter_names"),
    "java: a client that lacks a jar": (C, "    return !first_missing(jars);", "    return jars->have[RIC];", {"a_part_of_the_client_that_is_missing_is_named"}, (JAVA,), "a_part_of"),
    "java: a JVM without its configuration": (C, 'if (str_begins(to, "/etc/"))', 'if (str_begins(to, "/none/"))', {"the_jvm_has_its_configuration_and_certificates"}, (JAVA,), "configuration"),
    "java: a prefix with other data": (C, "        if (may <= 0)\n", "        if (may < 0)\n", {"a_jvm_beside_other_data_is_passed_over"}, (JAVA,), "beside_other_data"),
    "java: a shell's variables": ("runtimes/java/bootstrap", "-u PWD -u OLDPWD -u SHLVL -u _", "-u OLDPWD", {"the_jvm_is_started_as_on_lambda"}, (JAVA,), "as_on_lambda and 512"),
    "inspect: a secret by Java's other name": ("launcher/diagnose/inspect.c", ' || str_begins(variable, "AWS_SECRET_KEY=")', "", {"credentials_of_the_users_own_are_not_shown"}, ("tests/cli/test_inspect.py",), "not_shown"),
    "store: a Java of another version": ("launcher/launch/stored.c", "if (other && other != version)\n        return refuse(r, \"it holds Java", "if (!version)\n        return refuse(r, \"it holds Java", {"a_jvm_of_another_version_is_not_added"}, (JAVA,), "not_added"),
    "store: a root file system without Java": ("launcher/launch/stored.c", "!java_in_root(tree, &(struct runtime){0}))", "tree < 0)", {"a_root_file_system_without_java_is_not_added"}, (JAVA,), "without_java"),
    "store: a language that lrun has no client for": ("launcher/launch/stored.c", "    case RUNTIME_OTHER:\n        return refuse(", "    case RUNTIME_OTHER:\n        return tree >= 0 || refuse(", {"a_source_that_would_not_run_is_refused_by_name"}, ("tests/cli/test_runtime_store.py",), "by_name and client"),
    "store: a client without its jars": (C, "    if (!missing)\n        return 0;\n    fail(err, 0, source,", "    if (!missing || *missing)\n        return 0;\n    fail(err, 0, source,", {"a_directory_that_holds_no_client_is_refused_by_name"}, (JAVA,), "no_client"),
    "store: a client of links": (C, 'mark_jars(open, ".", AT_SYMLINK_NOFOLLOW, &jars);', 'mark_jars(open, ".", 0, &jars);', {"a_directory_that_holds_no_client_is_refused_by_name"}, (JAVA,), "no_client and link"),
    "store: all of a client's directory": ("cache/store_pack.c", "return p->leave && p->leave(path) ? 0 :", "return", {"a_client_of_the_store_is_where_awss_is"}, (JAVA,), "where_awss_is"),
    "store: a client for another language": ("launcher/command/cmd_runtime_add.c", "if (r->client && a->runtime.family != RUNTIME_JAVA)", "if (0)", {"what_takes_no_client_says_so"}, (JAVA,), "takes_no_client"),
}
