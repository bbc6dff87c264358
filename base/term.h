/* SPDX-License-Identifier: Apache-2.0 */
/* term.h: output of programs and packages, on its way to a terminal.
 *
 * A terminal acts on what it is sent: it writes to the clipboard, renames windows, answers as if keys were pressed, overwrites
 * what was there before. So everything that lrun sends to one passes this filter, which lets pass
 *   - printable ASCII, newline and tab; a carriage return before a newline is left out;
 *   - well-formed UTF-8, but for the characters below;
 *   - colours and styles: CSI, at most 60 of 0-9 ; : and m. Where NO_COLOR is set, or TERM is dumb, they are left out.
 * In a function's log a carriage return alone is shown as a newline: Lambda's runtime clients join the lines of one record by it,
 * since a newline would begin another record in CloudWatch.
 * A ? stands for each byte of everything else, and for each of these characters: U+0080-009F, which are control characters
 * (CSI, OSC, DCS among them); the ones that change the order in which text is shown, U+061C, U+200E-200F, U+202A-202E and
 * U+2066-206F; separators of lines that are no newline, U+2028 and U+2029; and what nobody sees and everybody copies, U+200B,
 * U+2060-2065, U+FEFF, U+FFF9-FFFB and tags, U+E0000-E007F. Letters of right-to-left scripts pass: they reorder adjacent text
 * as well, which is how they are written.
 * The beginning of a sequence is held back until the sequence is whole, so the pieces it comes in do not matter, and two
 * streams that write to one terminal cannot make a sequence together.
 *
 * Terminals are taken to be of UTF-8. Bytes to anything else are exact; what is made of lines there (a name in a list, an error)
 * has its own care for newlines. Not filtered: what `exec` hands over as it is, and a terminal that belongs to the program
 * inside (-t, --debug), which may have to draw on it. */
#ifndef LRUN_TERM_H
#define LRUN_TERM_H

#include "base/str.h"

#include <stdio.h>

enum { TERM_HELD = 64 };

struct term {                      /* of one stream; all zero: nothing seen yet */
    unsigned char held[TERM_HELD]; /* the beginning of a sequence */
    unsigned n;
    bool plain;    /* colours are left out */
    bool returns;  /* a carriage return alone is shown as a newline, not as a ? */
    bool coloured; /* the last sequence that passed was not the one that ends all colours */
};

/* One that heeds NO_COLOR and TERM. */
struct term term_new(void);

/* Whether lrun itself may use colours on this descriptor: it is a terminal, and neither NO_COLOR nor TERM speaks against it. */
bool term_colours(int fd);

/* Adds to out what may be shown of the next n bytes. */
void term_show(struct term *t, const void *bytes, size_t n, struct text *out);

/* The stream ended, or another writer follows: held-back bytes are shown as ?, colours end. */
void term_end(struct term *t, struct text *out);

/* Writes all n bytes: through a filter of their own if fd is a terminal, which the caller knows, else as they are. Returns -1 with
 * errno set. */
int term_write(int fd, bool terminal, const void *bytes, size_t n);

struct term_stream {
    struct term term;
    int fd; /* a terminal */
};

/* A stream that writes to it through its filter; s must live as long. It is flushed at each newline. NULL with errno set. */
FILE *term_stream(struct term_stream *s);

#endif
