/* SPDX-License-Identifier: Apache-2.0 */
/* event_stream.h: application/vnd.amazon.eventstream, the framing of InvokeWithResponseStream. Source: lambda-apis, section
 * 4.6. The only includer of zlib, for its CRC-32. */
#ifndef LRUN_EVENT_STREAM_H
#define LRUN_EVENT_STREAM_H

#include "base/str.h"

enum { EVENT_STREAM_PAYLOAD_MAX = 1 << 20 }; /* our choice of how much one PayloadChunk holds */

/* One or more PayloadChunks. */
void event_stream_chunk(const void *bytes, size_t n, struct text *out);

/* The last frame. code and details: NULL on success; log: NULL unless it was asked for. */
void event_stream_complete(const char *code, const struct text *details, const char *log, size_t log_size, struct text *out);

#endif
