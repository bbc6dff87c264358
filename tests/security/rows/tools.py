# SPDX-License-Identifier: Apache-2.0
"""Mutants: what is seen of the host's /usr. The columns are described in ../mutants.py."""
TOOLS = "tests/sandbox/test_tools.py"

MUTANTS = {
    "tools: git-core is seen": ("cache/tools_list.c", '"*-linux-gnu lib*', '"git-core *-linux-gnu lib*', {"programs_that_lambda_has_not_are_not_there"}, (TOOLS,), None),
    "tools: a refused overlay ends the launch": ("mounts/apply.c", "if (status < 0 && row->flags & FLAG_TRY)", "if (status < 0 && row->flags & FLAG_TRY && plan->n == 0)",
                                                 {"where_usr_cannot_be_overlaid_it_runs_and_says_so"}, (TOOLS,), None),
    "tools: a changed tree is used": ("cache/tools.c", "        if (prepared_is_whole(c, ret))\n", "        if (c->path || prepared_is_whole(c, ret))\n", {"a_tree_that_was_changed_is_made_anew"}, (TOOLS,), "was_changed"),
    "tools: a tree in use is pruned": ("cache/cache_entry.c", "if (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) < 0)\n        return errno == EWOULDBLOCK ? 0", "if (getpid() < 0)\n        return errno == EWOULDBLOCK ? 0", {"a_tree_is_made_once_and_pruned_when_nobody_uses_it"}, (TOOLS,), None),
    "tools: the host's os-release": ("cache/tools.c", "if (write_release(m, err) < 0)", "if (!m->from->in && write_release(m, err) < 0)", {"the_system_is_amazon_linux_of_the_runtime"}, (TOOLS,), None),
    "tools: dev shows all of the host's modules": ("cache/tools_list.c", '"pytest _pytest pytest-[0-9]*', '"* pytest _pytest pytest-[0-9]*',
        {"dev_shows_pytest_and_what_it_imports_and_no_other_module", "an_import_that_lambda_refuses_fails_the_tests_too"}, (TOOLS,), None),
    "tools: dev shows the host's modules where /usr cannot be covered": ("mounts/plan_runtime.c", "i < COUNT(HIDDEN); i++)", "i < (rt->dev ? 0 : COUNT(HIDDEN)); i++)",
        {"where_usr_cannot_be_overlaid_no_module_is_seen_and_it_is_said"}, (TOOLS,), None),
    "unit tests: no limit of memory": ("launcher/command/test_unit.c", "own.memory.set = true;", "own.memory.set = r->memory.set;",
        {"the_functions_memory_size_limits_its_tests"}, ("tests/cli/test_unit_tests.py",), None),
}
