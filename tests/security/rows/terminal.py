# SPDX-License-Identifier: Apache-2.0
"""Mutants: terminals and secrets in messages. The columns are described in ../mutants.py."""
TERMINALS = ("tests/security/test_terminals.py",)
SECRETS = ("tests/security/test_secrets.py",)
LOG, REPORTED, COLOURS, SERVED = "h86_a_functions_log_and_response", "h86_an_error_of_the_functions_and_the_report", "h86_colours_do_not_outlast_the_function", "h86_serves_log_under_its_prefixes"
TRACEBACK = "the_lines_of_a_traceback_stand_below_each_other"
RESPONSE, INSPECTED, ERRORS, PACKAGE, WHY = "h86_a_response_alone", "h86_names_in_what_inspect_prints", "h86_names_in_errors", "h86_names_in_errors_of_the_package", "h86_names_in_why_lines"

MUTANTS = {
    "terminal: control characters of UTF-8": ("base/utf8.h", '{0x80, 0x9f},                                                             /* C1 */', "{0, 0},", {LOG, RESPONSE, REPORTED, SERVED, INSPECTED, ERRORS, PACKAGE, WHY}, TERMINALS),
    "terminal: control characters of eight bits": ("base/term.c", "return length == UTF8_OPEN ? OPEN : BROKEN;", "return length == UTF8_OPEN ? OPEN : n == 1 ? PASSES : BROKEN;", {LOG, RESPONSE, REPORTED, SERVED, INSPECTED, ERRORS, PACKAGE}, TERMINALS),
    "terminal: any sequence": ("base/term.c", "return last == '[' ? OPEN : BROKEN;", "return last == '[' ? OPEN : PASSES;", {LOG, RESPONSE, REPORTED, SERVED}, TERMINALS),
    "terminal: carriage returns": ("base/term.c", "return n == 1 ? OPEN : c[1] == '\\n' ? NEWLINE : BROKEN;", "return PASSES;", {LOG, RESPONSE, REPORTED, SERVED, TRACEBACK}, TERMINALS),
    "terminal: a log's carriage returns": ("launcher/environment/log.c", "    l->screen.returns = true;\n", "", {LOG, TRACEBACK}, TERMINALS),
    "terminal: a log's carriage returns make no prefixes": ("launcher/environment/log.c", "(bytes[k] != '\\r' || (k + 1 < n && bytes[k + 1] == '\\n'))", "true", {SERVED}, TERMINALS),
    "terminal: the order of text": ("base/utf8.h", "{0x202a, 0x202e}, {0x2066, 0x206f}, ", "", {LOG, RESPONSE, REPORTED, SERVED, INSPECTED, ERRORS, PACKAGE, WHY}, TERMINALS),
    "terminal: marks of direction": ("base/utf8.h", '{0x61c, 0x61c},     {0x200e, 0x200f}, ', "", {LOG, RESPONSE, REPORTED, SERVED, INSPECTED, ERRORS, PACKAGE}, TERMINALS),
    "terminal: what nobody sees": ("base/utf8.h", '{0x200b, 0x200b},   {0x2060, 0x2065}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},\n', "", {LOG, RESPONSE, REPORTED, SERVED, INSPECTED, ERRORS, PACKAGE}, TERMINALS),
    "terminal: each write by itself": ("base/term.c", "            take(t, c[end++], out);\n    }\n}", "            take(t, c[end++], out);\n    }\n    term_end(t, out);\n}", {LOG}, TERMINALS),
    "terminal: the log": ("launcher/environment/log.c", "if (l->to_terminal) {", "if (l->to_terminal && getpid() < 0) {", {LOG, REPORTED, COLOURS, SERVED, WHY, TRACEBACK}, TERMINALS),
    "terminal: colours go on": ("launcher/environment/log.c", "if (l->to_terminal && shown.n)", "if (l->to_terminal && getpid() < 0)", {COLOURS}, TERMINALS),
    "terminal: NO_COLOR": ("base/term.c", "(none && *none)", "(none && !none)", {COLOURS}, TERMINALS),
    "terminal: the response": ("launcher/command/cmd_run.c", "term_write(STDOUT_FILENO, terminal", "term_write(STDOUT_FILENO, false", {LOG, RESPONSE, REPORTED}, TERMINALS),
    "terminal: the report": ("launcher/launch/report.c", "term_write(fd, isatty(fd)", "term_write(fd, false", {REPORTED}, TERMINALS),
    "terminal: what lrun prints": ("launcher/command/main.c", "stdio_is_terminal(i + 1) ? term_stream", "stdio_is_terminal(i + 1) && getpid() < 0 ? term_stream", {INSPECTED, ERRORS, PACKAGE}, TERMINALS),
    "terminal: names make lines": ("base/str.c", "if ((unsigned char)*c < 0x20 || *c == 0x7f)", "if (*c == 0x7f)", {INSPECTED, ERRORS, WHY}, TERMINALS),
    "terminal: a file is taken for one": ("base/term.c", "if (!terminal)", "if (!terminal && fd < 0)", {"h86_a_pipe_and_a_file_get_every_byte"}, TERMINALS),
    "secrets: lines of env files": ("launcher/launch/env_file.c", '"%.160s, line %d: %s", r->path, line, why)', '"%.160s, line %d: %s %s", r->path, line, why, r->at - 24)', {"a_line_of_an_env_file_is_told_by_its_number"}, SECRETS),
    "secrets: what JSON is wrong near": ("base/json_scan.c", 'expected %s", line, fault->at - start + 1, fault->expected);', 'expected %s near %.*s", line, fault->at - start + 1, fault->expected, (int)(fault->at - start), bytes + start);', {"sams_json_is_told_by_its_line"}, SECRETS),
    "secrets: values beyond 4 KB": ("lambda/variables.c", 'fail_hint(err, VARIABLES_TEXT);', 'fail_hint(err, VARIABLES_TEXT " %s", json.at);', {"values_on_the_command_line"}, SECRETS),
    "secrets: a key for --credentials": ("launcher/command/cli_values.c", "strlen(value) >= KEY_MIN)", "strlen(value) == SIZE_MAX)", {"values_on_the_command_line"}, SECRETS),
    "secrets: what follows an option's name": ("launcher/command/cli_words.c", "letter ? 2 : (int)strcspn(word, \"=\")", "letter ? 9999 : 9999", {"values_on_the_command_line"}, SECRETS),
    "events: faultless": ("launcher/launch/inputs_text.c", 'fail_hint(err, "%s%s", where.at, word', 'fail_hint(err, "%s%s", "", word', {"what_is_wrong_in_an_event_is_said"}, ("tests/cli/test_run.py",), "what_is_wrong or neither_file"),
    "secrets: events": ("launcher/launch/inputs_text.c", 'fail_usage(err, "event %zu: not valid JSON, and no such file", number)', 'fail_usage(err, "event %zu: not valid JSON, and no such file %s", number, what)', {"events"}, SECRETS),
    "secrets: names that may be values": ("launcher/launch/inputs_text.c", 'xasprintf("--env, number %zu", i + 1)', 'xasprintf("--env, number %zu %s", i + 1, entry)', {"values_on_the_command_line", "a_configuration_with_variables"}, SECRETS),
}
