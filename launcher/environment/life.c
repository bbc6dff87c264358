/* SPDX-License-Identifier: Apache-2.0 */
/* life.c: THE TABLE of an environment's life: for each state and event the state that follows, what is done, and why. life.h says what
 * the states mean, environment_life.c carries the actions out. It is pure, so that each pair has a test without a sandbox. The first
 * row that fits counts, and for each pair there is one: an event that means nothing in a state says so in a row. */
#include "launcher/environment/life.h"

#include <stddef.h>

#define IN(state) (1u << LIFE_##state)
#define ANY ((1u << LIFE_STATES) - 1)
#define INITS (IN(INIT) | IN(REPLACING))
#define TOLD (IN(DECIDED) | IN(TERM) | IN(DRAIN) | IN(SHUTDOWN)) /* programs may still be told to end */
#define KILLED (IN(KILL) | IN(DEATH) | IN(GONE))
#define ENDING (TOLD | KILLED)
#define BUT(states) (ANY & ~(states))

#define STAYS LIFE_STATES
#define ROW(states, event, next, action, why) \
    { \
        states, LIFE_ON_##event, next, LIFE_DO_##action, why \
    }

// clang-format off
static const struct {
    unsigned in; /* states, a bit each */
    enum life_event on;
    enum life next;
    enum life_action action;
    const char *why;
} ROWS[] = {
    ROW(IN(COLD), STARTED, LIFE_INIT, BEGIN, "the first init phase, which begins before any call"),
    ROW(BUT(IN(COLD)), STARTED, STAYS, NOTHING, "that is once in a life"),

    ROW(IN(COLD), INVOKED, LIFE_INIT, BEGIN_AGAIN, "a suppressed init: within the invocation, as on Lambda"),
    ROW(INITS, INVOKED, STAYS, NOTHING, "it waits: the end of the init hands it out"),
    ROW(IN(READY), INVOKED, STAYS, HAND_OUT, "a warm invocation"),
    ROW(ENDING, INVOKED, STAYS, NOTHING, "what ends does not concern it: it begins an init after that"),
    ROW(IN(CLOSED), INVOKED, STAYS, NOTHING, "its owner takes it back"),

    ROW(IN(COLD), LEFT_OVER, LIFE_INIT, BEGIN_AGAIN, "an event that no runtime has seen is not lost; a failed first init runs once more"),
    ROW(BUT(IN(COLD)), LEFT_OVER, STAYS, NOTHING, "a call that came with the outcome has begun an init, or all is closed"),

    ROW(IN(INIT), UNFIT, LIFE_REPLACING, LET_GO, "who has changed or killed process 1 gets no other program of the function into it"),
    ROW(BUT(IN(INIT)), UNFIT, STAYS, NOTHING, "only an init looks whether it can use the sandbox"),

    ROW(IN(INIT), ASKED, LIFE_READY, HAND_OUT_ALL, "the init phase is over"),
    ROW(IN(REPLACING), ASKED, STAYS, NOTHING, "who asks is of the sandbox that dies"),
    ROW(BUT(INITS), ASKED, STAYS, NOTHING, "it means something for calls, and not for the environment"),

    ROW(INITS | IN(READY), OUTCOME, LIFE_DECIDED, DECIDE, "all processes go, so that nothing of what failed goes on"),
    ROW(ENDING, OUTCOME, STAYS, NOTHING, "of two things that happen at once the first decides; outcome.c: what is still taken"),
    ROW(IN(COLD), OUTCOME, STAYS, NOTHING, "nothing runs that could end; calls that are interrupted are concluded"),
    ROW(IN(CLOSED), OUTCOME, STAYS, NOTHING, "nothing opens it again: a deadline may come before its owner lets it go"),

    ROW(IN(DECIDED), RUNTIME_LEFT, LIFE_TERM, TERM, "with extensions the runtime hears SIGTERM, and has some time"),
    ROW(BUT(IN(DECIDED)), RUNTIME_LEFT, STAYS, NOTHING, "it was told, and its time runs"),

    ROW(IN(DECIDED) | IN(TERM), EXTENSIONS_LEFT, LIFE_DRAIN, DRAIN, "an answer may be on its way: it is read before the end is told"),
    ROW(BUT(IN(DECIDED) | IN(TERM)), EXTENSIONS_LEFT, STAYS, NOTHING, "they are told once"),

    ROW(TOLD, NOBODY_LEFT, LIFE_KILL, KILL, "process 1 keeps /tmp for the next init, so it is told to kill all others"),
    ROW(BUT(TOLD), NOBODY_LEFT, STAYS, NOTHING, "they are killed already, or not to be"),

    ROW(TOLD, LOST_LEFT, LIFE_DEATH, LET_DIE, "a process 1 that is lost was sent SIGKILL, and would not answer"),
    ROW(BUT(TOLD), LOST_LEFT, STAYS, NOTHING, "they are killed already, or not to be"),

    ROW(IN(TERM), TIME_UP, STAYS, KILL_RUNTIME, "SIGTERM was not heeded: SIGKILL is, and its end is heard of"),
    ROW(IN(DRAIN), TIME_UP, LIFE_SHUTDOWN, SHUTDOWN, "the invocation is concluded before SHUTDOWN, so that extensions hear of it"),
    ROW(IN(KILL), TIME_UP, LIFE_DEATH, LOSE, "process 1 may be stopped from inside: SIGKILL from outside takes all along"),
    ROW(BUT(IN(TERM) | IN(DRAIN) | IN(KILL)), TIME_UP, STAYS, NOTHING, "no other step ends by time alone"),

    ROW(IN(KILL), EMPTY, LIFE_GONE, READ, "the answer to KILL"),
    ROW(BUT(IN(KILL)), EMPTY, STAYS, NOTHING, "it was not asked, or given up"),

    ROW(IN(INIT) | IN(READY), HANGUP, STAYS, FAIL, "process 1 took all along: for the function that is a runtime that was killed"),
    ROW(TOLD | IN(KILL), HANGUP, LIFE_DEATH, AWAIT_DEATH, "nobody is left to be told, or to answer"),
    ROW(IN(REPLACING) | IN(DEATH) | IN(GONE), HANGUP, STAYS, NOTHING, "its death is awaited, or seen"),
    ROW(IN(COLD), HANGUP, STAYS, NOTHING, "the next init finds no sandbox"),
    ROW(IN(CLOSED), HANGUP, STAYS, NOTHING, "so it should"),

    ROW(IN(DEATH), DEAD, LIFE_GONE, READ, "with process 1 all that ran inside is gone"),
    ROW(IN(REPLACING), DEAD, LIFE_INIT, REPLACE, "a new sandbox, in the same cgroup, which is empty now"),
    ROW(BUT(IN(DEATH) | IN(REPLACING)), DEAD, STAYS, NOTHING, "it is awaited nowhere else; what was closed meanwhile makes no sandbox"),

    ROW(IN(GONE), READ, LIFE_COLD, CONCLUDE, "the log is complete: END and REPORT can follow it"),
    ROW(BUT(IN(GONE)), READ, STAYS, NOTHING, "who runs may send more"),

    ROW(BUT(IN(CLOSED)), CLOSE, LIFE_CLOSED, CLOSE, "what still runs is killed with process 1"),
    ROW(IN(CLOSED), CLOSE, STAYS, NOTHING, "its owner is told once"),

    ROW(ANY, BROKEN, LIFE_CLOSED, NOTHING, "its owner is told why, and lets it go"),
};
// clang-format on

struct life_step life_next(enum life state, enum life_event event)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (ROWS[i].on == event && ROWS[i].in & 1u << state)
            return (struct life_step){ROWS[i].next == STAYS ? state : ROWS[i].next, ROWS[i].action, ROWS[i].why};
    return (struct life_step){state, LIFE_DO_NOTHING, NULL};
}

bool life_cold(enum life state)
{
    return state == LIFE_COLD;
}

bool life_starting(enum life state)
{
    return state == LIFE_INIT;
}

bool life_in_init(enum life state)
{
    return INITS & 1u << state;
}

bool life_ready(enum life state)
{
    return state == LIFE_READY;
}

bool life_runs(enum life state)
{
    return (INITS | IN(READY)) & 1u << state;
}

bool life_ending(enum life state)
{
    return ENDING & 1u << state;
}

bool life_closed(enum life state)
{
    return state == LIFE_CLOSED;
}
