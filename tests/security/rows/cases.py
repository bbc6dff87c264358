# SPDX-License-Identifier: Apache-2.0
"""Mutants: lrun test: what a file of cases may name and cost, and what a function that is tested may say to those who read its results. The
columns are described in ../mutants.py."""
CASES, RESULTS, MATCH = ("tests/cli/test_test_cases.py",), ("tests/cli/test_test_results.py",), ("tests/unit/test_match.c",)

MUTANTS = {
    "cases: the event of a case is a file anywhere": (
        "launcher/test/case.c", "= place_open_beneath(x->dir, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, x->id->uid, x->id->gid, \"open the event\", x->err);",
        "= openat(x->dir, path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);", {"a_case_that_cannot_be_judged_is_refused_before_anything_runs"}, CASES),
    "cases: an expression refers back": ("launcher/test/expression.c", "    if (refers_back(plain))", "    if (refers_back(plain) && !*plain)", {"what_is_refused"}, MATCH),
    "cases: an expression repeats without bounds": ("launcher/test/expression.c", "    if (repeats_too_much(plain))", "    if (repeats_too_much(plain) && !*plain)", {"what_is_refused"}, MATCH),
    "cases: a pattern without a bound of depth": ("launcher/test/match.c", "++depth > MATCH_DEPTH_MAX)", "++depth > 1000000000)",
                                                  {"a_pattern_is_nested_so_deep_and_no_deeper"}, MATCH),
    "cases: a function's log holds commands for GitHub": ("launcher/test/github.c", "if (here && c == '[' && i >= 2 &&", "if (here && c == '[' && i > n &&",
                                                          {"github_is_told_by_annotations_and_no_function_speaks_to_it"}, RESULTS),
    "cases: a function's log begins lines": ("launcher/test/text.c", "text_puts(&shown, \"      | \");", "text_puts(&shown, \"      \");",
                                             {"github_is_told_by_annotations_and_no_function_speaks_to_it"}, RESULTS),
    "cases: an annotation's text ends its property": ("launcher/test/github.c", "(property && (*c == ':' || *c == ','))", "(property && *c == 0)",
                                                      {"github_is_told_by_annotations_and_no_function_speaks_to_it"}, RESULTS),
    "cases: a function's text is an element of JUnit's XML": ("launcher/test/junit.c", "        else if (strchr(\"<>&\\\"'\", (int)code) && code < 0x80)", "        else if (strchr(\"&\\\"'\", (int)code) && code < 0x80)",
                                                              {"junit_is_xml_whatever_a_function_prints", "junit_has_a_suite_for_each_runtime"}, RESULTS),
    "cases: a function's text is markup in the summary": ("launcher/test/github.c", "        else if (strchr(\"<>&|", "        else if (strchr(\"~", {"github_is_told_by_annotations_and_no_function_speaks_to_it"}, RESULTS),
    "cases: the log that is kept has no bound": ("launcher/environment/log.c", "room = k->max - k->text.n,", "room = k->max << 9,", {"a_log_that_was_cut_proves_nothing"}, CASES),
}
