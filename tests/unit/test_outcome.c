/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/outcome.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

Test(outcome, statuses_are_told_in_gos_words)
{
    char text[64];
    cr_expect_str_eq(outcome_status_text(1 << 8, text, sizeof text), "exit status 1");
    cr_expect_null(outcome_status_text(0, text, sizeof text));
    cr_expect_str_eq(outcome_status_text(SIGKILL, text, sizeof text), "signal: killed");
    cr_expect_str_eq(outcome_status_text(SIGSEGV | 0x80, text, sizeof text), "signal: segmentation fault (core dumped)");
    cr_expect_str_eq(outcome_status_text(40, text, sizeof text), "signal: signal 40");
}

/* Only a sender that is gone cannot have been told by the end that it answers. */
Test(outcome, takes_an_answer_only_of_who_has_ended)
{
    struct outcome rows[] = {outcome_exited("ID", 0, false),
                             outcome_exited("ID", 3 << 8, false),
                             outcome_exited("ID", 9, false),
                             outcome_exited("ID", 9, true),
                             outcome_timeout("ID", 3),
                             outcome_timeout("ID", 10),
                             outcome_extension("ID", "Extension.Crash", "x", "exit status 1"),
                             outcome_interrupted("ID"),
                             outcome_not_started("ID", "", 0),
                             {.reason = BECAUSE_INIT_ERROR},
                             {.reason = BECAUSE_SUCCESS}};
    static const bool TAKES[] = {true, true, true, true, false, false, false, false, false, false, false};
    rows[5].reason = BECAUSE_INIT_TIMEOUT;
    for (size_t i = 0; i < sizeof TAKES / sizeof *TAKES; i++) {
        cr_expect(outcome_takes_answers(&rows[i]) == TAKES[i], "%zu", i);
        outcome_done(&rows[i]);
    }
}
