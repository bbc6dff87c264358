/* SPDX-License-Identifier: Apache-2.0 */
/* environment_life.c: carries out the table of life.c: the one place that changes the state of an environment. */
#include "launcher/environment/environment_parts.h"

static void (*const ACTIONS[LIFE_ACTIONS])(struct environment *e) = {
    [LIFE_DO_BEGIN] = environment_begin_init,
    [LIFE_DO_BEGIN_AGAIN] = environment_begin_init_again,
    [LIFE_DO_LET_GO] = environment_let_go,
    [LIFE_DO_REPLACE] = environment_replace_sandbox,
    [LIFE_DO_HAND_OUT] = environment_hand_out_last,
    [LIFE_DO_HAND_OUT_ALL] = environment_hand_out_all,
    [LIFE_DO_FAIL] = environment_end_killed,
    [LIFE_DO_DECIDE] = environment_decide,
    [LIFE_DO_TERM] = environment_end_runtime,
    [LIFE_DO_KILL_RUNTIME] = environment_kill_runtime,
    [LIFE_DO_DRAIN] = environment_drain,
    [LIFE_DO_SHUTDOWN] = environment_end_extensions,
    [LIFE_DO_KILL] = environment_kill_all,
    [LIFE_DO_LOSE] = environment_kill_init,
    [LIFE_DO_LET_DIE] = environment_let_die,
    [LIFE_DO_AWAIT_DEATH] = environment_await_death,
    [LIFE_DO_READ] = environment_read_rest,
    [LIFE_DO_CONCLUDE] = environment_reset,
    [LIFE_DO_CLOSE] = environment_tell_closed,
};

void environment_go(struct environment *e, enum life_event event)
{
    struct life_step step = life_next(e->state, event);
    e->state = step.next;
    if (ACTIONS[step.action])
        ACTIONS[step.action](e);
}
