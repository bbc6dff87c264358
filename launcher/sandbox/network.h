/* SPDX-License-Identifier: Apache-2.0 */
/* network.h: the network that --net selects.
 *
 *   none       a network namespace of its own, with a loopback
 *   host       the host's
 *   user       its own, joined to the host's by pasta: outwards only, and neither to the host's loopback nor to its cloud's metadata
 *   blackhole  its own, whose default route leads nowhere: connections hang, as in a VPC without NAT
 *   allow      its own, with doors to named ports and nothing else (doors.h) */
#ifndef LRUN_NETWORK_H
#define LRUN_NETWORK_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum net { NET_NONE, NET_HOST, NET_USER, NET_BLACKHOLE, NET_ALLOW };

const char *network_name(enum net net); /* as --net takes it */

/* Making a network namespace takes the kernel as long as most of the mounts do: if a processor is free it is made aside, by a child of
 * lrun's in the sandbox's user namespace, while init mounts. If none is free, init would wait for that child's turn: it makes its own.
 *   network_aside_pays()      whether one is: the text of /proc/loadavg, and how many processors lrun may use
 *   network_aside_prepare()   before clone: a socket for the namespace; both ends -1 if init is to make its own
 *   network_aside_begin()     after clone, in the parent, with all signals blocked: starts the child
 *   network_aside_done()      instead, if there is no sandbox
 *   network_aside_reap()      waits for the child, which ends by itself: its pid, or 0 */
struct network_aside {
    pid_t pid;           /* 0: none */
    int from, to;        /* init's end, and the child's */
    const char *address; /* as network_loopback() takes it */
};
bool network_aside_pays(const char *loadavg, int processors);
void network_aside_prepare(enum net net, const char *address, struct network_aside *ret);
void network_aside_begin(struct network_aside *a, int init_pidfd);
void network_aside_done(struct network_aside *a);
void network_aside_reap(pid_t *child);

/* Inside: joins the namespace that was made aside, or makes one. from: -1 or init's end, taken. ret_loopback: whether that is up already.
 */
int network_enter(int *from, bool *ret_loopback, struct err *err);

/* Inside: brings it up, with the Runtime API's address besides; NULL: with none. */
int network_loopback(const char *address, struct err *err);

/* NET_USER: starts pasta as a child of ours and waits until it has set up the network of process pid, which must still be
 * dumpable: else its namespaces cannot be opened. */
int network_attach(pid_t pid, pid_t *ret_pasta, struct err *err);

/* NET_USER, inside: there is no way to the metadata service of the machine. */
int network_hide_metadata(struct err *err);

/* NET_BLACKHOLE, inside: what is sent to anywhere but here is dropped without an answer. */
int network_blackhole(struct err *err);

#endif
