/* SPDX-License-Identifier: Apache-2.0 */
/* str.c: growing text, lists of strings, and allocation that cannot fail. UTF-8 is utf8.h, escapes for a terminal are term.c. Out of
 * memory is not an error that is handed up: its handler would have to allocate. It ends the process with lrun's own status,
 * 125; lrun-unpack and lrun-policy, which answer with a struct err, have a function of their own called first. Growth is by half more,
 * so that a text of n bytes is copied O(log n) times. */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*when_out_of_memory)(void);

void str_when_out_of_memory(void (*then)(void))
{
    when_out_of_memory = then;
}

static _Noreturn void out_of_memory(void)
{
    if (when_out_of_memory)
        when_out_of_memory();
    static const char text[] = "lrun: cannot go on: out of memory\n";
    ssize_t ignored = write(2, text, sizeof text - 1);
    (void)ignored;
    _exit(125);
}

void *xrealloc(void *p, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory();
    p = realloc(p, bytes ? bytes : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *xcalloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size);
    if (!p)
        out_of_memory();
    return p;
}

char *xstrdup(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        out_of_memory();
    return copy;
}

/* Most formats are of strings only, as "%s/%s", and a launch makes a hundred such texts: vasprintf() takes ten times as long for one.
 * Returns NULL for another format. */
static char *join(const char *format, va_list ap)
{
    enum { MOST = 8 };
    const char *parts[MOST], *c = format;
    size_t sizes[MOST], n = 0, all = 0;
    for (; *c && n < MOST; n++) {
        bool string = c[0] == '%' && c[1] == 's';
        if (*c == '%' && !string)
            return NULL;
        parts[n] = string ? va_arg(ap, const char *) : c;
        if (!parts[n])
            return NULL;
        sizes[n] = string ? strlen(parts[n]) : strcspn(c, "%");
        c += string ? 2 : sizes[n];
        all += sizes[n];
    }
    if (*c)
        return NULL;
    char *text = xrealloc(NULL, all + 1, 1), *to = text;
    for (size_t i = 0; i < n; i++)
        to = mempcpy(to, parts[i], sizes[i]);
    *to = 0;
    return text;
}

char *xasprintf(const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    char *text = join(format, ap);
    if (!text && vasprintf(&text, format, again) < 0)
        out_of_memory();
    va_end(again);
    va_end(ap);
    return text;
}

enum { STRV_ROOM = 8 };

/* Room is doubled whenever n strings and NULL fill it, so n tells how much there is. */
void strv_add(struct strv *v, char *owned)
{
    size_t full = v->n + 1;
    if (!v->n || (full >= STRV_ROOM && !(full & (full - 1))))
        v->at = xrealloc(v->at, v->n ? full * 2 : STRV_ROOM, sizeof *v->at);
    v->at[v->n++] = owned;
    v->at[v->n] = NULL;
}

void strv_done(struct strv *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->at[i]);
    free(v->at);
    *v = (struct strv){0};
}

size_t text_room(struct text *t, size_t more)
{
    if (t->cap - t->n <= more) {
        t->cap = (t->n + more + 1) * 3 / 2 + 64;
        t->at = xrealloc(t->at, t->cap, 1);
    }
    return t->cap - t->n - 1;
}

void text_add(struct text *t, const void *bytes, size_t n)
{
    text_room(t, n);
    if (n)
        memcpy(t->at + t->n, bytes, n);
    t->n += n;
    t->at[t->n] = 0;
}

void text_puts(struct text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void text_printf(struct text *t, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    text_room(t, 0);
    size_t room = t->cap - t->n, n = (size_t)vsnprintf(t->at + t->n, room, format, ap);
    va_end(ap);
    if (n >= room) {
        text_room(t, n + 1);
        vsnprintf(t->at + t->n, n + 1, format, again);
    }
    va_end(again);
    t->n += n;
}

void text_done(struct text *t)
{
    free(t->at);
    *t = (struct text){0};
}

char *str_line(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return text;
}

char *str_quote(const char *word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@";
    struct text out = {0};
    if (*word && !word[strspn(word, PLAIN)])
        return xstrdup(word);
    text_puts(&out, "'");
    for (const char *c = word; *c; c++)
        if (*c == '\'')
            text_puts(&out, "'\\''");
        else
            text_add(&out, c, 1);
    text_puts(&out, "'");
    return out.at;
}

bool str_begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool str_ends(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}
