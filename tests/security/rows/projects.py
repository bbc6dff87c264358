# SPDX-License-Identifier: Apache-2.0
"""Mutants: readers of CDK's, Serverless's and Terraform's projects: what they may name, and circles in them. The columns are described in
../mutants.py."""
CDK, SERVERLESS, TERRAFORM = ("tests/project/test_cdk.py",), ("tests/project/test_serverless.py",), ("tests/project/test_terraform.py",)

MUTANTS = {
    "projects: an asset outside of the root": ("project/assets.c", "    if (joined && files_look(files, joined)->kind != SEEN_ABSENT)\n        return joined;\n",
                                               "    if (!joined || files_look(files, joined)->kind != SEEN_ABSENT)\n        return joined ? joined : path;\n", {"an_asset_outside_of_the_project_is_refused"}, CDK),
    "projects: an archive of Terraform's outside of the root": ("project/terraform_layers.c", "    const char *joined = files_join(t->arena, t->dir, path, t->ask->root_path);\n    if (!joined) {",
                                                                "    const char *joined = files_join(t->arena, t->dir, path, t->ask->root_path);\n    if (!joined && (joined = path) && !*path) {",
                                                                {"a_file_outside_of_the_project_is_refused"}, TERRAFORM),
    "projects: assemblies within assemblies": ("project/read_cdk.c", "    if (depth > ASSEMBLIES_DEEP || ++c->assembly_count > 2 * ASSEMBLIES_MAX)", "    if (depth > 1000000 || ++c->assembly_count > 1000000)",
                                               {"a_broken_manifest_is_refused"}, CDK),
    "projects: a variable that refers to itself": ("project/serverless_variables.c", "    if (k->shallow_now)\n", "    if (k->shallow_now && v->depth == 1000000)\n",
                                                   {"what_cannot_be_resolved_is_refused_by_name_and_line", "what_contains_itself_is_refused", "a_stage_that_is_itself_is_refused"}, SERVERLESS),
    "projects: what contains itself by a variable": ("project/serverless_variables.c", "    if (k->deep_now || v->depth >= DEPTH_MAX || ++v->steps > STEPS_MAX)\n        return variables_refuse(v, why, n, NULL, \"it contains", "    if (k->deep == n)\n        return variables_refuse(v, why, n, NULL, \"it contains", {"what_contains_itself_is_refused"}, SERVERLESS),
    "projects: texts that variables make are not counted": ("project/serverless_variables.c", "        if (used + n > RESULT_MAX)\n", "        if (used + n > SIZE_MAX / 4)\n",
                                                            {"variables_that_would_fill_the_memory_are_refused"}, SERVERLESS),
    "projects: Terraform's modules that refer to one another": ("project/terraform_references.c", "++r->steps > EXPRESSIONS_MAX || r->depth", "r->depth",
                                                                {"modules_that_refer_to_one_another_end"}, TERRAFORM),
    "projects: a program of the service's is run by nobody, and read as a file": ("project/serverless_sources.c", '    if (!ends(e->parameter, ".yml") && !ends(e->parameter, ".yaml") && !ends(e->parameter, ".json"))\n',
                                                                                   '    if (!*e->parameter && !ends(e->parameter, ".yml"))\n', {"what_cannot_be_resolved_is_refused_by_name_and_line"}, SERVERLESS),
}
