/* SPDX-License-Identifier: Apache-2.0 */
/* frames.c: any bytes as framed log messages, whole and in two pieces: no byte of a message is lost, and the cut does not
 * matter. The same bytes for a terminal, in two pieces, hold nothing that it would act on. */
#include "launcher/environment/log.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(void *to, const char *message, size_t n)
{
    text_add(to, message, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct text whole = {0}, pieces = {0}, rest = {0}, harmless = {0};
    size_t used = log_frames(bytes, size, add, &whole);
    if (used > size)
        abort();
    size_t cut = size ? data[0] % size : 0, first = log_frames(bytes, cut, add, &pieces);
    if (first > cut)
        abort();
    text_add(&rest, bytes + first, size - first);
    size_t second = log_frames(rest.n ? rest.at : "", rest.n, add, &pieces);
    if (first + second != used || pieces.n != whole.n || (whole.n && memcmp(pieces.at, whole.at, whole.n) != 0))
        abort();
    struct term t = {0};
    term_show(&t, bytes, cut, &harmless);
    term_show(&t, bytes + cut, size - cut, &harmless);
    term_end(&t, &harmless);
    for (size_t i = 0; i < harmless.n; i++) {
        unsigned char c = (unsigned char)harmless.at[i], before = i ? (unsigned char)harmless.at[i - 1] : 0;
        if (c == 033 ? i + 1 == harmless.n || harmless.at[i + 1] != '[' : (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            abort();
        if (c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2))
            abort();
    }
    text_done(&whole);
    text_done(&pieces);
    text_done(&rest);
    text_done(&harmless);
    return 0;
}
