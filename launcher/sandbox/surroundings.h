/* SPDX-License-Identifier: Apache-2.0 */
/* surroundings.h: what is around lrun, by evidence that can be read from inside: a container's manager, a seccomp filter, AppArmor's
 * profile, a chroot. Asked when something failed, and by doctor; no launch that works comes here. */
#ifndef LRUN_SURROUNDINGS_H
#define LRUN_SURROUNDINGS_H

#include "base/str.h"

/* Reads a file whole, or for "$NAME" a variable of the environment; false: it is not there. ret: all zero before. */
typedef bool (*surroundings_reader)(const char *path, struct text *ret);
bool surroundings_read(const char *path, struct text *ret);

struct surroundings {
    const char *manager;  /* "Podman"; NULL: none was established */
    const char *evidence; /* by what: "/run/.containerenv" */
    const char *remedy;   /* what its user must say for lrun to work, all of it */
    bool filtered;        /* a seccomp filter was there before lrun's */
    bool in_chroot;
    char profile[64]; /* of AppArmor, that confines lrun; "": none */
};

void surroundings_look(surroundings_reader reader, struct surroundings *ret);

/* "a seccomp filter is on (Seccomp: 2 in /proc/self/status); in Podman, by /run/.containerenv: podman run ...": what is established,
 * and what to do. False: nothing is, and text is left empty. hidden: so is that /proc is masked, which the caller has said. */
bool surroundings_say(const struct surroundings *s, bool hidden, char *text, size_t size);

#endif
