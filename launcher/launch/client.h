/* SPDX-License-Identifier: Apache-2.0 */
/* client.h: the name and version of the runtime interface client that a function used, for the report. */
#ifndef LRUN_CLIENT_H
#define LRUN_CLIENT_H

#include "launcher/launch/runtime.h"

/* agent: what the client calls itself on the wire, which for Node's names only the library beneath it. */
void client_name(const struct runtime *rt, const struct inputs *in, const char *agent, char *ret, size_t size);

#endif
