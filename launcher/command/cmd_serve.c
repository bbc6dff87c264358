/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_serve.c: functions kept warm behind the Invoke API, function URLs and APIs, until a signal ends it: opening, reload, readiness, the
 * end. Requests are launcher/serve's (the ports beside the Invoke API's: serve_open.c), the file of --config is config.c's. All is opened
 * before root's uid is given up; a reload has that later uid. */
#include "base/fs.h"
#include "base/own.h"
#include "launcher/command/commands.h"
#include "launcher/command/project.h"
#include "launcher/launch/loop.h"
#include "launcher/sandbox/listener.h"
#include "launcher/serve/serve_ports.h"
#include "launcher/serve/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

const struct command_kind KIND_SERVE = {
    .usage_exit = EXIT_USAGE,
    .invokes = true,
    .limited_by_preset = true,
    .lives_on = true,
    .many_at_once = true,
};

enum { GRACE_S = 2 /* for answers that are still being written */ };
/* ---- before the change of identity ---- */

static int open_function(struct served *f, const struct identity *id, struct err *err)
{
    const struct request *r = &f->request;
    f->launch = xcalloc(1, sizeof *f->launch);
    if (launch_open(r, id, f->launch, err) < 0)
        return -1;
    if (serve_ports_open(f, err) < 0)
        return -1;
    return launch_cgroups(f->launch, r->concurrency.value, &f->cgroups, err);
}

/* Made when it is first called; a debugged one is there from the start. */
static bool is_late(const struct served *f)
{
    return f->request.part.is_one && !f->request.debug;
}

/* ---- reload ---- */

/* Reads the inputs again, with the identity that lrun has now. */
static int read_again(struct served *f, struct launch **ret, struct err *err)
{
    const struct identity id = {.uid = geteuid(), .gid = getegid()};
    struct launch *l = xcalloc(1, sizeof *l);
    const struct launch *before = pool_launch(f->pool);
    f->request.cache_dir = before->inputs.cache_dir; /* the new identity would look for it elsewhere */
    int status = launch_open(&f->request, &id, l, err);
    f->request.cache_dir = f->server->request->cache_dir;
    free(l->inputs.added.dir); /* of the store: likewise */
    l->inputs.added.dir = before->inputs.added.dir ? xstrdup(before->inputs.added.dir) : NULL;
    if (status == 0 && l->inputs.program < 0 && before->inputs.cache.program >= 0)
        l->inputs.program = fcntl(before->inputs.cache.program, F_DUPFD_CLOEXEC, 3);
    if (status == 0)
        status = launch_make(l, err);
    if (status < 0) {
        launch_done(l);
        free(l);
        return -1;
    }
    *ret = l;
    return 0;
}

static bool on_file_change(void *to, bool again)
{
    struct served *f = to;
    struct launch *l;
    struct err err = {0};
    if (f->server->stopping)
        return true;
    if (read_again(f, &l, &err) < 0) {
        if (!again)
            err_say(&err, "lrun: %s: not reloaded", pool_name(f->pool));
        return false;
    }
    if (!f->request.quiet)
        fprintf(stderr, "lrun: %s: reloaded; new invocations run the new package\n", pool_name(f->pool));
    pool_reload(f->pool, l);
    return true;
}

static int watch(struct served *f, struct err *err)
{
    if (!f->request.watch)
        return 0;
    f->watch = watch_new(f->server->base, on_file_change, f, err);
    return f->watch ? watch_inputs(f->watch, &pool_launch(f->pool)->inputs, err) : -1;
}

/* ---- readiness and the end ---- */

