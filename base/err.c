/* SPDX-License-Identifier: Apache-2.0 */
/* err.c: how an error is filled, and how it becomes one line of text. Who prints one is listed in err.h; what a reader can do about a
 * failed step of the sandbox is decided in launcher/sandbox/hints.c. fail() clears all of the err first, so that a hint belongs to the
 * error it was added to and to no earlier one. */
#include "base/err.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct err *err, int no, const char *path, const char *what, ...)
{
    va_list ap;
    memset(err, 0, sizeof *err);
    err->no = no;
    va_start(ap, what);
    vsnprintf(err->what, sizeof err->what, what, ap);
    va_end(ap);
    if (path)
        snprintf(err->path, sizeof err->path, "%s", path);
    return -1;
}

int fail_usage(struct err *err, const char *sentence, ...)
{
    va_list ap;
    memset(err, 0, sizeof *err);
    err->usage = true;
    va_start(ap, sentence);
    vsnprintf(err->sentence, sizeof err->sentence, sentence, ap);
    va_end(ap);
    return -1;
}

int fail_hint(struct err *err, const char *hint, ...)
{
    va_list ap;
    va_start(ap, hint);
    vsnprintf(err->hint, sizeof err->hint, hint, ap);
    va_end(ap);
    return -1;
}

const char *err_what(const struct err *err)
{
    return err->usage ? err->sentence : err->what;
}

const char *err_object(const struct err *err)
{
    return err->usage || !err->path[0] ? NULL : err->path;
}

void err_text(const struct err *err, char *text, unsigned long size)
{
    int n = err->usage ? snprintf(text, size, "%s", err->sentence) : snprintf(text, size, "cannot %s", err->what);
    if (!err->usage && err->path[0] && n >= 0 && (unsigned long)n < size)
        n += snprintf(text + n, size - (unsigned long)n, " '%s'", err->path);
    if (err->no && n >= 0 && (unsigned long)n < size)
        n += snprintf(text + n, size - (unsigned long)n, ": %s", strerror(err->no));
    if (err->hint[0] && n >= 0 && (unsigned long)n < size)
        snprintf(text + n, size - (unsigned long)n, "; %s", err->hint);
    /* A file name may hold a newline that would forge a second message. */
    str_line(text);
}

void err_say(const struct err *err, const char *before, ...)
{
    char who[256], text[ERR_TEXT_SIZE];
    va_list ap;
    va_start(ap, before);
    vsnprintf(who, sizeof who, before, ap);
    va_end(ap);
    err_text(err, text, sizeof text);
    fprintf(stderr, "%s: %s\n", who, text); /* one write, so that no other line comes into it */
}
