# SPDX-License-Identifier: Apache-2.0
"""Mutants: transitions of an environment's life that are defences. The columns are described in ../mutants.py."""
INIT = ("tests/security/test_init.py",)

MUTANTS = {
    "life: what was lost is not replaced": ("launcher/environment/life.c", "ROW(IN(INIT), UNFIT, LIFE_REPLACING, LET_GO,", "ROW(IN(INIT), UNFIT, STAYS, LET_GO,",
                                            {"an_environment_whose_init_was_changed_is_not_used_again"}, INIT, "changed"),
    "life: process 1 is given time for ever": ("launcher/environment/life.c", "ROW(IN(KILL), TIME_UP, LIFE_DEATH, LOSE,", "ROW(IN(KILL), TIME_UP, STAYS, KILL,",
                                               {"a_killed_or_stopped_init_costs_one_invocation_at_most"}, INIT, "killed_or_stopped"),
    "life: a killed process 1 fails nothing": ("launcher/environment/life.c", "ROW(IN(INIT) | IN(READY), HANGUP, STAYS, FAIL,", "ROW(IN(INIT) | IN(READY), HANGUP, STAYS, NOTHING,",
                                               {"a_killed_or_stopped_init_costs_one_invocation_at_most", "a_processor_limit_that_kills_init_is_the_functions_own_failure"}, INIT,
                                               "killed_or_stopped or processor_limit"),
}
