/* SPDX-License-Identifier: Apache-2.0 */
/* telemetry_sink.h: one subscriber: events are buffered as it asked for, and sent to its listener. For telemetry.c only. */
#ifndef LRUN_TELEMETRY_SINK_H
#define LRUN_TELEMETRY_SINK_H

#include "lambda/telemetry.h"

struct telemetry_sink;
/* subscriber: the extension's identifier. ask: for a socket of the sandbox's network. */
struct telemetry_sink *telemetry_sink_new(struct event_base *base, const struct subscription_request *want, const char *subscriber,
                                          void (*ask)(void *to, void *sink), void *to);
void telemetry_sink_done(struct telemetry_sink *s);
const struct subscription_request *telemetry_sink_request(const struct telemetry_sink *s);
const char *telemetry_sink_subscriber(const struct telemetry_sink *s);

/* One event, as JSON. Dropped, and counted, when the listener has fallen too far behind. */
void telemetry_sink_add(struct telemetry_sink *s, const char *event, size_t n);
void telemetry_sink_socket(struct telemetry_sink *s, int fd); /* asked for with ask; taken; -1: none could be made */
void telemetry_sink_flush(struct telemetry_sink *s);
void telemetry_sink_pause(struct telemetry_sink *s, bool paused);

#endif
