/* SPDX-License-Identifier: Apache-2.0 */
/* address.h: what kind of network an address belongs to. Whoever answers for a public name chooses its addresses, and may choose this
 * machine's own or its network's (DNS rebinding): so each is judged before it is connected to. */
#ifndef LRUN_ADDRESS_H
#define LRUN_ADDRESS_H

#include <sys/socket.h>

enum address_kind {
    ADDRESS_PUBLIC,
    ADDRESS_LOOPBACK, /* this machine */
    ADDRESS_PRIVATE,  /* its network: private, shared, link-local, unique local */
    ADDRESS_METADATA, /* a cloud's metadata service: it gives out the machine's credentials */
    ADDRESS_UNUSABLE, /* of no host: unspecified, multicast, reserved */
};

/* Of an IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) it is the kind of that one. */
enum address_kind address_kind(const struct sockaddr *address);

const char *address_kind_text(enum address_kind kind); /* "a private address" */

#endif
