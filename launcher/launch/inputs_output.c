/* SPDX-License-Identifier: Apache-2.0 */
/* inputs_output.c: opens what lrun itself will write for the user: the report, inspect's graph, the directory of results. Where a pipe may
 * be named, its reader is waited for: without one, opening would wait for ever.
 * What a sandbox may write to is launcher/launch/trust.c's to say. */
#include "launcher/launch/inputs_parts.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/own.h"
#include "base/place.h"
#include "launcher/launch/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

/* A socket, by way of /dev/stdout, gives ENXIO too, and never opens. */
static bool lacks_reader(const char *path, const struct err *err)
{
    struct stat st;
    return err->no == ENXIO && stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Waits for a pipe's reader, but not for ever, as open(2) would without a word: no timeout of the function's counts yet. */
int inputs_open_output(const char *path, int flags, const char *what, struct err *err)
{
    enum { WAIT_S = 5, STEP_NS = 10000000 };
    const double end = clock_ms() + WAIT_S * 1000;
    int fd;
    while ((fd = place_open(path, O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK | flags, 0666, what, err)) < 0 && lacks_reader(path, err)) {
        if (clock_ms() >= end)
            return fail_hint(err, "a pipe needs a reader: none opened it within %d s", WAIT_S);
        nanosleep(&(struct timespec){.tv_nsec = STEP_NS}, NULL);
    }
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

static int open_report(const struct request *r, struct inputs *in, struct err *err)
{
    uint64_t fd = STDOUT_FILENO;
    if (!r->report)
        return 0;
    if (str_begins(r->report, "fd:") && num_parse(r->report + 3, 0, 1u << 20, &fd, err) < 0)
        return fail_usage(err, "--report '%.80s': expected a file, - or fd:N", r->report);
    if (str_begins(r->report, "fd:") || strcmp(r->report, "-") == 0) {
        in->report = fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
        if (in->report < 0)
            return fail_usage(err, "--report %.40s: no such open descriptor", r->report);
    } else {
        in->report = inputs_open_output(r->report, O_APPEND, "open the report", err);
    }
    return in->report >= 0 ? 0
           : err->hint[0]  ? -1
                           : fail_hint(err, "--report takes a file, - (standard output) or fd:N (an open descriptor)");
}

/* A new directory is created as the user lrun becomes; an existing one must be writable for that user. */
int inputs_open_out(const struct request *r, const struct identity *id, struct inputs *in, struct err *err)
{
    struct stat st;
    if (!r->out)
        return 0;
    int made;
    in->out = place_dir(r->out, 0777, id->uid, id->gid, &made, err);
    if (in->out < 0)
        return -1;
    if (fstat(in->out, &st) < 0)
        return fail(err, errno, r->out, "look at the directory for results");
    if (trust_check_writable(in->out, r->out, in->cache_dir, in->cache_base, id, err) < 0)
        return -1;
    if (!id->from_root || made || st.st_uid == id->uid || st.st_mode & 02)
        return 0;
    fail(err, EACCES, r->out, "write results as uid %u (root runs sandboxes as this user)", id->uid);
    return fail_hint(err, "name a new directory, or chown this one to uid %u", id->uid);
}

static int open_graph(const struct request *r, struct inputs *in, struct err *err)
{
    if (r->graph)
        in->graph = inputs_open_output(r->graph, 0, "open for the graph", err); /* emptied once there is something to write */
    return r->graph && in->graph < 0 ? -1 : 0;
}

int inputs_open_outputs(const struct request *r, struct inputs *in, struct err *err)
{
    return open_report(r, in, err) < 0 || open_graph(r, in, err) < 0 ? -1 : 0;
}
