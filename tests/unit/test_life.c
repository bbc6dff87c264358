/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an environment, pair by pair: no sandbox, no loop. Rows are events, columns states; O: it stays, and nothing is
 * done. */
#include "launcher/environment/life.h"

#include <criterion/criterion.h>

// clang-format off
static const char *const STATES[LIFE_STATES] = {
    "cold", "init", "replacing", "ready", "decided", "term", "drain", "shutdown", "kill", "death", "gone", "closed",
};

#define O {-1, LIFE_DO_NOTHING}
#define DO(action) {-2, LIFE_DO_##action}
#define TO(state, action) {LIFE_##state, LIFE_DO_##action}
static const struct {
    int next; /* -1, -2: it stays */
    enum life_action action;
} TABLE[LIFE_EVENTS][LIFE_STATES] = {
    [LIFE_ON_STARTED] = {TO(INIT, BEGIN), O, O, O, O, O, O, O, O, O, O, O},
    [LIFE_ON_INVOKED] = {TO(INIT, BEGIN_AGAIN), O, O, DO(HAND_OUT), O, O, O, O, O, O, O, O},
    [LIFE_ON_LEFT_OVER] = {TO(INIT, BEGIN_AGAIN), O, O, O, O, O, O, O, O, O, O, O},
    [LIFE_ON_UNFIT] = {O, TO(REPLACING, LET_GO), O, O, O, O, O, O, O, O, O, O},
    [LIFE_ON_ASKED] = {O, TO(READY, HAND_OUT_ALL), O, O, O, O, O, O, O, O, O, O},
    [LIFE_ON_OUTCOME] = {O, TO(DECIDED, DECIDE), TO(DECIDED, DECIDE), TO(DECIDED, DECIDE), O, O, O, O, O, O, O, O},
    [LIFE_ON_RUNTIME_LEFT] = {O, O, O, O, TO(TERM, TERM), O, O, O, O, O, O, O},
    [LIFE_ON_EXTENSIONS_LEFT] = {O, O, O, O, TO(DRAIN, DRAIN), TO(DRAIN, DRAIN), O, O, O, O, O, O},
    [LIFE_ON_NOBODY_LEFT] = {O, O, O, O, TO(KILL, KILL), TO(KILL, KILL), TO(KILL, KILL), TO(KILL, KILL), O, O, O, O},
    [LIFE_ON_LOST_LEFT] = {O, O, O, O, TO(DEATH, LET_DIE), TO(DEATH, LET_DIE), TO(DEATH, LET_DIE), TO(DEATH, LET_DIE), O, O, O, O},
    [LIFE_ON_TIME_UP] = {O, O, O, O, O, DO(KILL_RUNTIME), TO(SHUTDOWN, SHUTDOWN), O, TO(DEATH, LOSE), O, O, O},
    [LIFE_ON_EMPTY] = {O, O, O, O, O, O, O, O, TO(GONE, READ), O, O, O},
    [LIFE_ON_HANGUP] = {O, DO(FAIL), O, DO(FAIL), TO(DEATH, AWAIT_DEATH), TO(DEATH, AWAIT_DEATH), TO(DEATH, AWAIT_DEATH),
                        TO(DEATH, AWAIT_DEATH), TO(DEATH, AWAIT_DEATH), O, O, O},
    [LIFE_ON_DEAD] = {O, O, TO(INIT, REPLACE), O, O, O, O, O, O, TO(GONE, READ), O, O},
    [LIFE_ON_READ] = {O, O, O, O, O, O, O, O, O, O, TO(COLD, CONCLUDE), O},
    [LIFE_ON_CLOSE] = {TO(CLOSED, CLOSE), TO(CLOSED, CLOSE), TO(CLOSED, CLOSE), TO(CLOSED, CLOSE), TO(CLOSED, CLOSE), TO(CLOSED, CLOSE),
                       TO(CLOSED, CLOSE), TO(CLOSED, CLOSE), TO(CLOSED, CLOSE), TO(CLOSED, CLOSE), TO(CLOSED, CLOSE), O},
    [LIFE_ON_BROKEN] = {TO(CLOSED, NOTHING), TO(CLOSED, NOTHING), TO(CLOSED, NOTHING), TO(CLOSED, NOTHING), TO(CLOSED, NOTHING),
                        TO(CLOSED, NOTHING), TO(CLOSED, NOTHING), TO(CLOSED, NOTHING), TO(CLOSED, NOTHING), TO(CLOSED, NOTHING),
                        TO(CLOSED, NOTHING), O},
};
// clang-format on

Test(life, every_pair)
{
    for (int event = 0; event < LIFE_EVENTS; event++)
        for (int state = 0; state < LIFE_STATES; state++) {
            struct life_step step = life_next((enum life)state, (enum life_event)event);
            int next = TABLE[event][state].next < 0 ? state : TABLE[event][state].next;
            cr_expect((int)step.next == next, "event %d while %s: now %s", event, STATES[state], STATES[step.next]);
            cr_expect(step.action == TABLE[event][state].action, "event %d while %s: action %d", event, STATES[state], step.action);
            cr_expect(step.why && step.why[0], "event %d while %s has no row", event, STATES[state]);
        }
}

