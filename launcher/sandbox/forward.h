/* SPDX-License-Identifier: Apache-2.0 */
/* forward.h: connections to 127.0.0.1:PORT here become connections to 127.0.0.1:PORT in the sandbox's own network, for
 * debuggers (-d PORT). A socket belongs to the network it was made in: init makes each, on request. */
#ifndef LRUN_FORWARD_H
#define LRUN_FORWARD_H

#include "base/err.h"

#include <event2/event.h>
#include <stdint.h>

struct forward;

/* Before the sandbox: a port that is taken shall fail early. */
int forward_listen(uint16_t port, int *ret_listener, struct err *err);

/* ask(to) shall make init give a socket, which the owner hands to forward_socket() when it comes. Takes listener. */
struct forward *forward_new(struct event_base *base, int listener, uint16_t port, void (*ask)(void *to), void *to);
void forward_socket(struct forward *f, int socket); /* -1: init could not */
/* Once nothing runs inside any more: what was sent from there is delivered, for a second at most. f may be NULL. */
void forward_finish(struct forward *f);
void forward_done(struct forward *f);

#endif
