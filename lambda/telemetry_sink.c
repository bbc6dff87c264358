/* SPDX-License-Identifier: Apache-2.0 */
/* telemetry_sink.c: one subscriber: events are gathered into batches and sent. Which events it gets is telemetry.c's. A batch is sent
 * when it has maxItems or maxBytes, or timeoutMs after its first event; one batch is on its way at a time. What cannot be delivered is
 * tried again after a pause, 100 ms doubled up to 5 s; meanwhile the buffer grows up to a bound, beyond which events are dropped and
 * counted, and the next delivery is followed by platform.logsDropped. While the environment is frozen (paused) nothing is sent, since
 * nobody inside could answer. */
#include "lambda/telemetry_sink.h"

#include "base/clock.h"
#include "base/own.h"
#include "lambda/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
    BUFFERS_MAX = 4 /* times maxBytes */,
    BUFFER_MAX =
        (1 << 20) + (256 << 10) /* at most: a frame of the log has to fit; twice that, with the batch, for each of ten subscribers */,
    RETRY_MS = 100,
    RETRY_MAX_MS = 5000,
    SEND_TIMEOUT_S = 10
};

struct telemetry_sink {
    struct event_base *base;
    struct subscription_request want;
    char subscriber[UUID_SIZE];
    void (*ask)(void *to, void *sink);
    void *to;
    struct event *timer;
    struct text buffer; /* events, each followed by a newline */
    size_t items;
    struct text batch; /* being sent, in the form of its protocol */
    size_t batch_items;
    struct http_client *http;
    int tcp;                /* connected, for DESTINATION_TCP; or -1 */
    struct event *writable; /* of tcp */
    size_t written;
    bool asked, paused, due /* the buffer is to be sent without waiting for more */;
    unsigned retry_ms;
    uint64_t dropped_records, dropped_bytes;
};

static void work(struct telemetry_sink *s);

static void arm(struct telemetry_sink *s, uint64_t ms)
{
    struct timeval after = clock_timeval((double)ms);
    event_add(s->timer, &after);
}

static void disconnect(struct telemetry_sink *s)
{
    http_client_done(s->http);
    s->http = NULL;
    if (s->writable)
        event_free(s->writable);
    s->writable = NULL;
    own_close(&s->tcp);
}

static void failed(struct telemetry_sink *s)
{
    disconnect(s);
    s->retry_ms = s->retry_ms ? s->retry_ms * 2 : RETRY_MS;
    if (s->retry_ms > RETRY_MAX_MS)
        s->retry_ms = RETRY_MAX_MS;
    arm(s, s->retry_ms);
}

static void delivered(struct telemetry_sink *s)
{
    text_done(&s->batch);
    s->batch_items = 0;
    s->retry_ms = 0;
    if (s->dropped_records) {
        struct text event = {0};
        event_json(&(struct event){.type = EVENT_LOGS_DROPPED,
                                   .time_ms = clock_epoch_ms(),
                                   .dropped_records = s->dropped_records,
                                   .dropped_bytes = s->dropped_bytes,
                                   .reason = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."},
                   s->want.form, &event);
        s->dropped_records = s->dropped_bytes = 0;
        telemetry_sink_add(s, event.at, event.n);
        text_done(&event);
    }
    work(s);
}

/* ---- sending ---- */

static void on_reply(void *to, int status)
{
    struct telemetry_sink *s = to;
    bool kept = status > 0;
    if (status < 0)
        status = -status;
    if (!kept)
        disconnect(s);
    if (!s->batch.n)
        return;
    if (status >= 200 && status < 300)
        delivered(s);
    else
        failed(s);
}

static void on_writable(evutil_socket_t fd, short what, void *to)
{
    struct telemetry_sink *s = to;
    (void)what;
    while (s->written < s->batch.n) {
        ssize_t n = send(fd, s->batch.at + s->written, s->batch.n - s->written, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == EINPROGRESS)) {
            event_add(s->writable, NULL);
            return;
        }
        if (n < 0) {
            failed(s);
            return;
        }
        s->written += (size_t)n;
    }
    if (s->batch.n)
        delivered(s);
}

