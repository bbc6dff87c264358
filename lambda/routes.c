/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c: finding the row of a table for a method and a path, and decoding %XX. What the routes are, each API's file says (ROUTES).
 * A pattern has at most one "*", which stands for one part of the path and so never for a "/". If the path matches and the method does
 * not, the caller is told the method that would (405 with Allow, RFC 9110 section 15.5.6) rather than that nothing is there. */
#include "lambda/routes.h"

#include "base/own.h"

#include <string.h>

/* ret_word, ret_n: the part that * stands for. */
static bool matches(const char *pattern, const char *path, const char **ret_word, size_t *ret_n)
{
    const char *star = strchrnul(pattern, '*'), *end = *star ? star + 1 : star;
    size_t start = (size_t)(star - pattern), tail = strlen(end), n = strlen(path);
    *ret_word = NULL;
    if (!*star)
        return strcmp(pattern, path) == 0;
    if (n <= start + tail || strncmp(pattern, path, start) != 0 || strcmp(path + n - tail, end) != 0)
        return false;
    *ret_word = path + start;
    *ret_n = n - start - tail;
    return memchr(*ret_word, '/', *ret_n) == NULL;
}

const struct route *route_find(const struct route_table *tables, size_t n, const char *method, const char *path, void **ret_service,
                               char **ret_word, const char **ret_allow)
{
    *ret_allow = NULL;
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < tables[t].n; i++) {
            const struct route *route = &tables[t].at[i];
            const char *word;
            size_t length;
            if (!matches(route->pattern, path, &word, &length))
                continue;
            if (strcmp(route->method, method) != 0) {
                *ret_allow = route->method;
                continue;
            }
            *ret_word = word ? xasprintf("%.*s", (int)length, word) : NULL;
            *ret_service = tables[t].service;
            return route;
        }
    return NULL;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool url_decode(const char *encoded, size_t n, struct text *out)
{
    for (size_t i = 0; i < n; i++) {
        char c = encoded[i];
        if (c == '%') {
            bool whole = i + 2 < n;
            int high = whole ? hex(encoded[i + 1]) : -1, low = whole ? hex(encoded[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        text_add(out, &c, 1);
    }
    return true;
}

void url_decode_or_keep(const char *encoded, size_t n, struct text *out)
{
    size_t before = out->n;
    text_puts(out, "");
    if (url_decode(encoded, n, out))
        return;
    out->n = before;
    text_add(out, encoded, n);
}

bool route_decode(const char *encoded, size_t n, struct text *out)
{
    size_t before = out->n;
    return url_decode(encoded, n, out) && !memchr(out->at ? out->at + before : "", 0, out->n - before);
}
