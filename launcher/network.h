/* SPDX-License-Identifier: Apache-2.0 */
/* network.h: what --net gives the sandbox.
 *
 *   none       a network namespace of its own, with a loopback
 *   host       the host's
 *   user       its own, joined to the host's by pasta: outwards only, and neither to the host's loopback nor to its cloud's metadata
 *   blackhole  its own, whose default route leads nowhere: connections hang, as in a VPC without NAT */
#ifndef LRUN_NETWORK_H
#define LRUN_NETWORK_H

#include "base/err.h"

#include <sys/types.h>

enum net { NET_NONE, NET_HOST, NET_USER, NET_BLACKHOLE };

enum net network_parse(const char *name); /* as --net takes it, checked */

/* NET_USER: starts pasta as a child of ours and waits until it has set up the network of process pid, which must still be
 * dumpable: else its namespaces cannot be opened. */
int network_attach(pid_t pid, pid_t *ret_pasta, struct err *err);

/* NET_USER, inside: there is no way to the metadata service of the machine. */
int network_hide_metadata(struct err *err);

/* NET_BLACKHOLE, inside: what is sent to anywhere but here is dropped without an answer. */
int network_blackhole(struct err *err);

#endif