/* An array for HTTP; lines for TCP, which is how they lie in the buffer. */
static void make_batch(struct telemetry_sink *s)
{
    if (s->want.protocol == DESTINATION_TCP) {
        s->batch = s->buffer;
        s->buffer = (struct text){0};
    } else {
        text_puts(&s->batch, "[");
        text_add(&s->batch, s->buffer.at, s->buffer.n - 1);
        for (size_t i = 1; i < s->batch.n; i++)
            if (s->batch.at[i] == '\n') /* between events: JSON has none within */
                s->batch.at[i] = ',';
        text_puts(&s->batch, "]");
        s->buffer.n = 0;
    }
    s->batch_items = s->items;
    s->items = 0;
    s->due = false;
}

static void send_batch(struct telemetry_sink *s)
{
    s->written = 0;
    if (s->want.protocol == DESTINATION_TCP)
        event_add(s->writable, NULL);
    else
        http_client_send(s->http, s->want.put ? "PUT" : "POST", s->want.host, s->want.path, "application/json", s->batch.at, s->batch.n);
}

/* Does what can be done now: makes a batch if one is due, connects, sends. */
static void work(struct telemetry_sink *s)
{
    if (s->paused || s->asked)
        return;
    bool full = s->items >= s->want.max_items || s->buffer.n >= s->want.max_bytes;
    if (s->batch.n)
        return;
    if (!s->items || !(s->due || full)) {
        if (s->items && !event_pending(s->timer, EV_TIMEOUT, NULL))
            arm(s, s->want.timeout_ms);
        return;
    }
    make_batch(s);
    event_del(s->timer);
    if (s->http || s->tcp >= 0) {
        send_batch(s);
    } else {
        s->asked = true;
        s->ask(s->to, s);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *to)
{
    struct telemetry_sink *s = to;
    (void)fd, (void)what;
    if (s->batch.n && !s->asked && !s->paused) { /* once more */
        s->asked = true;
        s->ask(s->to, s);
        return;
    }
    s->due = true;
    work(s);
}

void telemetry_sink_socket(struct telemetry_sink *s, int fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(s->want.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->asked = false;
    if (fd < 0 || (connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS)) {
        own_close(&fd);
        failed(s);
        return;
    }
    if (s->want.protocol == DESTINATION_TCP) {
        s->tcp = fd;
        s->writable = event_new(s->base, fd, EV_WRITE, on_writable, s);
    } else {
        s->http = http_client_new(s->base, fd, SEND_TIMEOUT_S, on_reply, s);
    }
    if (s->batch.n)
        send_batch(s);
}

/* ---- the interface ---- */

struct telemetry_sink *telemetry_sink_new(struct event_base *base, const struct subscription_request *want, const char *subscriber,
                                          void (*ask)(void *to, void *sink), void *to)
{
    struct telemetry_sink *s = xcalloc(1, sizeof *s);
    *s = (struct telemetry_sink){
        .base = base,
        .want = *want,
        .ask = ask,
        .to = to,
        .tcp = -1,
    };
    snprintf(s->subscriber, sizeof s->subscriber, "%s", subscriber);
    s->timer = evtimer_new(base, on_timer, s);
    return s;
}

void telemetry_sink_done(struct telemetry_sink *s)
{
    disconnect(s);
    event_free(s->timer);
    text_done(&s->buffer);
    text_done(&s->batch);
    free(s);
}

const struct subscription_request *telemetry_sink_request(const struct telemetry_sink *s)
{
    return &s->want;
}

const char *telemetry_sink_subscriber(const struct telemetry_sink *s)
{
    return s->subscriber;
}

void telemetry_sink_add(struct telemetry_sink *s, const char *event, size_t n)
{
    size_t most = BUFFERS_MAX * s->want.max_bytes < BUFFER_MAX ? BUFFERS_MAX * s->want.max_bytes : BUFFER_MAX;
    if (s->buffer.n + n > most) {
        s->dropped_records++;
        s->dropped_bytes += n;
        return;
    }
    text_add(&s->buffer, event, n);
    text_puts(&s->buffer, "\n");
    s->items++;
    work(s);
}

void telemetry_sink_flush(struct telemetry_sink *s)
{
    s->due = s->items > 0;
    work(s);
}

void telemetry_sink_pause(struct telemetry_sink *s, bool paused)
{
    s->paused = paused;
    if (!paused && s->batch.n && !s->http && s->tcp < 0 && !s->asked && !event_pending(s->timer, EV_TIMEOUT, NULL))
        arm(s, 0);
    if (!paused)
        work(s);
}
