/* SPDX-License-Identifier: Apache-2.0 */
/* environment_debug.c: what --debug and --debug-port add to an environment: a terminal for the runtime, and a way in for a
 * debugger. */
#include "launcher/environment/environment_parts.h"

#include "base/own.h"

#include <unistd.h>

/* A prompt such as pdb's needs a terminal; without one it reads standard input. */
int environment_streams(struct environment *e, int null, struct err *err)
{
    struct sandbox_spec *spec = &e->spec;
    spec->stdio[0] = null;
    spec->stdio[1] = spec->stdio[2] = e->log.pipes[LOG_FUNCTION].write_end;
    if (!e->launch->request->debug || e->launch->request->kind->many_at_once) /* a server has no terminal to give */
        return 0;
    if (!isatty(STDIN_FILENO))
        return stdio_open(&e->stdio, 1, spec->stdio, err);
    if (terminal_open(&e->terminal, STDERR_FILENO, true, err) < 0)
        return -1;
    for (int i = 0; i < 3; i++)
        spec->stdio[i] = e->terminal.theirs;
    spec->tty = true;
    return 0;
}

static void ask_socket(void *to)
{
    environment_ask_socket(to, NULL);
}

int environment_join_debugger(struct environment *e, struct err *err)
{
    if (e->terminal.ours >= 0 && terminal_join(&e->terminal, e->base, err) < 0)
        return -1;
    if (stdio_join(&e->stdio, e->base, err) < 0)
        return -1;
    if (e->debugger && *e->debugger >= 0)
        e->forward = forward_new(e->base, take_fd(e->debugger), (uint16_t)e->launch->request->debug_port.value, ask_socket, e);
    return 0;
}
