/* SPDX-License-Identifier: Apache-2.0 */
/* payload.h: starting what runs inside: a bootstrap or a command. Called by init, which has no privileges left. */
#ifndef LRUN_PAYLOAD_H
#define LRUN_PAYLOAD_H

#include "launcher/sandbox/sandbox.h"

#define PAYLOAD_STEP_WORKDIR "workdir" /* step of an err: its path cannot be entered */

/* Starts the extension of this name, or the command or bootstrap (NULL); framed: with the descriptor for frames. control: to
 * the supervisor, for REFUSED; -1: there is none. Returns its pid, or -1 with an err whose no is exec's errno and whose path is
 * what could not be started. If there is no bootstrap, err->no is 0 and err->path is empty. */
pid_t payload_start(const struct sandbox_spec *spec, const char *extension, bool framed, int control, struct err *err);

/* The same for the command of a sandbox with this one program, without waiting until it has become that: on a busy machine its turn would
 * come the later. Once it has ended, payload_failed() says whether it never did: -1 with such an err. */
pid_t payload_begin(const struct sandbox_spec *spec, struct err *err);
int payload_failed(struct err *err);

#endif
