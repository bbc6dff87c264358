/* SPDX-License-Identifier: Apache-2.0 */
/* term.c: the filter that term.h describes, byte by byte. What a sequence may be is known as soon as its last byte is there, so the
 * state is the bytes themselves, at most TERM_HELD of them, and the judgement is a pure function of those: it does not matter how they
 * were cut. A sequence that turns out to be none is BROKEN: its first byte becomes "?", the rest is judged anew, for it may begin one.
 * Bytes for anything but a terminal do not come here. */
#include "base/term.h"

#include "base/fs.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ESC = 033, DEL = 0177 };

enum verdict {
    PASSES,  /* as it is */
    COLOUR,  /* passes unless the terminal is plain */
    NEWLINE, /* CR LF */
    REFUSED, /* one ? for all of it */
    BROKEN,  /* ? for its first byte; the rest is looked at anew */
    OPEN,    /* more has to come */
};

static enum verdict judge_character(const unsigned char *c, unsigned n)
{
    int length = utf8_length(c, n);
    if (length <= 0)
        return length == UTF8_OPEN ? OPEN : BROKEN;
    return utf8_is_hidden(utf8_code(c, length)) ? REFUSED : PASSES;
}

static enum verdict judge_escape(const unsigned char *c, unsigned n)
{
    unsigned char last = c[n - 1];
    if (n == 1)
        return OPEN;
    if (n == 2)
        return last == '[' ? OPEN : BROKEN;
    if (last == 'm')
        return COLOUR;
    return n < TERM_HELD - 1 && ((last >= '0' && last <= '9') || last == ';' || last == ':') ? OPEN : BROKEN;
}

/* Of the n bytes that are held; it was OPEN without the last. */
static enum verdict judge(const unsigned char *c, unsigned n)
{
    if (c[0] >= 0x80)
        return judge_character(c, n);
    if (c[0] == ESC)
        return judge_escape(c, n);
    if (c[0] == '\r')
        return n == 1 ? OPEN : c[1] == '\n' ? NEWLINE : BROKEN;
    return c[0] == '\n' || c[0] == '\t' || (c[0] >= 0x20 && c[0] != DEL) ? PASSES : REFUSED;
}

static bool ends_colours(const unsigned char *c, unsigned n)
{
    return n == 3 || (n == 4 && c[2] == '0');
}

static void take(struct term *t, unsigned char c, struct text *out)
{
    unsigned char rest[TERM_HELD];
    t->held[t->n++] = c;
    enum verdict v = judge(t->held, t->n);
    unsigned n = t->n;
    if (v == OPEN)
        return;
    t->n = 0;
    memcpy(rest, t->held, n);
    if (v == COLOUR && !t->plain)
        t->coloured = !ends_colours(rest, n);
    if (v == PASSES || (v == COLOUR && !t->plain))
        text_add(out, rest, n);
    else if (v != COLOUR)
        text_puts(out, v == NEWLINE || (rest[0] == '\r' && t->returns) ? "\n" : "?");
    for (unsigned i = 1; v == BROKEN && i < n; i++)
        take(t, rest[i], out);
}

void term_show(struct term *t, const void *bytes, size_t n, struct text *out)
{
    const unsigned char *c = bytes;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; !t->n && end < n && c[end] >= 0x20 && c[end] < DEL;) /* most text */
            end++;
        text_add(out, c + i, end - i);
        if (end == i)
            take(t, c[end++], out);
    }
}

void term_end(struct term *t, struct text *out)
{
    bool ended = t->returns && t->n && t->held[0] == '\r'; /* the next writer begins a new line */
    for (unsigned i = 0; i < t->n && !ended; i++)          /* a colour's digits among them: what began it is not shown, so nor are they */
        text_puts(out, "?");
    if (t->coloured)
        text_puts(out, "\033[0m");
    t->n = 0;
    t->coloured = false;
}

static bool plain(void)
{
    const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");
    return (none && *none) || (kind && strcmp(kind, "dumb") == 0);
}

struct term term_new(void)
{
    return (struct term){.plain = plain()};
}

bool term_colours(int fd)
{
    return isatty(fd) && !plain();
}

int term_write(int fd, bool terminal, const void *bytes, size_t n)
{
    if (!terminal)
        return fs_write_all(fd, bytes, n);
    struct term t = term_new();
    struct text out = {0};
    term_show(&t, bytes, n, &out);
    term_end(&t, &out);
    int status = fs_write_all(fd, out.at, out.n);
    text_done(&out);
    return status;
}

static ssize_t on_write(void *cookie, const char *bytes, size_t n)
{
    struct term_stream *s = cookie;
    struct text out = {0};
    term_show(&s->term, bytes, n, &out);
    int status = fs_write_all(s->fd, out.at, out.n);
    text_done(&out);
    return status < 0 ? 0 : (ssize_t)n; /* 0: an error, as fopencookie has it */
}

FILE *term_stream(struct term_stream *s)
{
    FILE *f = fopencookie(s, "w", (cookie_io_functions_t){.write = on_write});
    if (f)
        setvbuf(f, NULL, _IOLBF, BUFSIZ);
    return f;
}
