/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/log.h"

#include <criterion/criterion.h>
#include <string.h>

struct messages {
    struct text all;
    unsigned n;
};

static void take_message(void *to, const char *message, size_t n)
{
    struct messages *m = to;
    m->n++;
    text_add(&m->all, message, n);
    text_puts(&m->all, "|");
}

Test(log, frames_are_messages_and_the_rest_is_passed_on)
{
    static const char FRAME[] = "\xa5\x5a\x00\x03\x00\x00\x00\x05\0\0\0\0\0\0\0\0he\nlo";
    enum { WHOLE = sizeof FRAME - 1 };
    static const char TEXT[] = "plain\n";
    struct messages m = {{0}, 0};
    cr_expect_eq(log_frames(FRAME, WHOLE, take_message, &m), WHOLE);
    cr_expect(m.n == 1 && strcmp(m.all.at, "he\nlo|") == 0);
    for (size_t i = 1; i < WHOLE; i++)
        cr_expect_eq(log_frames(FRAME, i, take_message, &m), 0, "%zu bytes of a frame", i);
    cr_expect_eq(log_frames(TEXT, sizeof TEXT - 1, take_message, &m), sizeof TEXT - 1);
    cr_expect(m.n == 2 && strcmp(m.all.at, "he\nlo|plain\n|") == 0);
    text_done(&m.all);
}