/* An action that no row asks for would be dead. */
Test(life, every_action_is_reached)
{
    bool reached[LIFE_ACTIONS] = {false};
    for (int event = 0; event < LIFE_EVENTS; event++)
        for (int state = 0; state < LIFE_STATES; state++)
            reached[life_next((enum life)state, (enum life_event)event).action] = true;
    for (int action = 0; action < LIFE_ACTIONS; action++)
        cr_expect(reached[action], "action %d", action);
}

Test(life, predicates_are_the_tables)
{
    for (int s = 0; s < LIFE_STATES; s++) {
        enum life state = (enum life)s;
        cr_expect(life_runs(state) == (life_next(state, LIFE_ON_OUTCOME).action == LIFE_DO_DECIDE), "%s", STATES[s]);
        cr_expect(life_cold(state) == (life_next(state, LIFE_ON_INVOKED).action == LIFE_DO_BEGIN_AGAIN), "%s", STATES[s]);
        cr_expect(life_ready(state) == (life_next(state, LIFE_ON_INVOKED).action == LIFE_DO_HAND_OUT), "%s", STATES[s]);
        cr_expect(life_starting(state) == (life_next(state, LIFE_ON_ASKED).next == LIFE_READY && !life_ready(state)), "%s", STATES[s]);
        cr_expect(life_closed(state) == (life_next(state, LIFE_ON_CLOSE).action != LIFE_DO_CLOSE), "%s", STATES[s]);
        cr_expect(life_in_init(state) == (life_runs(state) && !life_ready(state)), "%s", STATES[s]);
        cr_expect(life_cold(state) + life_runs(state) + life_ending(state) + life_closed(state) == 1, "%s", STATES[s]);
    }
}

static enum life walk(enum life state, const enum life_event *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        state = life_next(state, events[i]).next;
    return state;
}

/* Whatever is left when an outcome is decided, and whatever process 1 does: it comes to COLD, and an event from then on begins an init. */
Test(life, every_end_comes_to_an_end)
{
    static const enum life_event LEFT[] = {LIFE_ON_RUNTIME_LEFT, LIFE_ON_EXTENSIONS_LEFT, LIFE_ON_NOBODY_LEFT, LIFE_ON_LOST_LEFT};
    for (size_t i = 0; i < sizeof LEFT / sizeof *LEFT; i++) {
        const enum life_event stubborn[] = {LIFE_ON_OUTCOME,         LEFT[i],         LIFE_ON_TIME_UP,
                                            LIFE_ON_EXTENSIONS_LEFT, LIFE_ON_TIME_UP, LIFE_ON_LOST_LEFT,
                                            LIFE_ON_TIME_UP,         LIFE_ON_DEAD,    LIFE_ON_READ};
        const enum life_event hangs_up[] = {LIFE_ON_OUTCOME, LEFT[i], LIFE_ON_HANGUP, LIFE_ON_DEAD, LIFE_ON_READ};
        const enum life_event answers[] = {LIFE_ON_OUTCOME, LEFT[i], LIFE_ON_NOBODY_LEFT, LIFE_ON_EMPTY, LIFE_ON_READ};
        cr_expect(walk(LIFE_READY, stubborn, 9) == LIFE_COLD, "%zu", i);
        cr_expect(walk(LIFE_INIT, hangs_up, 5) == LIFE_COLD, "%zu", i);
        cr_expect(walk(LIFE_READY, answers, 5) == (LEFT[i] == LIFE_ON_LOST_LEFT ? LIFE_DEATH : LIFE_COLD), "who was lost is not asked");
    }
}

/* What was closed is not opened by anything that was still to come: a timer, a message, a call. */
Test(life, closed_is_for_good)
{
    for (int event = 0; event < LIFE_EVENTS; event++)
        cr_expect(life_next(LIFE_CLOSED, (enum life_event)event).next == LIFE_CLOSED, "event %d", event);
}

/* From the decision on, until what ended is told, no event begins anything: late calls and second outcomes wait, or are forgotten. */
Test(life, what_ends_is_not_begun_anew)
{
    static const enum life_event EVENTS[] = {LIFE_ON_STARTED, LIFE_ON_INVOKED, LIFE_ON_LEFT_OVER,
                                             LIFE_ON_UNFIT,   LIFE_ON_ASKED,   LIFE_ON_OUTCOME};
    for (int s = LIFE_DECIDED; s <= LIFE_GONE; s++)
        for (size_t i = 0; i < sizeof EVENTS / sizeof *EVENTS; i++)
            cr_expect((int)life_next((enum life)s, EVENTS[i]).next == s, "event %d while %s", EVENTS[i], STATES[s]);
}
