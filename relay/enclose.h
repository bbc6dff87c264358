/* SPDX-License-Identifier: Apache-2.0 */
/* enclose.h: lrun-relay drops every right that it does not need before it is given a connection. */
#ifndef LRUN_ENCLOSE_H
#define LRUN_ENCLOSE_H

#include "base/err.h"
#include "relay/door.h"

/* Limits, no_new_privs, Landlock (files: what the resolver reads; TCP: to the doors' ports and DNS, from Linux 6.7 on; skipped where the
 * kernel has none) and a list of allowed system calls: sockets of the internet families, threads, no other process, no exec, no write to a
 * file. */
int enclose(const struct doors *doors, struct err *err);

#endif
