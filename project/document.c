/* SPDX-License-Identifier: Apache-2.0 */
/* document.c: the bounds that all documents share (UTF-8 without NUL, so many values), what a name that stands twice means, how a fault
 * names its place, and how a fraction is written. The grammars are document_json.c's, document_yaml.c's and document_toml.c's; each checks
 * the bytes here first, makes its nodes here, so that they are counted, and says here where something is wrong. */
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

/* The last one holds, as CloudFormation has it, silently, in JSON and in YAML (cfn-language-discussion 96). Of two definitions one is a
 * mistake: whoever asked for d->doubled says so. TOML's reader refuses them, as TOML does. */
void document_member(struct document *d, struct node *map, const char *name, unsigned line, const struct node *value)
{
    const size_t before = map->n;
    node_set(d->arena, map, name, value);
    if (map->n != before) {
        map->members[before].line = line;
        return;
    }
    if (!d->doubled || d->doubled->n >= DOCUMENT_DOUBLED)
        return;
    struct node *again = node_new_text(d->arena, name, value);
    again->line = line;
    node_add(d->arena, d->doubled, again);
}

static const struct node *parse(document_parser *language, struct arena *a, const char *bytes, size_t n, const char *source,
                                struct err *err)
{
    struct document d = {.arena = a, .source = arena_text(a, source, strlen(source)), .err = err};
    return language(&d, bytes, n);
}

const struct node *document_json(struct arena *a, const char *bytes, size_t n, const char *source, struct err *err)
{
    return parse(parse_json, a, bytes, n, source, err);
}

const struct node *document_yaml(struct arena *a, const char *bytes, size_t n, const char *source, struct err *err)
{
    return parse(parse_yaml, a, bytes, n, source, err);
}

const struct node *document_toml(struct arena *a, const char *bytes, size_t n, const char *source, struct err *err)
{
    return parse(parse_toml, a, bytes, n, source, err);
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
