/* SPDX-License-Identifier: Apache-2.0 */
/* door.h: the doors in a sandbox's network: --net allow=HOST:PORT[/private],... Part of lrun, which makes them inside, and of lrun-relay,
 * which connects what comes through.
 *
 *   HOST            inside it is
 *   a name          an address of the loopback that no other door has, so that two hosts may have one port; /etc/hosts has it
 *   localhost       127.0.0.1
 *   an address      that very address; IPv6 in brackets, [::1]:5432
 *
 * A name may lead to public addresses only; /private after the port says that its network is known, and may be this machine or a private
 * one. What is written as an address, or as localhost, needs no such word. Only TCP passes. */
#ifndef LRUN_DOOR_H
#define LRUN_DOOR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { DOORS_MAX = 32, DOOR_HOST_MAX = 253 };

struct door {
    char host[DOOR_HOST_MAX + 1]; /* in lower case, without brackets */
    char inside[46];              /* its address in the sandbox */
    uint16_t port;
    bool literal, localhost; /* both false: a name */
    bool may_be_private;     /* /private */
};

struct doors {
    size_t n;
    struct door at[DOORS_MAX];
};

/* text: what follows allow=. An err of usage names --net and the door. */
int doors_parse(const char *text, struct doors *ret, struct err *err);

/* The address in figures as a sockaddr of its family; returns its size, 0: it is none. */
socklen_t door_address(const char *address, uint16_t port, struct sockaddr_storage *ret);

/* Whether the door leads there. */
bool door_leads_to(const struct door *d, const struct sockaddr *to);

#endif