static void tell_ready(struct server *s)
{
    const struct request *r = s->request;
    char line[160];
    s->ready = true;
    for (size_t i = 0; i < s->n && !r->quiet; i++) {
        const struct served *f = &s->functions[i];
        /* Prints a command to paste: it needs no credentials or configuration of the AWS CLI, and values may begin with a dash. */
        fprintf(
            stderr,
            "lrun: serving %s: aws lambda invoke --endpoint-url=http://%s:%u --region=%s --no-sign-request --function-name=%s out.json\n",
            pool_name(f->pool), r->host, s->port, f->request.region, pool_name(f->pool));
        serve_ports_tell(f);
    }
    if (!r->quiet)
        serve_doors_tell(s);
    if (!r->ready_fd.set)
        return;
    snprintf(line, sizeof line, "ready http://%s:%u\n", r->host, s->port);
    if (fs_write_all((int)r->ready_fd.value, line, strlen(line)) < 0)
        fprintf(stderr, "lrun: cannot write to --ready-fd %d: %s\n", (int)r->ready_fd.value, strerror(errno));
    close((int)r->ready_fd.value);
}

static bool all(const struct server *s, bool (*is)(const struct pool *))
{
    for (size_t i = 0; i < s->n; i++)
        if (!is(s->functions[i].pool))
            return false;
    return true;
}

static void on_grace(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct server *s = to;
    if (s->signal == 0 && !(serve_doors_idle(s) && http_server_idle(s->http))) {
        s->signal = -1; /* waited once */
        event_add(s->grace, &(struct timeval){.tv_sec = GRACE_S});
        return;
    }
    event_base_loopbreak(s->base);
}

static void on_change(void *to)
{
    struct server *s = to;
    if (!s->ready && all(s, pool_started))
        tell_ready(s);
    if (!s->stopping || s->signal)
        return;
    if (all(s, pool_idle) && serve_events_idle(s))
        for (size_t i = 0; i < s->n; i++)
            pool_stop(s->functions[i].pool);
    if (all(s, pool_closed) && !event_pending(s->grace, EV_TIMEOUT, NULL))
        event_add(s->grace, &(struct timeval){.tv_usec = 0});
}

/* The first signal: no more connections, running invocations finish, extensions get SHUTDOWN. The second ends at once. */
static void on_signal(evutil_socket_t number, short what, void *to)
{
    struct server *s = to;
    (void)what;
    if (s->stopping) {
        s->signal = (int)number;
        event_base_loopbreak(s->base);
        return;
    }
    s->stopping = true;
    if (!s->request->quiet)
        fprintf(stderr, "lrun: stopping once running invocations finish; press Ctrl-C again to stop now\n");
    http_server_stop(s->http);
    serve_doors_stop(s);
    serve_events_hurry(s);
    on_change(s);
}

/* ---- the command ---- */

static void start_function(struct server *s, struct served *f)
{
    const struct request *r = &f->request;
    const struct pool_config config = {.base = s->base,
                                       .launch = f->launch,
                                       .make_late = is_late(f),
                                       .name = xstrdup(f->launch->inputs.name),
                                       .concurrency = (unsigned)r->concurrency.value,
                                       .queue_max = (unsigned)r->queue.value,
                                       .room = &s->lines,
                                       .idle_ms = r->idle_timeout.value * 1000,
                                       .per_tenant = request_per_tenant(r),
                                       .cgroups = f->cgroups,
                                       .debugger = f->debug_listener,
                                       .on_change = on_change,
                                       .to = s};
    f->launch = NULL;
    f->pool = pool_new(&config);
}

static int check_names(const struct server *s, struct err *err)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(s->functions[i].launch->inputs.name, s->functions[k].launch->inputs.name) == 0) {
                fail_usage(err, "two functions have the name '%s'", s->functions[i].launch->inputs.name);
                return fail_hint(err, "name them: one=a.zip two=b.zip");
            }
    return 0;
}

/* A function of a project that cannot be opened, as it is not built, is left out; the last one, not open yet, takes its place. -1: that was
 * the only one, or it was named. */
static int leave_out(struct server *s, size_t i, struct err *err)
{
    struct served *f = &s->functions[i];
    if (!f->request.part.optional || s->n == 1)
        return -1;
    err_say(err, "lrun: not served: %s", f->request.name);
    serve_ports_close(f);
    launch_done(f->launch);
    free(f->launch);
    *f = s->functions[--s->n];
    return 0;
}

