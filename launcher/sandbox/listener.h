/* SPDX-License-Identifier: Apache-2.0 */
/* listener.h: sockets that wait for connections. */
#ifndef LRUN_LISTENER_H
#define LRUN_LISTENER_H

#include "base/err.h"

#include <stdint.h>

/* address: dotted. port 0: a free one; ret_port says which, unless it is NULL. Non-blocking, close-on-exec. what: for the
 * message, "listen for the Runtime API at". */
int listener_open(const char *address, uint16_t port, const char *what, int *ret, uint16_t *ret_port, struct err *err);

#endif
