/* SPDX-License-Identifier: Apache-2.0 */
/* What reaches a terminal: each sequence whole, and cut at every place. */
#include "base/term.h"

#include "base/own.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *in, *out;
} ROWS[] = {
    {"plain\n\ttab", "plain\n\ttab"},
    {"gr\303\274n \342\202\254 \360\237\230\200", "gr\303\274n \342\202\254 \360\237\230\200"},
    {"\033[1;31mred\033[0m", "\033[1;31mred\033[0m"},
    {"\033[38;2;255;255;255;48;2;255;255;255mx", "\033[38;2;255;255;255;48;2;255;255;255mx\033[0m"},
    {"\033[4:3mx\033[m", "\033[4:3mx\033[m"},
    {"one\r\ntwo", "one\ntwo"},
    {"10%\r20%", "10%?20%"},
    {"\r\r\n", "?\n"},
    {"\r", "?"},
    {"\033[2J", "?[2J"},
    {"\033[?25l", "?[?25l"},
    {"\033[31;x", "?[31;x"},
    {"\033[31\033[32mx\033[0m", "?[31\033[32mx\033[0m"},
    {"\033]0;title\a", "?]0;title?"},
    {"\033]52;c;QUFB\033\\", "?]52;c;QUFB?\\"},
    {"\033Pq\033\\", "?Pq?\\"},
    {"\033_G\033\\", "?_G?\\"},
    {"\033c", "?c"},
    {"\033\033[1mx\033[0m", "?\033[1mx\033[0m"},
    {"\033", "?"},
    {"\033[31", "????"},
    {"\033[\303\274m", "?[\303\274m"},
    {"\177\b\v\f\a", "?????"},
    {"\302\233"
     "31m",
     "?31m"}, /* CSI, of UTF-8 */
    {"\233"
     "31m",
     "?31m"}, /* of eight bits */
    {"\302\235"
     "52;c;QUFB\302\234",
     "?52;c;QUFB?"},
    {"\342\200\256evil", "?evil"}, /* U+202E, right to left from here */
    {"\342\201\246\342\201\251", "??"},
    {"\342\200\250", "?"},     /* a line's end that is no newline */
    {"\363\240\201\201", "?"}, /* U+E0041 */
    {"\342\200\214\342\200\215\357\270\217",
     "\342\200\214\342\200\215\357\270\217"},    /* joiners and variation selectors are part of scripts */
    {"\342\200\216\342\200\217\330\234", "???"}, /* marks turn round the digits beside them */
    {"\342\200\213\342\201\240\357\273\277\357\277\271", "????"},
    {"\300\233", "??"}, /* overlong */
    {"\340\202\233", "???"},
    {"\355\240\200", "???"},      /* a surrogate */
    {"\364\220\200\200", "????"}, /* beyond the last character */
    {"\303x", "?x"},
    {"\342\202", "??"},
    {"\360\237\033[0m", "??\033[0m"},
    {"\377\376", "??"},
};

static void show(struct term *t, const char *bytes, size_t n, struct text *out)
{
    term_show(t, bytes, n, out);
}

Test(term, each_sequence_whole_and_cut_at_every_place)
{
    for (size_t i = 0; i < COUNT(ROWS); i++)
        for (size_t cut = 0; cut <= strlen(ROWS[i].in); cut++) {
            struct term t = {0};
            struct text out = {0};
            show(&t, ROWS[i].in, cut, &out);
            show(&t, ROWS[i].in + cut, strlen(ROWS[i].in) - cut, &out);
            term_end(&t, &out);
            cr_expect_str_eq(out.at, ROWS[i].out, "row %zu cut at %zu: %s", i, cut, out.at);
            text_done(&out);
        }
}

Test(term, a_logs_carriage_returns_are_newlines)
{
    static const char *const LINES[][2] = {{"10%\r20%", "10%\n20%"},  {"one\r\ntwo\r\n", "one\ntwo\n"},
                                           {"\r\r\n", "\n\n"},        {"x\r", "x"},
                                           {"x\r\033[2J", "x\n?[2J"}, {"\033[31\r", "?[31"}};
    for (size_t i = 0; i < COUNT(LINES); i++)
        for (size_t cut = 0; cut <= strlen(LINES[i][0]); cut++) {
            struct term t = {.returns = true};
            struct text out = {0};
            show(&t, LINES[i][0], cut, &out);
            show(&t, LINES[i][0] + cut, strlen(LINES[i][0]) - cut, &out);
            term_end(&t, &out);
            cr_expect_str_eq(out.at, LINES[i][1], "row %zu cut at %zu: %s", i, cut, out.at);
            text_done(&out);
        }
}

