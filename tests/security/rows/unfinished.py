# SPDX-License-Identifier: Apache-2.0
"""Mutants: what is never finished, and who waits for it. The columns are described in ../mutants.py."""
UNFINISHED = "tests/security/test_unfinished.py"

MUTANTS = {
    "a stream keeps a request that is no more": ("lambda/http_server.c", "    if (r->holder)\n        *r->holder = NULL;\n", "", {"a_client_leaves_after_the_runtime_closed_its_stream"}, (UNFINISHED,), "leaves"),
}
