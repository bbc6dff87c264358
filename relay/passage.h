/* SPDX-License-Identifier: Apache-2.0 */
/* passage.h: one connection through a door, from its client inside to where the door leads. */
#ifndef LRUN_PASSAGE_H
#define LRUN_PASSAGE_H

#include "relay/door.h"

/* Resolves, connects and copies both ways until both have ended; takes client, which does not block. A connection that comes to nothing
 * is reset, and tell() is called with the reason. It takes as long as the connection does: a thread of its own. */
enum { PASSAGE_WHY_MAX = 640 };
void passage_run(const struct door *d, int client, void (*tell)(const struct door *d, const char *why));

void passage_reset(int *fd); /* ends a connection as one that comes to nothing */

#endif
