# SPDX-License-Identifier: Apache-2.0
"""Mutants: APIs (serve --api), their authorizers, and the files of --static. The columns are described in ../mutants.py."""
CORS = ("tests/serve/test_api_cors.py",)
AUTHORIZERS = ("tests/serve/test_api_authorizers.py",)
ANSWERS = ("tests/serve/test_api_answers.py",)
SITES = {"pages_of_other_sites_are_refused_unless_cors_allows_them", "which_origins_fit", "allow_origin_and_allow_host_hold_for_apis", "pages_of_other_sites_do_not_get_files"}
NOTHING = "nothing_leads_out_of_the_directory"

MUTANTS = {
    "apis: for any page": ("launcher/serve/serve_api.c", "if (server_refuses(door->server->request, is_open(door, m, r), r))", "if (0 && server_refuses(door->server->request, is_open(door, m, r), r))", SITES, CORS, "pages or fit or allow_origin"),
    "apis: files for the pages that CORS allows": ("launcher/serve/serve_api.c", "(m->near || door->server->static_dir < 0) && api_cors_allows(m->api, r)", "(m->near || !door->server || true) && api_cors_allows(m->api, r)", {"pages_of_other_sites_do_not_get_files"}, CORS, "pages"),
    "apis: a function's own CORS headers": ("lambda/api_cors.c", "    drop_own(headers);", "    (void)drop_own;", {"http_adds_its_headers_to_answers_and_ignores_the_functions"}, CORS, "headers"),
    "static: links out of the directory": ("launcher/serve/serve_static.c", "RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS", "RESOLVE_NO_MAGICLINKS", {NOTHING}, CORS, "leads"),
    "static: names that begin with a dot": ("launcher/serve/serve_static.c", " || has_hidden(ret->at))", " || (has_hidden(ret->at) && !ret->at))", {NOTHING}, CORS, "leads"),
    "static: what is no regular file": ("launcher/serve/serve_static.c", " || !S_ISREG(st.st_mode))", ")", {NOTHING}, CORS, "leads"),
    "static: a path that ends at a NUL": ("launcher/serve/serve_static.c", "!route_decode(from, strlen(from), ret)", "!url_decode(from, strlen(from), ret)", {NOTHING}, CORS, "leads"),
    "apis: an authorizer's Deny": ("lambda/api_policy.c", "return j.denied ? VERDICT_DENIED_EXPLICITLY : j.allowed ? VERDICT_ALLOWED : VERDICT_DENIED;", "return j.allowed ? VERDICT_ALLOWED : j.denied ? VERDICT_DENIED_EXPLICITLY : VERDICT_DENIED;", {"deny_wins_in_any_order"}, AUTHORIZERS, "deny or policies"),
    "apis: a condition that nobody judges": ("lambda/api_policy.c", ' && !json_find(statement, "Condition").n', "", {"policies"}, AUTHORIZERS, "deny or policies"),
    "apis: without identity sources": ("launcher/serve/serve_api_authorizer.c", "bool identified = api_identified(&taken->match, a, r);", "bool identified = api_identified(&taken->match, a, r) || true;", {"a_missing_token_is_not_asked_about", "a_header_of_another_name_and_an_expression", "identity_sources"}, AUTHORIZERS, "token or header or sources"),
    "apis: expressions without a bound": ("lambda/api_expression.c", "times <= COST_MAX && t->costs[t->depth] <= COST_MAX", "times <= 99 * COST_MAX", {"an_expression_that_cannot_be_read_is_said_and_not_checked"}, AUTHORIZERS, "expression"),
    "apis: control characters in texts": ("launcher/command/config_members.c", "if ((unsigned char)*c < 0x20 || *c == 0x7f) {", "if (*c == 0x7f) {", {"an_api_that_cannot_be_read_is_refused_by_name"}, ("tests/serve/test_api_routes.py",), "by_name"),
    "apis: any tenant": ("launcher/serve/serve_api.c", "if (!id || tenant_check(id) != TENANT_GOOD)", "if (!id)", {"a_function_with_tenants_takes_them_from_a_header"}, ANSWERS, "tenants"),
    "apis: header lines without a bound": ("lambda/api_answer.c", "if (p->n >= 2 * PAIRS_MAX)", "if (p->n >= 99 * PAIRS_MAX)", {"a_header_of_1000_values_is_the_most"}, ANSWERS, "values"),
}
