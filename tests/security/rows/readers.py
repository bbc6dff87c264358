# SPDX-License-Identifier: Apache-2.0
"""Mutants: what reads hostile bytes, and calls without a decision. The columns are described in ../mutants.py."""
READERS = "tests/security/test_readers.py"
CALLS = "tests/sandbox/test_calls.py"

MUTANTS = {
    "any number of long names in a tarball": ("unpack/untar.c", "if ((u->names += strlen(entry->name)) > ZIP_MAX_NAMES)", "if ((u->names += strlen(entry->name)) == 1)", {"names_of_a_tarball_are_bounded_together"}, (READERS,), "bounded"),
    "any number of long names in a zip": ("unpack/zip.c", "if ((names += u16(central + 28)) > ZIP_MAX_NAMES)", "if ((names += u16(central + 28)) == UINT64_MAX)", {"names_of_a_zip_are_bounded_together"}, (READERS,), "bounded"),
    "the unpacker's memory": ("unpack/confine.c", "return limit_one(RLIMIT_DATA, memory, err);", "return memory ? 0 : -1;", {"the_unpackers_memory_is_limited", "a_decompressor_that_wants_more_memory_than_there_is_is_refused_in_one_line"}, (READERS,), "memory"),
    "any number of variables": ("launcher/launch/inputs_text.c", "return in->variables.n > VARIABLES_MAX ? variables_check_size(&in->variables, err) : 0;", "return 0;", {"very_many_variables_are_refused_before_each_is_compared_with_all"}, (READERS,), "variables and compared"),
    "names twice in a document": ("base/json_document.c", "if (twice.at) {", "if (twice.at && !name) {", {"a_policy_that_two_readers_could_read_differently_is_refused", "names_twice_in_a_configuration_or_a_file_of_variables"}, (READERS,), "differently or twice"),
    "bytes after a document": ("base/json_scan.c", 'good = s.at == s.end || wrong(&s, "nothing after the value");', "good = true;", {"a_policy_that_two_readers_could_read_differently_is_refused", "names_twice_in_a_configuration_or_a_file_of_variables"}, (READERS,), "differently or twice"),
    "a policy's numbers as doubles": ("policy/oci.c", "item->valuestring = strndup(v.at, v.n);", 'item->valuestring = xasprintf("%.0f", item->valuedouble);', {"what_is_printed_makes_the_same_filter_again", "a_policy_that_two_readers_could_read_differently_is_refused"}, (READERS,), "printed or differently"),
    "lrun-policy reads first": ("policy/compile.c", "answer(restrict_self(&err) < 0 ? -1 : user(&err), &err)", "answer(user(&err), &err)", {"lrun_policy_gives_up_what_it_does_not_need_before_it_reads"}, (READERS,), "gives_up"),
    "numbers that are no calls": ("policy/compile.c", "    if (status == 0 && ours)\n        fill_gaps(&g);\n    if (status == 0 && files == BUILTINS[0].refusals)", "    if (status == 0 && ours && *at)\n        fill_gaps(&g);\n    if (getpid() < 0)", {"each_number_is_decided"}, (CALLS,), "decided"),
}
