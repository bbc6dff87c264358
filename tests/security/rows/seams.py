# SPDX-License-Identifier: Apache-2.0
"""Mutants: where a project meets the rest of lrun. The columns are described in ../mutants.py."""
SEAMS = ("tests/project/test_seams.py",)
LAYERS = {"a_project_has_no_more_layers_than_lambda", "a_template_has_no_more_layers_than_lambda"}

MUTANTS = {
    "seams: as many layers as a project likes": (("launcher/launch/request_check.c", "launcher/launch/inputs.c"), ("if (r->layers.n > LAYERS_MAX)", "if (r->layers.n > COUNT(in->layers))"), ("if (0)", "if (0)"), LAYERS, SEAMS, "layers"),
    "seams: notes as a project has them": ("launcher/command/project_facts.c", "name, str_line(what));", "name, what);", {"notes_are_one_line_each", "what_a_project_says_does_not_steer_a_terminal"}, SEAMS, "one_line or terminal"),
    "seams: lrun project prints as a project has it": ("launcher/command/cmd_project.c", "return text ? str_line(text) : NULL;", "return text;", {"what_a_project_says_does_not_steer_a_terminal"}, SEAMS, "one_line or terminal"),
    "seams: an answer for ever": ("launcher/launch/project_read.c", "    return named;\n", "    return named || true;\n", {"an_answer_that_depends_on_no_file_is_not_remembered"}, SEAMS, "remembered"),
    "seams: what is made anew is not watched": ("launcher/serve/watch.c", "    if (w->moved)\n", "    if (w->moved && !w->roots)\n", {"what_sam_builds_anew_is_watched_on"}, SEAMS, "anew"),
    "seams: routes lead to another's FunctionName": ("launcher/serve/server.c", "if (names->n && is_name(", "if (!s && names->n && is_name(", {"functions_of_one_name_are_served_by_their_logical_ids"}, SEAMS, "logical"),
}
