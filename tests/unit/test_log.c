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

#define HEAD(length) "\xa5\x5a\x00\x03" length "\0\0\0\0\0\0\0\0"

/* What programs write there is theirs to choose. */
Test(log, whatever_bytes_come_are_messages_and_none_is_lost)
{
    static const struct {
        const char *bytes;
        size_t n, used;
        const char *all;
    } ROWS[] = {
        {"", 0, 0, ""},
        {"a", 1, 1, "a|"},
        {"\xa5", 1, 0, ""},
        {"ab\xa5", 3, 2, "ab|"},
        {"\xa5z", 2, 2, "\xa5z|"},
        {HEAD("\0\0\0\0"), 16, 16, "|"},
        {HEAD("\0\0\0\1") "x" HEAD("\0\0\0\1") "y", 34, 34, "x|y|"},
        {"a" HEAD("\0\0\0\1") "x", 18, 18, "a|x|"},
        {HEAD("\0\0\0\2") "x", 17, 0, ""},
        {HEAD("\0\x10\0\0") "x", 17, 0, ""},                        /* 1 MB is still to come */
        {HEAD("\0\x10\0\1") "x", 17, 17, HEAD("\0\x10\0\1") "|x|"}, /* more than any has */
        {HEAD("\xff\xff\xff\xff") "x", 17, 17, HEAD("\xff\xff\xff\xff") "|x|"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct messages m = {{0}, 0};
        text_puts(&m.all, "");
        cr_expect_eq(log_frames(ROWS[i].bytes, ROWS[i].n, take_message, &m), ROWS[i].used, "%zu", i);
        cr_expect(memcmp(m.all.at, ROWS[i].all, m.all.n) == 0, "%zu", i);
        text_done(&m.all);
    }
}
