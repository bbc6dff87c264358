/* SPDX-License-Identifier: Apache-2.0 */
/* log.h: what an environment's programs print, and what the platform says of it, on its way to stderr: in order, whole, and
 * never dropped.
 *
 * One pipe takes the function's stdout and stderr, one those of extensions, one the framed messages of runtimes that know
 * of it. Nothing is read from them while stderr cannot take it: the writer then waits, as it would for any full pipe. A
 * terminal gets what base/term.h lets pass, with a newline for each carriage return alone; anything else the bytes as they are.
 * A log that is kept (struct log_kept) is the bytes as they are, and nobody has to read it. */
#ifndef LRUN_LOG_H
#define LRUN_LOG_H

#include "base/err.h"
#include "base/str.h"
#include "base/term.h"
#include "lambda/limits.h"

#include <event2/event.h>

enum log_source { LOG_FUNCTION, LOG_EXTENSION, LOG_FRAMES, LOG_SOURCES };
enum { LOG_LINE_MAX = 64 << 10 };

/* A whole line with its newline, if it has one; or one framed message. */
typedef void (*log_line_fn)(void *to, enum log_source source, const char *line, size_t n);

/* Where the log goes in place of standard error: the first max bytes of it, and how many came after those. */
struct log_kept {
    struct text text;
    size_t max, cut;
};

struct log;
struct log_pipe {
    struct log *log;
    enum log_source source;
    int read_end, write_end; /* the write end is for the sandbox; closed here once that holds it */
    struct event *readable, *writable;
    struct text line; /* begun, not ended */
};

struct log {
    struct log_pipe pipes[LOG_SOURCES];
    bool mid_line, to_terminal;
    struct term screen;    /* to_terminal */
    char prefix[400];      /* of each line, to tell environments apart; "": none, and bytes are passed on as they come */
    struct text tail;      /* the last LOG_TAIL bytes at least, since log_begin() */
    struct log_kept *kept; /* NULL: the log goes to standard error */
    log_line_fn on_line;   /* or NULL */
    void *to;
};

/* extensions: with the pipes for them and for frames. kept: borrowed, or NULL. */
int log_open(struct log *l, struct event_base *base, bool extensions, struct log_kept *kept, struct err *err);
void log_done(struct log *l);

/* The pipes alone, for another sandbox: what is kept of the log stays. */
int log_open_pipes(struct log *l, struct event_base *base, bool extensions, struct err *err);
void log_close_pipes(struct log *l);
void log_close_write_ends(struct log *l);

/* Writes out what has arrived by now, and lines that were not ended: those who go on printing do not keep the caller. */
void log_drain(struct log *l);

/* A line of the platform's, never in the middle of a line of the function's; log_drain() comes first where order matters.
 * shown: else it goes to the tail alone. */
void log_platform(struct log *l, const struct text *line, bool shown);

/* A line of lrun's own: like a platform line that is shown, and not part of the tail. */
void log_note(struct log *l, const struct text *line);

/* A new invocation: the tail begins. */
void log_begin(struct log *l);

/* Takes whole frames (4 bytes type, 4 length, 8 time, all big endian; then the message) from the start of bytes; what is no
 * frame is a message as it is. Returns how many bytes were taken. For tests and fuzzing. */
size_t log_frames(const char *bytes, size_t n, void (*on_message)(void *to, const char *message, size_t n), void *to);

#endif
