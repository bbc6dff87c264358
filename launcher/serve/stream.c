/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c: the pace of a streamed response. What is sent is serve_invoke.c's or serve_url.c's; the connections are
 * lambda/http_server.c's. Backpressure is by not reading: http_pause() leaves the runtime's bytes in its socket until its own write
 * blocks, so lrun holds at most UNSENT_MAX of a response, whoever is slow. When the client is gone the runtime is read on without a
 * brake, since its invocation goes on. */
#include "launcher/serve/stream.h"

#include "lambda/limits.h"

enum { UNSENT_MAX = 1 << 20, FREE_BYTES = STREAM_FREE_MB << 20, RATE = STREAM_MB_A_SECOND << 20 /* a second */, REFILL_US = 125000 };

static void apply(struct stream *s)
{
    if (s->from)
        http_pause(s->from, s->full || s->spent);
}

static void on_refill(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct stream *s = to;
    s->tokens += (double)RATE * REFILL_US / 1e6;
    if (s->tokens > RATE)
        s->tokens = RATE;
    s->spent = s->tokens <= 0;
    apply(s);
}

void stream_begin(struct stream *s, struct event_base *base, struct http_request *to, struct http_request *from, bool shaped)
{
    stream_done(s);
    *s = (struct stream){.to = to, .from = from, .shaped = shaped};
    if (from)
        from->holder = &s->from; /* a runtime that is being ended may close it long before the invocation is over */
    if (!shaped)
        return;
    s->refill = event_new(base, -1, EV_PERSIST, on_refill, s);
    event_add(s->refill, &(struct timeval){.tv_usec = REFILL_US});
}

void stream_wrote(struct stream *s, size_t n)
{
    s->sent += n;
    s->full = s->to && http_unsent(s->to) > UNSENT_MAX;
    if (s->shaped && s->sent > FREE_BYTES) {
        s->tokens -= (double)n;
        s->spent = s->tokens <= 0;
    }
    if (s->full || s->spent)
        apply(s);
}

void stream_drained(struct stream *s)
{
    s->full = false;
    apply(s);
}

void stream_client_gone(struct stream *s)
{
    s->to = NULL;
    s->full = s->spent = s->shaped = false;
    apply(s);
}

void stream_done(struct stream *s)
{
    if (s->from)
        s->from->holder = NULL;
    s->from = NULL;
    if (s->refill)
        event_free(s->refill);
    s->refill = NULL;
}
