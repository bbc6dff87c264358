/* SPDX-License-Identifier: Apache-2.0 */
/* event_stream.c: writes frames of AWS's event stream: lengths, headers, payload, two CRC-32s, all numbers big-endian. Nothing here
 * reads frames (a decoder lives with the tests), and HTTP around them is launcher/serve's.
 *   total length | length of headers | CRC of these 8 bytes | headers | payload | CRC of all before it */
#include "lambda/event_stream.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/own.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

enum { PRELUDE = 12 /* two lengths and their checksum */, TRAILER = 4, TYPE_STRING = 7 };

static void put32(struct text *out, uint32_t n)
{
    const unsigned char b[] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n};
    text_add(out, b, sizeof b);
}

static uint32_t checksum(const void *bytes, size_t n)
{
    return (uint32_t)crc32(0, bytes, (uInt)n);
}

static void header(struct text *out, const char *name, const char *value)
{
    size_t n = strlen(value);
    const unsigned char length[] = {(unsigned char)strlen(name)}, type[] = {TYPE_STRING, (unsigned char)(n >> 8), (unsigned char)n};
    text_add(out, length, sizeof length);
    text_puts(out, name);
    text_add(out, type, sizeof type);
    text_add(out, value, n);
}

static void frame(const char *event, const char *content_type, const void *payload, size_t n, struct text *out)
{
    struct text headers = {0};
    size_t start = out->n;
    header(&headers, ":message-type", "event");
    header(&headers, ":event-type", event);
    header(&headers, ":content-type", content_type);
    put32(out, (uint32_t)(PRELUDE + headers.n + n + TRAILER));
    put32(out, (uint32_t)headers.n);
    put32(out, checksum(out->at + start, 8));
    text_add(out, headers.at, headers.n);
    text_add(out, payload, n);
    put32(out, checksum(out->at + start, out->n - start));
    text_done(&headers);
}

void event_stream_chunk(const void *bytes, size_t n, struct text *out)
{
    for (size_t at = 0; at < n; at += EVENT_STREAM_PAYLOAD_MAX)
        frame("PayloadChunk", "application/octet-stream", (const char *)bytes + at,
              n - at < EVENT_STREAM_PAYLOAD_MAX ? n - at : EVENT_STREAM_PAYLOAD_MAX, out);
}

void event_stream_complete(const char *code, const struct text *details, const char *log, size_t log_size, struct text *out)
{
    struct text body = {0}, encoded = {0};
    json_open(&body, '{');
    if (code)
        json_put(&body, "ErrorCode", code);
    if (details)
        json_put_n(&body, "ErrorDetails", details->at, details->n);
    if (log) {
        text_puts(&encoded, "");
        base64_encode(log, log_size, &encoded);
        json_put(&body, "LogResult", encoded.at);
    }
    json_close(&body, '}');
    frame("InvokeComplete", "application/json", body.at, body.n, out);
    text_done(&body);
    text_done(&encoded);
}
