/* SPDX-License-Identifier: Apache-2.0 */
/* lines.c: a reader of lines in bounded memory. A line that is longer than a line may be is passed over, and hashed meanwhile, so that it
 * has a result of its own as any other that is refused. The buffer is moved down before a read, never per
 * line, and what was searched for a newline once is not searched again: long lines that come in small pieces cost no more. */
#include "launcher/batch/lines.h"

#include "base/own.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 65536 };

static bool is_blank(const char *at, size_t n)
{
    return strspn(at, " \t\r") >= n; /* it ends with a newline or a 0 */
}

/* The line from at to end, which has no newline in it. False: it is blank. */
static bool give(struct lines *l, size_t end, struct line *ret)
{
    const char *at = l->buffer.at + l->at;
    const size_t n = end - l->at;
    const bool too_long = l->skips || n > l->most;
    l->number++;
    l->at = l->looked = end;
    *ret = (struct line){.at = at, .n = n, .too_long = too_long};
    if (!too_long)
        return !is_blank(at, n);
    if (!l->skips)
        sha256_begin(&l->skipped);
    sha256_add(&l->skipped, at, n);
    sha256_end(&l->skipped, ret->sha256);
    l->skips = false;
    return true;
}

/* Its first part goes, but for what it hashes to. */
static void skip(struct lines *l)
{
    if (!l->skips)
        sha256_begin(&l->skipped);
    l->skips = true;
    sha256_add(&l->skipped, l->buffer.at + l->at, l->buffer.n - l->at);
    l->at = l->looked = l->buffer.n;
}

enum lines_got lines_next(struct lines *l, struct line *ret)
{
    for (;;) {
        const char *end = l->looked < l->buffer.n ? memchr(l->buffer.at + l->looked, '\n', l->buffer.n - l->looked) : NULL;
        if (end) {
            bool given = give(l, (size_t)(end - l->buffer.at), ret);
            l->looked = ++l->at;
            if (given)
                return LINES_LINE;
            continue;
        }
        l->looked = l->buffer.n;
        if (l->ended)
            return (l->at < l->buffer.n || l->skips) && give(l, l->buffer.n, ret) ? LINES_LINE : LINES_END;
        if (l->buffer.n - l->at > l->most || l->skips)
            skip(l);
        return LINES_WAIT;
    }
}

int lines_fill(struct lines *l, struct err *err)
{
    if (l->at) {
        memmove(l->buffer.at, l->buffer.at + l->at, l->buffer.n - l->at);
        l->buffer.n -= l->at;
        l->looked -= l->at;
        l->at = 0;
        l->buffer.at[l->buffer.n] = 0;
    }
    text_room(&l->buffer, READ_SIZE);
    ssize_t n;
    while ((n = read(l->fd, l->buffer.at + l->buffer.n, READ_SIZE)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        return errno == EAGAIN ? 0 : fail(err, errno, l->name, "read the list of jobs");
    l->buffer.n += (size_t)n;
    l->buffer.at[l->buffer.n] = 0;
    l->ended = n == 0;
    return 0;
}

void lines_done(struct lines *l)
{
    text_done(&l->buffer);
}
