/* SPDX-License-Identifier: Apache-2.0 */
/* relay.h: the protocol between lrun, process 1 of a sandbox, and lrun-relay.
 *
 *   argv[1]           the doors, as --net allow= takes them
 *   RELAY_LISTENERS   from process 1, once: a byte with a descriptor for each door, in their order: listening sockets of the sandbox's
 *                     network; then process 1 closes its end
 *   RELAY_NOTES       to lrun: lines of text, one a message: why a connection came to nothing. Its end is lrun-relay's end
 *
 * lrun-relay gets no other descriptor, encloses itself before it reads anything (enclose.h), and lives until lrun kills it or is gone. */
#ifndef LRUN_RELAY_H
#define LRUN_RELAY_H

enum { RELAY_LISTENERS, RELAY_NOTES, RELAY_FDS };
enum { RELAY_NOTE_MAX = 1000 /* bytes of a line */, RELAY_CONNECTIONS_MAX = 1000 /* at once; further ones wait until one has ended */ };

#endif
