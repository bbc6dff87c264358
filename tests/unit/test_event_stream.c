/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/event_stream.h"
#include "tests/tools/event_stream_decode.h"

#include <criterion/criterion.h>
#include <string.h>

static char *hex_of(const struct text *t)
{
    struct text out = {0};
    text_puts(&out, "");
    for (size_t i = 0; i < t->n; i++)
        text_printf(&out, "%02x", (unsigned char)t->at[i]);
    return out.at;
}

/* Vectors that AWS's JavaScript client was seen to decode. */
Test(event_stream, frames_are_those_clients_decode)
{
    struct text chunk = {0}, log = {0}, end = {0};
    event_stream_chunk("hello", 5, &chunk);
    event_stream_complete(NULL, NULL, "log", 3, &log);
    event_stream_complete(NULL, NULL, NULL, 0, &end);
    OWN_PTR char *a = hex_of(&chunk), *b = hex_of(&log), *c = hex_of(&end);
    cr_expect_str_eq(a, "0000006f0000005af5fe871f0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000c5061796c6f616443"
                        "68756e6b0d3a636f6e74656e742d74797065070018"
                        "6170706c69636174696f6e2f6f637465742d73747265616d68656c6c6f4fe061f2");
    cr_expect_str_eq(b, "0000007800000054c086e18a0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000e496e766f6b65436f"
                        "6d706c6574650d3a636f6e74656e742d74797065070010"
                        "6170706c69636174696f6e2f6a736f6e7b224c6f67526573756c74223a226247396e227d8ecdc304");
    cr_expect_str_eq(c, "00000066000000541f56c8690d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000e496e766f6b65436f"
                        "6d706c6574650d3a636f6e74656e742d74797065070010"
                        "6170706c69636174696f6e2f6a736f6e7b7dface259a");
    text_done(&chunk), text_done(&log), text_done(&end);
}

Test(event_stream, what_is_encoded_is_decoded_and_nothing_else)
{
    struct text frames = {0};
    char type[32];
    const unsigned char *payload;
    size_t size;
    event_stream_chunk("0123456789", 10, &frames);
    cr_assert_eq(event_stream_decode(frames.at, frames.n, type, sizeof type, &payload, &size), (long)frames.n);
    cr_expect_str_eq(type, "PayloadChunk");
    cr_expect(size == 10 && memcmp(payload, "0123456789", 10) == 0);
    for (size_t i = 0; i < frames.n; i++) {
        cr_expect_eq(event_stream_decode(frames.at, i, type, sizeof type, &payload, &size), 0, "cut at %zu", i);
        frames.at[i] ^= 1;
        cr_expect_eq(event_stream_decode(frames.at, frames.n, type, sizeof type, &payload, &size), -1, "bit of %zu", i);
        frames.at[i] ^= 1;
    }
    text_done(&frames);
}
