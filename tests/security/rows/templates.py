# SPDX-License-Identifier: Apache-2.0
"""Mutants: templates: what their values are bounded by, and what they may name. The columns are described in ../mutants.py."""
VALUES, SAM = ("tests/unit/test_project_values.c",), ("tests/unit/test_project_sam.c",)

MUTANTS = {
    "templates: steps are not counted": ("project/values.c", "    if (++top->steps > VALUE_STEPS_MAX)\n", "    if (!++top->steps)\n", {"bombs_are_refused"}, VALUES),
    "templates: texts that are made are not counted": ("project/values.c", "    top->steps += made->n / BYTES_A_STEP;\n", "", {"bombs_are_refused"}, VALUES),
    "templates: how long a text may be": ("project/values.c", "    return made->n <= VALUE_TEXT_MAX;\n", "    return true;\n", {"bombs_are_refused"}, VALUES),
    "templates: depth is not counted": ("project/values.c", "    if (top->depth >= VALUE_DEPTH_MAX)\n", "    if (top->depth == UINT_MAX)\n", {"each_function"}, VALUES),
    "templates: a condition that refers to itself": ("project/conditions.c", "    c->value = decide(s, v, why);\n", "    s->conditions = c->next;\n    c->value = decide(s, v, why);\n", {"each_function"}, VALUES),
    "templates: a stack that includes itself": ("project/scope.c", "if (strcmp(up->file, file) == 0) {", "if (strcmp(up->file, file) == 1000) {", {"nested_stacks_have_parameters_outputs_and_full_names"}, SAM),
    "templates: code outside of the root": ("project/template_code.c", "    else if (!path) {\n", "    else if (!path && !(path = text)) {\n", {"what_cannot_be_resolved_refuses_its_function_alone"}, SAM),
    "templates: a value in a message": ("project/parameters.c", '"its value is not one of AllowedValues (%s)", names)', '"its value %s is not one of AllowedValues (%s)", text, names)',
                                        {"the_command_line_comes_before_samconfig_and_must_fit"}, SAM),
    "templates: a layer that is dropped": ("project/template_layers.c", "        else\n            reading_refuse_at(r, property, at, NULL, \"%s is neither", "        else if (!arn)\n            reading_refuse_at(r, property, at, NULL, \"%s is neither",
                                           {"what_cannot_be_resolved_refuses_its_function_alone"}, SAM),
}