static int open_all(struct server *s, const struct config *c, struct err *err)
{
    struct identity id;
    if (launch_raise_files(err) < 0 || identity_choose(&id, err) < 0 ||
        listener_open(s->request->host, (uint16_t)s->request->port.value, "listen for the Invoke API at", &s->listener, &s->port, err) < 0)
        return -1;
    for (size_t i = 0; i < s->n; i++)
        while (i < s->n && open_function(&s->functions[i], &id, err) < 0)
            if (leave_out(s, i, err) < 0)
                return -1;
    if (check_names(s, err) < 0 || serve_ports_check(s, err) < 0 || serve_open_apis(s, c->apis, c->api_n, err) < 0 ||
        identity_take(&id, err) < 0)
        return -1;
    for (size_t i = 0; i < s->n; i++)
        if (!is_late(&s->functions[i]) &&
            (inputs_release_trees(&s->functions[i].launch->inputs, err) < 0 || launch_make(s->functions[i].launch, err) < 0))
            return -1;
    return 0;
}

static int run(struct server *s, struct err *err)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM};
    s->base = loop_new(err);
    if (!s->base)
        return -1;
    server_share(s);
    const struct http_handler handler = server_handler(s);
    s->http = http_serve(s->base, take_fd(&s->listener), &handler);
    s->grace = evtimer_new(s->base, on_grace, s);
    for (size_t i = 0; i < COUNT(SIGNALS); i++) {
        s->interrupts[i] = evsignal_new(s->base, SIGNALS[i], on_signal, s);
        event_add(s->interrupts[i], NULL);
    }
    for (size_t i = 0; i < s->n; i++)
        start_function(s, &s->functions[i]);
    serve_doors_start(s);
    for (size_t i = 0; i < s->n; i++)
        if (watch(&s->functions[i], err) < 0)
            return -1;
    if (strcmp(s->request->host, "127.0.0.1") != 0)
        fprintf(stderr, "lrun: anyone who can reach %s can run these functions: there is no access control\n", s->request->host);
    for (size_t i = 0; i < s->n; i++)
        pool_start(s->functions[i].pool);
    on_change(s);
    if (loop_run(s->base, err) < 0)
        return -1;
    return s->signal > 0 ? 128 + s->signal : 0;
}

static void server_done(struct server *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct served *f = &s->functions[i];
        watch_done(f->watch);
        const char *name = f->pool ? pool_name(f->pool) : NULL;
        if (f->pool)
            pool_done(f->pool);
        free((char *)(uintptr_t)name);
        serve_ports_close(f);
        if (f->launch)
            launch_done(f->launch);
        free(f->launch);
        launch_cgroups_done(f->cgroups, f->request.concurrency.value);
    }
    serve_doors_done(s);
    serve_events_done(s);
    http_server_done(s->http);
    http_room_done(s->room);
    own_close(&s->listener);
    if (s->grace)
        event_free(s->grace);
    for (size_t i = 0; i < COUNT(s->interrupts); i++)
        if (s->interrupts[i])
            event_free(s->interrupts[i]);
    if (s->base)
        event_base_free(s->base);
    free(s->functions);
}

int cmd_serve(const struct request *r, struct err *err)
{
    static struct project project; /* requests borrow from it */
    struct config config;
    struct server s = {.request = r, .listener = -1, .static_dir = -1};
    int status = project_read_all(r, &project, &config, err);
    if (status < 0) {
        err->exit = EXIT_USAGE;
    } else {
        s.n = config.n;
        s.functions = xcalloc(s.n, sizeof *s.functions);
        for (size_t i = 0; i < s.n; i++)
            s.functions[i] = (struct served){
                .server = &s,
                .request = config.at[i].request,
                .named = config.at[i].named,
                .url_listener = -1,
                .debug_listener = -1,
            };
        status = open_all(&s, &config, err) < 0 ? -1 : run(&s, err);
    }
    server_done(&s);
    config_done(&config);
    project_done(&project);
    return status;
}
