/* SPDX-License-Identifier: Apache-2.0 */
/* document.c: the bounds that all documents share (UTF-8 without NUL, so many values, no name twice), how a fault names its place, and
 * how a fraction is written. The grammars are document_json.c's, document_yaml.c's and document_toml.c's; each checks the bytes here
 * first, makes its nodes here, so that they are counted, and says here where something is wrong. */
#include "project/document.h"

#include "base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int document_fault(struct document *d, unsigned line, unsigned column, const char *format, ...)
{
    char what[240];
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    fail(d->err, 0, d->source, "read %s from", d->language);
    if (column)
        return fail_hint(d->err, "line %u, column %u: %s", line, column, what);
    return fail_hint(d->err, "line %u: %s", line, what);
}

int document_check(struct document *d, const char *bytes, size_t n)
{
    unsigned line = 1;
    for (size_t i = 0; i < n;) {
        const unsigned char *c = (const unsigned char *)bytes + i;
        int length = 1;
        if (*c == '\n')
            line++;
        else if (*c == 0)
            return document_fault(d, line, 0, "a NUL byte is no text");
        else if (*c >= 0x80 && (length = utf8_length(c, n - i)) <= 0)
            return document_fault(d, line, 0, "byte 0x%02x is not UTF-8; save the file as UTF-8", *c);
        i += (size_t)length;
    }
    return 0;
}

struct node *document_value(struct document *d, enum node_kind kind, unsigned line)
{
    if (++d->values > DOCUMENT_VALUES) {
        document_fault(d, line, 0, "more than %d values", DOCUMENT_VALUES);
        return NULL;
    }
    struct node *v = node_new(d->arena, kind, NULL);
    v->line = line;
    v->source = d->source;
    return v;
}

struct node *document_text(struct document *d, enum node_kind kind, unsigned line, const char *bytes, size_t n)
{
    struct node *v = document_value(d, kind, line);
    if (v) {
        v->text = arena_text(d->arena, bytes, n);
        v->length = n;
    }
    return v;
}

/* CloudFormation refuses a template in which a name stands twice as not well-formed or takes the last, depending on the language; both
 * Serverless (js-yaml) and TOML refuse. [?] We refuse everywhere, as for lrun's own documents: of two definitions one is a mistake. */
int document_member(struct document *d, struct node *map, const char *name, unsigned line, unsigned column, const struct node *value)
{
    if (node_find(map, name))
        return document_fault(d, line, column, "the name %.80s stands here twice; remove or rename one", name);
    node_set(d->arena, map, name, value);
    map->members[map->n - 1].line = line;
    return 0;
}

const char *document_float(struct arena *a, const char *spelled, size_t n)
{
    char number[DOCUMENT_NUMBER + 1], digits[32];
    size_t kept = 0;
    if (n > DOCUMENT_NUMBER)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (spelled[i] != '_')
            number[kept++] = spelled[i];
    number[kept] = 0;
    double value = strtod(number, NULL);
    if (!isfinite(value))
        return NULL;
    int places = 0; /* behind the first digit: the fewest that read back as the same number */
    do
        snprintf(digits, sizeof digits, "%.*e", places, value);
    while (places++ < 17 && strtod(digits, NULL) != value);
    int exponent = atoi(strchr(digits, 'e') + 1);
    places--;
    if (exponent < -4 || exponent >= 16)
        return arena_text(a, digits, strlen(digits));
    return arena_printf(a, "%.*f", places - exponent > 1 ? places - exponent : 1, value);
}
