/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/freezer.h"

#include <criterion/criterion.h>

/* What is frozen already is told once; how long it was is kept for the explanation of the call that follows. */
Test(freezer, notes_changes_and_how_long)
{
    struct freezer f = {.frozen = false};
    cr_expect(!freezer_note(&f, false, 5), "it runs");
    cr_expect(freezer_note(&f, true, 100) && f.frozen);
    cr_expect(!freezer_note(&f, true, 200), "it is frozen since 100");
    cr_expect(freezer_note(&f, false, 350) && !f.frozen && f.ms == 250);
}

/* What SIGSTOP has stopped a timer of its own may continue: its memory must be looked at. */
Test(freezer, holds_by_a_cgroup_alone)
{
    struct freezer f = {.frozen = true};
    const struct cgroup with = {.freeze = 1000}, without = {.freeze = -1};
    cr_expect(freezer_holds(&f, &with) && !freezer_holds(&f, &without));
    f.frozen = false;
    cr_expect(!freezer_holds(&f, &with));
}
