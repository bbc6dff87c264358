/* SPDX-License-Identifier: Apache-2.0 */
/* serve_ports.h: the ports of single functions: URLs (--url) and debuggers (--debug-port), each PORT or NAME=PORT. */
#ifndef LRUN_SERVE_PORTS_H
#define LRUN_SERVE_PORTS_H

#include "launcher/serve/server.h"

/* Once the function's inputs are open and it has its name, before its launch is made: a debugged function is launched in another way. */
int serve_ports_open(struct served *f, struct err *err);
void serve_ports_close(struct served *f);

/* Once all functions have their names: each NAME must be one's. */
int serve_ports_check(const struct server *s, struct err *err);

void serve_ports_tell(const struct served *f); /* on stderr */

#endif
