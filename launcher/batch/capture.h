/* SPDX-License-Identifier: Apache-2.0 */
/* capture.h: what a command writes to one of its streams, as far as it is kept: its beginning. All of it is read, so that the command need
 * not wait, and counted. */
#ifndef LRUN_CAPTURE_H
#define LRUN_CAPTURE_H

#include "base/err.h"
#include "base/str.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct capture { /* CAPTURE_NONE at first */
    int ours, theirs;
    size_t most; /* bytes that are kept */
    struct text kept;
    uint64_t bytes; /* that were written */
    struct event *event;
    void (*on_end)(void *of); /* nobody can write any more */
    void *of;
};
#define CAPTURE_NONE \
    { \
        .ours = -1, .theirs = -1 \
    }

/* Makes the pipe; theirs is the command's end. -1 with err. */
int capture_open(struct capture *c, size_t most, struct err *err);

/* Once the command has its end: reads on the loop. -1 with err. */
int capture_join(struct capture *c, struct event_base *base, void (*on_end)(void *of), void *of, struct err *err);

bool capture_is_over(const struct capture *c);
void capture_drain(struct capture *c); /* reads what is there now; no more is read after that */
void capture_done(struct capture *c);

#endif
