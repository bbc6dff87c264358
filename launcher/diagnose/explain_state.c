/* SPDX-License-Identifier: Apache-2.0 */
/* explain_state.c: causes in the environment's state: limits that were reached, what earlier invocations left, the freeze, the
 * network, how it ended. What the package lacks is explain_modules.c and others; what is missing around the function is
 * explain_surroundings.c. Lambda keeps /tmp, processes and descriptors from one invocation to the next, so "left by an earlier one"
 * needs a proof: the time at which the file was made (statx(2), btime) lies before the invocation. */
#include "launcher/diagnose/explain_rule.h"

#include "base/own.h"
#include "lambda/limits.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

bool tell_tmp_full(const struct evidence *ev, const struct match *m, struct text *out)
{
    (void)m;
    if (ev->shortages.no_inode)
        text_printf(out,
                    "/tmp takes no more files: all of its %ju inodes are used (as many as its size brings), and it keeps files of the "
                    "environment's earlier invocations; write fewer files, delete some, or raise its size (--tmp-size)",
                    (uintmax_t)ev->shortages.tmp_inodes);
    else
        text_printf(out,
                    "/tmp is full: its size is %ju MB (Lambda: EphemeralStorage, default %d), and it keeps files of the environment's "
                    "earlier invocations; write less, delete files, or raise it (--tmp-size)",
                    (uintmax_t)ev->launch->request->tmp_size.value, TMP_MIN_MB);
    return true;
}

/* Applies whatever the error says. */
bool tell_tmp_is_full(const struct evidence *ev, const struct match *m, struct text *out)
{
    return ev->shortages.tmp_full && tell_tmp_full(ev, m, out);
}

bool tell_task_limit(const struct evidence *ev, const struct match *m, struct text *out)
{
    const struct shortages *s = &ev->shortages;
    (void)m;
    if (!shortages_of_tasks(s))
        return false;
    text_printf(out,
                "%u of the %u processes and threads that the environment may have are there (Lambda: 1024), and more cannot be started: "
                "end or join what is started; those of earlier invocations live on",
                s->tasks, s->tasks_max);
    return true;
}

/* Python's fork failed, as its traceback shows: a lock that another process holds and a socket without data have the same errno. */
bool tell_fork_refused(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const FORKS[] = {"fork()", "fork_exec(", "forkpty()", NULL};
    (void)m, (void)out;
    return explain_says(ev, FORKS);
}

bool tell_left_over(const struct evidence *ev, const struct match *m, struct text *out)
{
    int64_t made;
    if (!ev->earlier_calls || !explain_tmp(ev, m->groups[1], &made) || made >= ev->began_ms)
        return false;
    text_printf(out,
                "%s was left by an earlier invocation, since /tmp is kept as long as the environment exists: delete it at the end, use a "
                "unique name (mkdtemp), or accept an existing one",
                m->groups[1]);
    return true;
}

/* The directory remains from an earlier invocation, but the file that should be in it does not. */
bool tell_half_done(const struct evidence *ev, const struct match *m, struct text *out)
{
    int64_t made;
    char dir[OBJECT_MAX];
    snprintf(dir, sizeof dir, "%s", m->groups[0]);
    for (char *slash = strrchr(dir, '/'); ev->timed_out_before && slash && slash > dir + 4; slash = strrchr(dir, '/')) {
        *slash = 0;
        if (!explain_tmp(ev, dir, &made))
            continue;
        if (made >= ev->began_ms)
            return false;
        text_printf(out,
                    "%s was left incomplete by an invocation that timed out, since /tmp is kept: write to a temporary name, and rename it "
                    "once it is complete",
                    dir);
        return true;
    }
    return false;
}

bool explain_says(const struct evidence *ev, const char *const *words)
{
    for (; *words; words++)
        if (strstr(ev->text, *words))
            return true;
    return false;
}

bool tell_shm(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const ERRORS[] = {"No such file or directory", "ENOENT", "Function not implemented", "ENOSYS",
                                         NULL}; /* the C library's age decides */
    (void)m;
    if (ev->launch->request->shm != SHM_ABSENT || !explain_says(ev, ERRORS))
        return false;
    text_puts(out, "there is no /dev/shm on Lambda, which POSIX semaphores and shared memory need: use threads, or processes that speak "
                   "over pipes (multiprocessing.Pipe), or a file in /tmp");
    return true;
}

bool tell_shm_denied(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const ERRORS[] = {"Permission denied", "EACCES", NULL};
    (void)m;
    if (ev->launch->request->shm != SHM_DENIED || !explain_says(ev, ERRORS))
        return false;
    text_puts(out, "/dev/shm may not be written, and POSIX semaphores and shared memory need it: use threads, or processes that speak over "
                   "pipes (multiprocessing.Pipe), or a file in /tmp");
    return true;
}

bool tell_not_permitted(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const ERRORS[] = {"Operation not permitted", "operation not permitted", "EPERM",
                                         "No usable sandbox" /* Chromium's word for it */, NULL};
    (void)m, (void)out;
    return explain_says(ev, ERRORS);
}

