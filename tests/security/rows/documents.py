# SPDX-License-Identifier: Apache-2.0
"""Mutants: the documents of a project, and what is seen of its directory. The columns are described in ../mutants.py."""
YAML, DOCUMENTS, FILES = ("tests/unit/test_project_yaml.c",), ("tests/unit/test_project_documents.c",), ("tests/unit/test_project_files.c",)
READERS = ("tests/unit/test_project_values.c", "tests/unit/test_project_sam.c")
ENCLOSURE = ("tests/project/test_enclosure.py",)

MUTANTS = {
    "documents: an alias inside of what it means": ("project/document_yaml.c", "if (v == &y->pending)", "if (v == NULL)", {"anchors_and_merge_keys"}, YAML),
    "documents: merged members are not counted": ("project/document_yaml.c", "        y->merged += from->n;\n", "", {"merge_keys_copy_so_many_members_and_no_more"}, YAML),
    "documents: merged maps are not counted": ("project/document_yaml.c", "if (++y->merged > DOCUMENT_MERGED)", "if (y->merged == SIZE_MAX)", {"merge_keys_copy_so_many_members_and_no_more"}, YAML),
    "documents: nesting one level deeper": ("project/document_yaml.c", "if (deep > DOCUMENT_DEPTH)", "if (deep > DOCUMENT_DEPTH + 1)", {"nesting_has_a_bound_that_tags_and_aliases_count_for"}, YAML),
    "documents: nesting by aliases": ("project/document_yaml.c", "if (o->deep + v->height > DOCUMENT_DEPTH)", "if (o->deep + v->height > 1000000)", {"nesting_has_a_bound_that_tags_and_aliases_count_for"}, YAML),
    "documents: nesting of TOML": ("project/document_toml.c", "if (++t->d->values > DOCUMENT_VALUES || deep > DOCUMENT_DEPTH) {", "if (++t->d->values > DOCUMENT_VALUES) {", {"nesting_has_a_bound"}, DOCUMENTS),
    "documents: values are not counted": ("project/document.c", "if (++d->values > DOCUMENT_VALUES) {", "if (!++d->values) {", {"too_many_values_are_refused"}, DOCUMENTS),
    "documents: NUL": ("project/document.c", "else if (*c == 0)", "else if (*c == 0 && n == SIZE_MAX)", {"nul_and_bytes_that_are_no_utf8_are_refused"}, DOCUMENTS),
    "documents: NUL that JSON escapes": ("project/document_json.c", "if (memchr(r->decoded.at, 0, r->decoded.n))", "if (!r->decoded.at)", {"json_is_read_as_it_is_spelled"}, DOCUMENTS),
    "documents: links out of the project": ("project/files.c", "RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS", "RESOLVE_NO_MAGICLINKS", {"what_lies_outside_does_not_exist", "directories_are_listed_in_order"}, FILES),
    "documents: paths above the root": ("project/files.c", "            if (!*n)\n                return -1;\n", "",
        {"each_function", "paths_are_joined_and_made_clean", "what_cannot_be_resolved_refuses_its_function_alone", "what_lies_outside_does_not_exist"}, (*FILES, *READERS)),
    "documents: absolute paths beside the root": ("project/files.c", "return clean[length] == '/' ? clean + length + 1 : NULL;", "return clean + length + 1;", {"paths_are_joined_and_made_clean"}, FILES),
    "projects: lrun-project is not enclosed": ("project/main.c", " || enclose(ROOT, err) < 0)", ")", {"it_encloses_itself_before_it_looks_at_the_project"}, ENCLOSURE),
    "projects: lrun-project without Landlock": ("project/enclose.c", "return landlock(root, err) < 0 ?", "return root < 0 && landlock(root, err) < 0 ?", {"it_encloses_itself_before_it_looks_at_the_project", "landlock_keeps_it_to_reading_beneath_the_root"}, ENCLOSURE),
    "projects: lrun-project may truncate": ("project/enclose.c", "version >= 3 ? TRUNCATE", "version < 0 ? TRUNCATE", {"landlock_keeps_it_to_reading_beneath_the_root"}, ENCLOSURE),
    "projects: lrun-project without a call list": ("project/enclose.c", ": call_list(err);", ": root < 0 ? call_list(err) : 0;", {"it_encloses_itself_before_it_looks_at_the_project", "it_can_do_no_more"}, ENCLOSURE),
    "projects: lrun-project without limits": ("project/enclose.c", "if (limit(err) < 0)", "if (root < 0 && limit(err) < 0)", {"it_encloses_itself_before_it_looks_at_the_project", "it_can_do_no_more"}, ENCLOSURE),
    "documents: an image that a template names is fetched": ("project/model_check.c", "if (f->image && !f->code)", "if (f->image && !f->id)", {"what_cannot_run_stands_among_the_refused_alone"}, ("tests/unit/test_project_model.c",)),
}
