/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: choose the command; the only place that prints the error which ends lrun, and exits. Commands are cmd_*.c, options cli.c.
 * What a caller can leave behind is put right first, in this order: the heap's beginning is noted (init gives back what comes after
 * it), signals are reset, umask is 022, descriptors 0 to 2 are open. What is printed by stdio goes through the terminal's filter, and
 * a failed write to standard output is an error even at the end: a full disk must not look like success. */
#include "launcher/command/cli.h"
#include "launcher/command/commands.h"
#include "launcher/command/profile.h"
#include "launcher/command/project.h"
#include "launcher/sandbox/forget.h"
#include "launcher/sandbox/stdio.h"

#include "base/own.h"
#include "base/term.h"
#include "base/version.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// clang-format off
static const struct {
    int (*perform)(const struct request *, struct err *);
    const struct command_kind *kind;
} COMMANDS[CMD_COUNT] = {
    [CMD_RUN] = {cmd_run, &KIND_RUN},             [CMD_EXEC] = {cmd_exec, &KIND_EXEC},
    [CMD_SERVE] = {cmd_serve, &KIND_SERVE},       [CMD_CACHE] = {cmd_cache, &KIND_CACHE},
    [CMD_EXPLAIN] = {cmd_explain, &KIND_EXPLAIN}, [CMD_DOCTOR] = {cmd_doctor, &KIND_DOCTOR},
    [CMD_INSPECT] = {cmd_inspect, &KIND_INSPECT}, [CMD_HELP] = {cmd_help, &KIND_HELP},
    [CMD_RUNTIME] = {cmd_runtime, &KIND_RUNTIME},
    [CMD_PROJECT] = {cmd_project, &KIND_PROJECT},
    [CMD_LAYER] = {cmd_layer, &KIND_LAYER},
    [CMD_EVENT] = {cmd_event, &KIND_EVENT},
    [CMD_TEST] = {cmd_test, &KIND_TEST},
    [CMD_BATCH] = {cmd_batch, &KIND_BATCH},
};
// clang-format on

/* What lrun prints by stdio names files, packages and functions: on a terminal it goes through the filter, as their logs do. */
static void guard_terminals(struct term_stream screens[2])
{
    FILE **streams[] = {&stdout, &stderr};
    for (int i = 0; i < 2; i++) {
        screens[i] = (struct term_stream){.term = term_new(), .fd = i + 1};
        FILE *guarded = stdio_is_terminal(i + 1) ? term_stream(&screens[i]) : NULL;
        if (guarded)
            *streams[i] = guarded;
    }
}

/* A caller may have left signals ignored or blocked (nohup, trap '' CHLD); waiting and timing need them. */
static void reset_signals(void)
{
    enum { SIGNALS = 64, MASK_BYTES = SIGNALS / 8 };
    static const struct { /* the kernel's own struct sigaction: the C library refuses to touch two of the 64 */
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } by_default;
    sigset_t none;
    for (int s = 1; s <= SIGNALS; s++)
        syscall(SYS_rt_sigaction, s, &by_default, NULL, MASK_BYTES);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What was too long for the buffer has failed before, and nothing is left that could fail now. */
static int end_output(int status, struct err *err)
{
    int failed_before = ferror(stdout), no = fflush(stdout) ? errno : 0;
    if (status < 0 || (!failed_before && !no))
        return status;
    return fail(err, no, "standard output", no ? "write to" : "write all to");
}

int main(int argc, char **argv)
{
    static struct request r;
    static struct err err;
    static struct term_stream screens[2];
    forget_from_here();
    reset_signals();
    umask(022);
    r.command = cli_command(argc, argv);
    int status = stdio_check(&err);
    if (status < 0)
        err.exit = COMMANDS[r.command].kind->usage_exit; /* lrun cannot repair what was redirected */
    guard_terminals(screens);
    if (status == 0)
        status = cli_parse(argc, argv, &r, &err);
    r.kind = COMMANDS[r.command].kind;
    if (status == 0 && !r.help && !r.version)
        status = r.options && profile_use(argc, argv, &r, &err) < 0 ? -1 : project_use(&r, &err);
    if (status < 0) {
        err_say(&err, "lrun");
        return request_exit(&r, &err);
    }
    if (r.help)
        cli_help(r.command, stdout);
    else if (r.version)
        puts("lrun " LRUN_VERSION);
    status = r.help || r.version ? 0 : COMMANDS[r.command].perform(&r, &err);
    status = end_output(status, &err);
    if (status < 0)
        err_say(&err, "lrun");
    request_done(&r);
    return status >= 0 ? status : request_exit(&r, &err);
}