bool tell_frozen(const struct evidence *ev, const struct match *m, struct text *out)
{
    enum { NOTICED_MS = 500 };
    (void)m;
    if (!ev->earlier_calls || ev->frozen_ms < NOTICED_MS)
        return false;
    text_printf(out,
                "the environment was frozen for %.1f s before this invocation, and peers close connections that do not answer: retry once "
                "on a new connection",
                ev->frozen_ms / 1000);
    return true;
}

bool tell_timeout(const struct evidence *ev, const struct match *m, struct text *out)
{
    const struct request *r = ev->launch->request;
    (void)m;
    if (ev->reason != BECAUSE_TIMEOUT)
        return false;
    if (ev->given_s > 0)
        text_printf(
            out,
            "the function did not answer within %.3g s, until the deadline that the server of --runtime-api gave: raise the timeout "
            "there, or find what it waits for",
            ev->given_s);
    else if (ev->init_timed_out)
        text_printf(out,
                    "the init phase exceeded %ju s and was run again as part of the invocation, which then exceeded its timeout of %ju s: "
                    "do less at import, or raise the timeout",
                    (uintmax_t)r->init_limit.value, (uintmax_t)r->timeout.value / 1000);
    else if (ev->late_ms > 0)
        text_printf(out,
                    "the answer came %.0f ms after the timeout of %ju s (Lambda: Timeout, default 3), while the runtime was being killed, "
                    "and was rejected: raise --timeout, or answer sooner",
                    ev->late_ms, (uintmax_t)r->timeout.value / 1000);
    else
        text_printf(out,
                    "the function did not answer within %ju s (Lambda: Timeout, default 3): raise --timeout, or find what it waits for",
                    (uintmax_t)r->timeout.value / 1000);
    return true;
}

bool tell_init_timeout(const struct evidence *ev, const struct match *m, struct text *out)
{
    (void)m;
    if (ev->reason != BECAUSE_INIT_TIMEOUT)
        return false;
    text_printf(out, "the runtime did not request an event within %ju s, Lambda's limit for the init phase: do less at import",
                (uintmax_t)ev->launch->request->init_limit.value);
    return true;
}

bool tell_memory(const struct evidence *ev, const struct match *m, struct text *out)
{
    (void)m;
    if (ev->shortages.killed[0]) { /* and not the runtime */
        text_printf(out,
                    "%s was killed, since the environment exceeded its %ju MB of memory (Lambda: MemorySize, default %d): raise --memory, "
                    "or use less",
                    ev->shortages.killed, (uintmax_t)ev->launch->request->memory.value, MEMORY_MIN_MB);
        return true;
    }
    if (ev->reason != BECAUSE_OUT_OF_MEMORY)
        return false;
    text_printf(out,
                "the function exceeded its %ju MB of memory (Lambda: MemorySize, default %d) and was killed: raise --memory, or use less",
                (uintmax_t)ev->launch->request->memory.value, MEMORY_MIN_MB);
    return true;
}

bool tell_exit(const struct evidence *ev, const struct match *m, struct text *out)
{
    int status = ev->wait_status;
    (void)m;
    if (ev->reason != BECAUSE_EXIT || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return false;
    text_puts(out, "the runtime's process exited with status 0, which is a failure on Lambda, since it must keep running and ask for the "
                   "next event: do not call exit in a handler, and let a bootstrap loop");
    return true;
}

bool tell_signal(const struct evidence *ev, const struct match *m, struct text *out)
{
    int status = ev->wait_status;
    (void)m;
    if (ev->reason != BECAUSE_SIGNAL || !WIFSIGNALED(status) || WTERMSIG(status) != SIGILL)
        return false;
    text_puts(out, "the runtime ran an instruction that this processor does not have (SIGILL): build the program for the baseline "
                   "(-march=x86-64-v2), not for the build machine; Lambda's hosts differ");
    return true;
}

bool tell_response(const struct evidence *ev, const struct match *m, struct text *out)
{
    (void)m;
    if (ev->reason != BECAUSE_RESPONSE_TOO_LARGE)
        return false;
    text_printf(
        out, "the response has %ju bytes, but Lambda accepts at most %d: return less, return a reference to an object in S3, or stream it",
        (uintmax_t)ev->response_bytes, PAYLOAD_MAX);
    return true;
}

bool tell_no_network(const struct evidence *ev, const struct match *m, struct text *out)
{
    const enum net net = ev->launch->request->net;
    if ((net != NET_NONE && net != NET_ALLOW) || strstr(m->line, "localhost") || strstr(m->line, "127.0.0.1"))
        return false; /* the loopback is there */
    text_puts(out, net == NET_ALLOW
                       ? "the sandbox's network has the doors of --net allow and nothing else: add HOST:PORT to them, or use --net user"
                       : "the sandbox has only a loopback interface (lrun's default, not Lambda's): use --net user for outbound access, or "
                         "--net allow=HOST:PORT");
    return true;
}

bool tell_no_account(const struct evidence *ev, const struct match *m, struct text *out)
{
    (void)m;
    if (ev->launch->request->credentials != CREDENTIALS_FAKE)
        return false;
    text_puts(out, "the credentials are fake (lrun's default): provide yours with --credentials env or profile:NAME");
    return true;
}
