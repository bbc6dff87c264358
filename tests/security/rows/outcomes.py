# SPDX-License-Identifier: Apache-2.0
"""Mutants: outcomes where two things happen at once, and tenants. The columns are described in ../mutants.py."""
OUTCOMES = "tests/serve/test_outcomes.py"
TENANTS = "tests/serve/test_tenants.py"

AFTER_THE_DEADLINE = {"what_is_answered_after_the_deadline_is_refused", "the_same_under_serve", "a_late_answer_is_told_once", "a_stream_that_goes_on_after_the_deadline_is_an_error",
                      "a_deadline_is_that_of_the_package_the_invocation_began_with"}

MUTANTS = {
    "an answer after the deadline counts": ("launcher/environment/outcome.c", "{BECAUSE_TIMEOUT, false}", "{BECAUSE_TIMEOUT, true}", AFTER_THE_DEADLINE, (OUTCOMES,), "deadline or under_serve or told_once"),
    "an answer after an extension's crash counts": ("launcher/environment/outcome.c", "{BECAUSE_EXTENSION, false}", "{BECAUSE_EXTENSION, true}", {"what_is_answered_after_an_extension_crashed_is_refused"}, (OUTCOMES,), "crashed"),
    "an answer after an interruption counts": ("launcher/environment/outcome.c", "{BECAUSE_INTERRUPTED, false}", "{BECAUSE_INTERRUPTED, true}", {"what_is_answered_after_an_interruption_is_refused"}, (OUTCOMES,), "interruption"),
    "an answer before the end is lost": ("launcher/environment/outcome.c", "{BECAUSE_EXIT, true}", "{BECAUSE_EXIT, false}", {"what_a_runtime_said_before_it_ended_counts"}, (OUTCOMES,), "said_before and exit"),
    "what had come by the deadline is not looked at": ("launcher/environment/environment.c", "bool again = *looks == 0 ||", "bool again = *looks > LOOKS_MAX &&", {"an_answer_that_came_before_the_deadline_counts_though_lrun_is_late",
                                                       "an_init_error_that_was_posted_before_the_deadline_is_the_outcome"}, (OUTCOMES,), "came_before or posted_before"),
    "of what had come by the deadline only what one round reads is": ("launcher/environment/environment.c", "*looks < LOOKS_MAX && http", "*looks < 1 && http", {"an_answer_that_came_before_the_deadline_counts_though_lrun_is_late"}, (OUTCOMES,), "came_before"),
    "a deadline hides a posted init error": ("launcher/environment/environment.c", "life_in_init(e->state) ? init_phase_failure(&e->init, o) : o", "o", {"an_init_error_that_was_posted_before_the_deadline_is_the_outcome"}, (OUTCOMES,), "posted_before"),
    "an interruption forgets what waits": ("launcher/environment/environment_outcome.c", "if (e->interrupted)\n        conclude_interrupted(e);", "(void)conclude_interrupted;", {"an_interruption_reaches_what_waits_for_the_end_of_another", "an_interruption_ends_an_init"}, (OUTCOMES,), "interruption"),
    "whose end it is is asked when it is told": ("launcher/environment/environment_outcome.c", "if (!c->over && c->phase != CALL_ANSWERED)", "if (!concerns(e, c))", {"what_is_answered_after_an_extension_crashed_is_refused"}, (OUTCOMES,), "crashed"),
    "a tenant is served by another's environment": ("launcher/serve/pool.c", "strcmp(s->keeper, j->keeper) == 0;", "strcmp(s->keeper, j->keeper) < 300;", {"tenants_have_environments_of_their_own", "a_tenant_for_whom_no_place_is_left_gets_anothers_place_and_not_his_environment", "an_environment_that_was_reset_stays_its_tenants", "streams_are_their_tenants_too"}, (TENANTS,), "of_their_own or no_place or reset or streams"),
    "whose environment it is is not kept": ("launcher/serve/pool.c", "if (j->keeper && !s->keeper)", "if (0)", {"tenants_have_environments_of_their_own", "an_environment_that_was_reset_stays_its_tenants"}, (TENANTS,), "of_their_own or no_place or reset or streams"),
    "a keeper gets an environment that has served others": ("launcher/serve/pool.c", "(!j->keeper || !s->used)", "(!j->keeper || s)", {"an_environment_that_has_served_somebody_is_not_given_to_a_keeper", "who_names_an_environment_has_it_alone"}, ("tests/serve/test_kept_environments.py",), "given or alone"),
    "a keeper's environment serves who names none": ("launcher/serve/pool.c", "return !s->keeper && (!j", "return (!j", {"an_environment_that_has_served_somebody_is_not_given_to_a_keeper", "who_names_an_environment_has_it_alone"}, ("tests/serve/test_kept_environments.py",), "given or alone"),
    "nobody asks whether tenants are wanted": ("lambda/invoke_api.c", "if (fault == TENANT_GOOD && given == per_tenant)", "if (fault == TENANT_GOOD && (given || !per_tenant))", {"a_tenant_of_a_function_that_has_none_is_refused"}, (TENANTS,), "refused"),
    "a trailer is a header": ("lambda/http_parse.c", "p->head->complete ? &p->head->trailers : &p->head->headers", "&p->head->headers", {"a_trailer_names_no_tenant"}, (TENANTS,), "trailer"),
    "the last of several tenants counts": ("lambda/invoke_api.c", "times > 1 ?", "times > 9 ?", {"two_tenants_are_none"}, (TENANTS,), "two"),
    "an id of any form is taken": ("lambda/tenant.c", "id[strspn(id, TAKEN)] == 0", "id[strspn(id, TAKEN)] != 1", {"ids_that_aws_does_not_take", "run_has_one_tenant"}, (TENANTS,), "aws or run"),
}