Test(term, two_streams_make_no_sequence_together)
{
    static const char *const PAIRS[][2] = {{"\302", "\235"
                                                    "52;c;QUFB"},
                                           {"\033", "]52;c;QUFB\a"},
                                           {"\033", "[2J"},
                                           {"\342\200", "\256"}};
    for (size_t i = 0; i < COUNT(PAIRS); i++) {
        struct term a = {0}, b = {0};
        struct text out = {0};
        show(&a, PAIRS[i][0], strlen(PAIRS[i][0]), &out);
        show(&b, PAIRS[i][1], strlen(PAIRS[i][1]), &out);
        term_end(&a, &out);
        for (size_t k = 0; k < out.n; k++)
            cr_expect(out.at[k] >= 0x20 && out.at[k] < 0x7f, "pair %zu: %s", i, out.at);
        text_done(&out);
    }
}

Test(term, colours_end_with_their_stream_and_are_left_out_of_a_plain_one)
{
    struct term t = {0}, plain = {.plain = true};
    struct text out = {0};
    show(&t, "\033[31mred", 8, &out);
    term_end(&t, &out);
    term_end(&t, &out);
    cr_expect_str_eq(out.at, "\033[31mred\033[0m");
    out.n = 0;
    show(&plain, "\033[31mred\033[2J", 12, &out);
    term_end(&plain, &out);
    cr_expect_str_eq(out.at, "red?[2J");
    text_done(&out);
    setenv("NO_COLOR", "", 1);
    unsetenv("TERM");
    cr_expect(!term_new().plain); /* no-color.org: when it is not empty */
    setenv("NO_COLOR", "1", 1);
    cr_expect(term_new().plain);
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    cr_expect(term_new().plain);
}

/* What may come out, said apart from how it is done: printable ASCII, newline, tab, colours, and characters beyond U+009F whose
 * bytes are neither control characters of eight bits standing alone nor any of those that are hidden. */
static bool harmless(const unsigned char *c, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = c[i] < 0x80 ? 1 : c[i] < 0xc2 ? 0 : c[i] < 0xe0 ? 2 : c[i] < 0xf0 ? 3 : c[i] < 0xf5 ? 4 : 0;
        if (length == 0 || i + length > n)
            return false;
        for (size_t k = 1; k < length; k++)
            if (c[i + k] < 0x80 || c[i + k] > 0xbf)
                return false;
        if ((length == 2 && c[i] == 0xc2 && c[i + 1] < 0xa0) ||
            (length == 3 && c[i] == 0xe2 && c[i + 1] == 0x80 && c[i + 2] >= 0xa8 && c[i + 2] <= 0xae))
            return false;
        if (c[i] == 033) {
            size_t end = i + 2 + strspn((const char *)c + i + 2, "0123456789;:");
            if (c[i + 1] != '[' || c[end] != 'm')
                return false;
            length = end + 1 - i;
        } else if (length == 1 && (c[i] == 0x7f || (c[i] < 0x20 && c[i] != '\n' && c[i] != '\t'))) {
            return false;
        }
        i += length;
    }
    return true;
}

Test(term, whatever_bytes_come_in_whatever_pieces)
{
    static const unsigned char ALPHABET[] =
        "\033\033[[;01m]\r\n\t\a ab\302\302\233\235\200\256\342\200\303\274\355\240\360\237\364\177\377";
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        unsigned char bytes[48];
        size_t n = 1 + (size_t)rand_r(&seed) % sizeof bytes, cut = (size_t)rand_r(&seed) % (n + 1);
        for (size_t i = 0; i < n; i++)
            bytes[i] = round % 2 ? (unsigned char)rand_r(&seed) : ALPHABET[(size_t)rand_r(&seed) % (sizeof ALPHABET - 1)];
        struct term whole = {0}, pieces = {0};
        struct text a = {0}, b = {0};
        term_show(&whole, bytes, n, &a);
        term_show(&pieces, bytes, cut, &b);
        cr_assert(harmless((unsigned char *)b.at, b.n), "what has been sent so far is harmless by itself");
        term_show(&pieces, bytes + cut, n - cut, &b);
        term_end(&whole, &a);
        term_end(&pieces, &b);
        cr_assert(harmless((unsigned char *)a.at, a.n) && a.n == b.n && memcmp(a.at, b.at, a.n) == 0, "round %d", round);
        text_done(&a);
        text_done(&b);
    }
}

Test(term, what_is_no_terminal_gets_exact_bytes)
{
    static const char BYTES[] = "a\033[2J\r\0\xff\n";
    for (int terminal = 0; terminal < 2; terminal++) {
        int pipes[2];
        char got[64];
        cr_assert_eq(pipe(pipes), 0);
        cr_expect_eq(term_write(pipes[1], terminal, BYTES, sizeof BYTES - 1), 0);
        ssize_t n = read(pipes[0], got, sizeof got);
        cr_expect(terminal ? n > 0 && harmless((unsigned char *)got, (size_t)n)
                           : n == sizeof BYTES - 1 && memcmp(got, BYTES, (size_t)n) == 0);
        cr_expect_not(term_colours(pipes[1]));
        close(pipes[0]), close(pipes[1]);
        cr_expect_eq(term_write(pipes[1], terminal, BYTES, 1), -1);
    }
    cr_expect_not(term_colours(-1));
}
