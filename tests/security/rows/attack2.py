# SPDX-License-Identifier: Apache-2.0
"""Mutants: what is never finished, and who waits for it. The columns are described in ../mutants.py."""
UNFINISHED = "tests/security/test_unfinished.py"

MUTANTS = {
    "a log is drained until it is empty": ("launcher/log.c", "left > 0 && (n = take(p))", "(n = take(p))", {"a_log_without_end_keeps_nobody_waiting"}, (UNFINISHED,), "log"),
    "a response that was cut off may be asked for again": ("launcher/environment.c", "c->phase == CALL_ANSWERED || c->truncated", "c->phase == CALL_ANSWERED", {"a_response_cut_off_by_the_end_of_the_runtime_is_not_asked_for_again"}, (UNFINISHED,), "cut_off"),
    "a stream keeps a request that is no more": ("lambda/http_server.c", "    if (r->holder)\n        *r->holder = NULL;\n", "", {"a_client_leaves_after_the_runtime_closed_its_stream"}, (UNFINISHED,), "leaves"),
}
