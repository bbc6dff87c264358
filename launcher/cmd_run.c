/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c: invoke the function: the response on stdout, the log on stderr. Several events are invocations of one
 * warm environment. */
#include "base/fs.h"
#include "base/json.h"
#include "base/own.h"
#include "launcher/commands.h"
#include "launcher/function.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

struct run {
    struct launch *launch;
    struct event_base *base;
    struct function *function;
    struct event *pause, *interrupts[2];
    size_t next;     /* event to send */
    bool any_error;
    int interrupted; /* signal, or 0 */
    int status;
    struct err err;
};

/* A single response is byte-exact, with a newline on a terminal only; several are one compact JSON line each. */
static int print_response(struct run *x, const struct text *payload)
{
    struct text out = {0};
    if (x->launch->inputs.event_count > 1) {
        json_compact(payload->at ? payload->at : "", payload->n, &out);
        text_puts(&out, "\n");
    } else {
        text_add(&out, payload->at, payload->n);
        if (isatty(STDOUT_FILENO) && payload->n && payload->at[payload->n - 1] != '\n')
            text_puts(&out, "\n");
    }
    int status = fs_write_all(STDOUT_FILENO, out.at, out.n) < 0 ? fail(&x->err, errno, "standard output", "write the response to") : 0;
    text_done(&out);
    return status;
}

static void on_pause(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct run *x = to;
    function_invoke(x->function, &x->launch->inputs.events[x->next++]);
}

static void on_result(void *to, const struct function_result *result)
{
    struct run *x = to;
    x->any_error = x->any_error || result->status != STATUS_SUCCESS;
    if (!x->interrupted && print_response(x, result->payload) < 0)
        x->status = -1;
    if (x->interrupted || x->status < 0 || x->next >= x->launch->inputs.event_count) {
        event_base_loopbreak(x->base);
        return;
    }
    uint64_t ms = x->launch->request->pause.value;
    event_add(x->pause, &(struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)});
}

static void on_interrupt(evutil_socket_t number, short what, void *to)
{
    (void)what;
    struct run *x = to;
    bool again = x->interrupted != 0; /* a second one does not wait */
    x->interrupted = (int)number;
    if (again || !function_interrupt(x->function))
        event_base_loopbreak(x->base);
}

/* --net host: the sandbox has no network of its own to listen in, so lrun does, on a free port. */
static int listen_on_host(int *ret, char *address, size_t size, struct err *err)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof a;
    OWN_FD int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 128) < 0 || getsockname(s, (struct sockaddr *)&a, &length) < 0)
        return fail(err, errno, "127.0.0.1", "listen for the Runtime API at");
    snprintf(address, size, "127.0.0.1:%u", ntohs(a.sin_port));
    *ret = take_fd(&s);
    return 0;
}

static int run_events(struct run *x, struct err *err)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM};
    x->base = event_base_new();
    if (!x->base)
        return fail(err, errno, NULL, "make an event loop");
    x->pause = evtimer_new(x->base, on_pause, x);
    for (size_t i = 0; i < COUNT(SIGNALS); i++) {
        x->interrupts[i] = evsignal_new(x->base, SIGNALS[i], on_interrupt, x);
        event_add(x->interrupts[i], NULL);
    }
    int status = function_start(x->launch, x->base, on_result, x, &x->function, err);
    if (status == 0) {
        function_invoke(x->function, &x->launch->inputs.events[x->next++]);
        event_base_dispatch(x->base);
        if (function_failed(x->function, err))
            status = -1;
    }
    function_done(x->function);
    event_free(x->pause);
    for (size_t i = 0; i < COUNT(SIGNALS); i++)
        event_free(x->interrupts[i]);
    event_base_free(x->base);
    return status;
}

int cmd_run(const struct request *r, struct err *err)
{
    static struct launch l; /* large; one per process */
    struct run x = {.launch = &l};
    char address[32] = API_ADDRESS ":9001";
    OWN_FD int listener = -1;
    if (strcmp(r->net, "host") == 0 && listen_on_host(&listener, address, sizeof address, err) < 0)
        return -1;
    int status = launch_prepare(r, address, &l, err);
    l.inputs.listener = take_fd(&listener);
    if (status == 0)
        status = run_events(&x, err);
    if (status == 0 && x.status < 0) {
        *err = x.err;
        status = -1;
    }
    if (status == 0 && x.interrupted) {
        l.report.reason = BECAUSE_INTERRUPTED;
        l.report.signal = x.interrupted;
        status = 128 + x.interrupted;
    } else if (status == 0) {
        status = x.any_error ? EXIT_FUNCTION_ERROR : 0;
    }
    return launch_finish(&l, "run", status, err);
}
