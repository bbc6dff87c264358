/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of an environment that know nothing of it: its init phase, its CPU share, its past. */
#include "launcher/environment/init_phase.h"
#include "launcher/environment/past.h"
#include "launcher/environment/share_watch.h"

#include <criterion/criterion.h>
#include <string.h>

Test(init_phase, a_cold_start_is_told_and_a_suppressed_init_is_not)
{
    struct init_phase i = {.cold_ms = -1};
    init_phase_begin(&i, PHASE_INIT, 1000);
    init_phase_succeeded(&i, 1250);
    cr_expect(i.cold_ms == 250);
    i.cold_ms = -1;
    init_phase_begin(&i, PHASE_INVOKE, 2000);
    init_phase_succeeded(&i, 2250);
    cr_expect(i.cold_ms < 0);
}

/* What the runtime posted says more than how its process ended; the next phase begins without it. */
Test(init_phase, what_was_posted_is_the_outcome)
{
    struct init_phase i = {.cold_ms = -1};
    struct text body = {0};
    text_puts(&body, "{\"errorMessage\":\"x\"}");
    init_phase_begin(&i, PHASE_INIT, 0);
    init_phase_post_error(&i, "Runtime.First", &body);
    init_phase_post_error(&i, "Runtime.ImportModuleError", &body);
    struct outcome o = init_phase_failure(&i, outcome_exited("ID", 1 << 8, false));
    cr_expect(o.reason == BECAUSE_INIT_ERROR && o.of_init && o.of_invocation && strcmp(o.type, "Runtime.ImportModuleError") == 0);
    cr_expect(o.payload.n == body.n && memcmp(o.payload.at, body.at, body.n) == 0);
    outcome_done(&o);
    o = init_phase_failure(&i, outcome_exited("ID", 1 << 8, false));
    cr_expect(o.reason == BECAUSE_EXIT && o.of_init, "it is told once");
    outcome_done(&o);
    init_phase_post_error(&i, "Runtime.Late", &body);
    init_phase_begin(&i, PHASE_INVOKE, 10);
    o = init_phase_failure(&i, outcome_exited("ID", 1 << 8, false));
    cr_expect(o.reason == BECAUSE_EXIT, "that was the phase before");
    outcome_done(&o);
    init_phase_done(&i);
    text_done(&body);
}

/* 0.5 processors for 100 ms: 50 ms of CPU time are its share. */
Test(share_watch, tells_what_is_over_the_share)
{
    struct share_watch w;
    share_watch_begin(&w, 1000);
    cr_expect(!share_watch_due(&w, 60), "it is not worth reading yet");
    cr_expect(share_watch_due(&w, 60));
    struct share_used used = share_watch_count(&w, 1120, 0.5);
    cr_expect(used.cpus == 1 && used.times == 2);
    cr_expect(w.cpu_ms == 1120 && w.busy_ms == 0, "a new count");
    cr_expect(share_watch_due(&w, 200) && share_watch_count(&w, 1220, 0.5).times == 0, "that was the share");
    cr_expect(share_watch_due(&w, 200) && share_watch_count(&w, -1, 0.5).times == 0, "not known: the runtime is gone");
    cr_expect(!share_watch_due(&w, 2000), "and of interest no more");
}

Test(past, what_lasts_and_what_is_of_one_call)
{
    struct past p = {.init_timed_out = true, .late_ms = 5, .wait_status = 9};
    past_add_call(&p, true);
    cr_expect(p.calls == 1 && p.timed_out && !p.init_timed_out && p.late_ms == 0 && p.wait_status == 9);
    past_add_call(&p, false);
    cr_expect(p.calls == 2 && p.timed_out, "one before has");
}
