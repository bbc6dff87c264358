# SPDX-License-Identifier: Apache-2.0
"""Mutants: run --runtime-api, whose events come from a server that is not lrun's. The columns are described in ../mutants.py."""
UPSTREAM = ("tests/cli/test_runtime_upstream.py",)

MUTANTS = {
    "upstream: any text is a request id": ("launcher/command/upstream_event.c", "|| strspn(id, OF_IDS) != n || id[0] == '.')", "|| (strspn(id, OF_IDS) != n && 0))", {"an_id_that_is_no_uuid_stays_outside_if_it_is_too_long"}, UPSTREAM, "an_id"),
    "upstream: the beginning of a large event": ("launcher/command/upstream_server.c", "if (size > body->n) {", "if (size > body->n && 0) {", {"an_event_that_is_too_large_is_refused_and_the_next_taken"}, UPSTREAM, "too_large_is_refused"),
    "upstream: a stream is kept for a slow server": ("lambda/runtime_client.c", "return http_client_unsent(c->http) > UNSENT_MAX;", "return http_client_unsent(c->http) > 99 * UNSENT_MAX;", {"a_large_stream_waits_for_a_slow_server"}, UPSTREAM, "slow_server"),
    "upstream: the server's deadline above --timeout": ("launcher/command/upstream_event.c", "timeout->set && (double)timeout->value < left ? 0 : left", "timeout->set && (double)timeout->value < left ? left : left",
                                                        {"the_smaller_of_deadline_and_timeout_ends_an_invocation"}, UPSTREAM, "smaller"),
    "upstream: a server that ended is not noticed": ("launcher/command/upstream_server.c", "if (!x->running || x->ending || x->status < 0)", "if (x->running || x->ending || x->status < 0)", {"a_server_killed_during_an_invocation_is_an_error_at_once"}, UPSTREAM, "killed_during"),
}
