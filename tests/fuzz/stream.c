/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c: the event stream's encoder against its decoder, and the decoder against anything. */
#include "lambda/event_stream.h"
#include "tests/tools/event_stream_decode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All frames of out, their payloads put together. Returns how many there are. */
static unsigned read_back(const struct text *out, const char *wanted, struct text *ret)
{
    unsigned n = 0;
    for (size_t at = 0; at < out->n; n++) {
        char type[32];
        const unsigned char *payload;
        size_t length;
        long frame = event_stream_decode(out->at + at, out->n - at, type, sizeof type, &payload, &length);
        if (frame <= 0 || strcmp(type, wanted) != 0)
            abort();
        text_add(ret, payload, length);
        at += (size_t)frame;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text out = {0}, back = {0};
    char type[32];
    const unsigned char *payload;
    size_t length;
    event_stream_decode(data, size, type, sizeof type, &payload, &length);
    event_stream_chunk(data, size, &out);
    if (size && (read_back(&out, "PayloadChunk", &back) == 0 || back.n != size || memcmp(back.at, data, size) != 0))
        abort();
    for (size_t cut = 0; size && cut < out.n && cut < 40; cut++) /* an incomplete frame is no frame yet */
        if (event_stream_decode(out.at, cut, type, sizeof type, &payload, &length) > 0)
            abort();
    if (size > 1 && out.n) { /* one flipped bit is seen */
        out.at[data[0] % out.n] ^= (char)(1 << (data[1] & 7));
        if (event_stream_decode(out.at, out.n, type, sizeof type, &payload, &length) > 0)
            abort();
    }
    out.n = back.n = 0;
    struct text word = {0};
    text_add(&word, data, size);
    event_stream_complete(size & 1 ? word.at : NULL, size & 1 ? &word : NULL, size & 2 ? (const char *)data : NULL, size, &out);
    if (read_back(&out, "InvokeComplete", &back) != 1)
        abort();
    text_done(&word);
    text_done(&out);
    text_done(&back);
    return 0;
}
