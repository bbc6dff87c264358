/* SPDX-License-Identifier: Apache-2.0 */
/* serverless_variables.c: finds ${...} in texts and puts their values there. A text that is one variable alone becomes whatever that is; in
 * a longer text it must be a text, number or bool. ${Name} and ${AWS::Region} are CloudFormation's and stay. Each text is resolved once;
 * lists and maps stay as they are until somebody looks into them, so that a file may refer to the member it is included as. */
#include "project/serverless.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct node VARIABLES_NONE = {.kind = NODE_NULL, .text = ""};

enum { STEPS_MAX = 1000000, DEPTH_MAX = 200, RESULT_MAX = 1 << 20 };

struct variables_kept { /* of a node: its value once it is known */
    const struct node *node;
    const struct node *shallow, *deep;
    bool shallow_now, deep_now; /* being found out: whoever asks again has a cycle */
};

const struct node *variables_refuse(struct variables *v, struct refusal *why, const struct node *at, const char *remedy, const char *format,
                                    ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    *why = (struct refusal){
        .source = at ? at->source : NULL, .line = at ? at->line : 0, .what = arena_text(v->arena, text, strlen(text)), .remedy = remedy};
    return NULL;
}

static size_t kept_slot(const struct variables *v, const struct node *n)
{
    size_t i = (size_t)((uintptr_t)n >> 4) * 0x9e3779b97f4a7c15u;
    for (i &= v->kept_room - 1; v->kept[i].node && v->kept[i].node != n; i = (i + 1) & (v->kept_room - 1))
        ;
    return i;
}

/* Its place, whose pointer holds till the next call. */
static struct variables_kept *kept_of(struct variables *v, const struct node *n)
{
    if (2 * v->kept_n >= v->kept_room) {
        struct variables_kept *old = v->kept;
        size_t room = v->kept_room;
        v->kept_room = room ? 2 * room : 256;
        v->kept = arena_zeroed(v->arena, v->kept_room, sizeof(*v->kept));
        for (size_t i = 0; i < room; i++)
            if (old[i].node)
                v->kept[kept_slot(v, old[i].node)] = old[i];
    }
    struct variables_kept *k = &v->kept[kept_slot(v, n)];
    v->kept_n += !k->node;
    k->node = n;
    return k;
}

/* Whether a variable begins here: a source's name, then ( or a single colon. */
static bool begins(const char *s)
{
    if (s[0] != '$' || s[1] != '{' || !islower((unsigned char)s[2]))
        return false;
    for (s += 2; isalnum((unsigned char)*s);)
        s++;
    return *s == '(' || (*s == ':' && s[1] != ':');
}

/* The end of a quoted text, which begins here: its closing quote, or the end of all. "Texts" are JSON's. */
static const char *quoted(const char *s)
{
    const char *p = s + 1;
    while (*p && *p != *s)
        p += *s == '"' && p[0] == '\\' && p[1] ? 2 : 1;
    return p;
}

/* How many bytes the variable at s has, with its ${ and }. 0: it does not end. */
static size_t extent(const char *s)
{
    size_t open = 0;
    for (const char *p = s; *p; p++) {
        if (*p == '\'' || *p == '"') {
            p = quoted(p);
            if (!*p)
                return 0;
        } else if (p[0] == '$' && p[1] == '{') {
            open++, p++;
        } else if (*p == '}' && --open == 0) {
            return (size_t)(p - s) + 1;
        }
    }
    return 0;
}

static const struct node *evaluate(struct variables *v, const struct node *at, const char *inside, struct refusal *why);

static const struct node *variable(struct variables *v, const struct node *at, const char *s, size_t n, struct refusal *why)
{
    return evaluate(v, at, arena_text(v->arena, s + 2, n - 3), why);
}

static const char *variables_scalar(struct variables *v, const struct node *at, const char *s, size_t n, struct refusal *why)
{
    const struct node *value = variable(v, at, s, n, why);
    if (!value)
        return NULL;
    if (!node_text(value))
        variables_refuse(v, why, at, NULL, "%.*s is no text that can stand within another", (int)n, s);
    return node_text(value);
}

/* The next piece of a text: *ret_n bytes of what is returned, for *ret_skip of the text's. Backslashes before ${ are two for one, and an
 * odd one makes it plain text; more than one $ before a variable are one, as Serverless has it. */
static const char *piece_of(struct variables *v, const struct node *at, const char *text, size_t *ret_n, size_t *ret_skip,
                            struct refusal *why)
{
    size_t slashes = strspn(text, "\\"), dollars = strspn(text, "$");
    if (slashes) {
        bool before = text[slashes] == '$' && text[slashes + 1] == '{', odd = before && slashes % 2;
        *ret_n = (before ? slashes / 2 : slashes) + (odd ? 2 : 0);
        *ret_skip = slashes + (odd ? 2 : 0);
        return odd ? text + slashes - slashes / 2 : text;
    }
    if (dollars && begins(text + dollars - 1)) {
        size_t n = extent(text + dollars - 1);
        if (!n)
            return (const char *)variables_refuse(v, why, at, NULL, "a variable does not end: %.80s", text);
        const char *value = variables_scalar(v, at, text + dollars - 1, n, why);
        *ret_n = value ? strlen(value) : 0;
        *ret_skip = dollars - 1 + n;
        return value;
    }
    *ret_n = *ret_skip = 1 + strcspn(text + 1, "\\$");
    return text;
}

/* A text with the values of its variables, of which all must be scalars. */
static const char *interpolated(struct variables *v, const struct node *at, const char *text, struct refusal *why)
{
    char *result = NULL;
    size_t used = 0, room = 0, skip = 0;
    for (; *text; text += skip) {
        size_t n = 0;
        const char *piece = piece_of(v, at, text, &n, &skip, why);
        if (!piece)
            return NULL;
        if (used + n > RESULT_MAX)
            return (const char *)variables_refuse(v, why, at, NULL, "variables make a text of more than %d bytes", RESULT_MAX);
        if (used + n > room) {
            result = arena_grown(v->arena, result, used, 2 * (used + n), 1);
            room = 2 * (used + n);
        }
        if (n)
            memcpy(result + used, piece, n);
        used += n;
    }
    return arena_text(v->arena, used ? result : "", used);
}

/* Cuts the next of an expression's alternatives off: those between commas that stand in no quotes, parentheses or other variables. */
static const char *alternative(struct arena *a, const char **rest)
{
    const char *s = *rest + strspn(*rest, " \t\n"), *p = s;
    size_t open = 0;
    for (; *p && (open || *p != ','); p++) {
        if (*p == '\'' || *p == '"')
            p = quoted(p);
        else if (*p == '{' || *p == '(')
            open++;
        else if ((*p == '}' || *p == ')') && open)
            open--;
        if (!*p)
            break;
    }
    *rest = *p ? p + 1 : NULL;
    while (p > s && strchr(" \t\n", p[-1]))
        p--;
    return arena_text(a, s, (size_t)(p - s));
}

/* 'text', "text", true, false, null, a number; NULL: it is no literal. */
static const struct node *literal(struct variables *v, const struct node *at, const char *text, struct refusal *why)
{
    size_t n = strlen(text);
    if (n >= 2 && (text[0] == '\'' || text[0] == '"') && quoted(text) == text + n - 1) {
        struct err ignored = {0};
        const struct node *json = text[0] == '"' ? document_json(v->arena, text, n, "a variable", &ignored) : NULL;
        const char *s = interpolated(v, at, json ? json->text : arena_text(v->arena, text + 1, n - 2), why);
        return s ? node_new_text(v->arena, s, at) : NULL;
    }
    if (strcmp(text, "null") == 0)
        return node_new(v->arena, NODE_NULL, at);
    bool is_bool = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    if (!is_bool && (!n || strspn(text, "0123456789.-") != n))
        return NULL;
    struct node *r = node_new_text(v->arena, text, at);
    r->kind = is_bool ? NODE_BOOL : NODE_NUMBER;
    return r;
}

/* type(parameter):address */
static const struct node *source(struct variables *v, const struct node *at, const char *written, struct refusal *why)
{
    const char *text = interpolated(v, at, written, why);
    if (!text)
        return NULL;
    size_t n = strcspn(text, ":(");
    const char *rest = text + n, *close = *rest == '(' ? strrchr(rest, ')') : NULL;
    if (!*rest || (*rest == '(' && !close))
        return variables_refuse(v, why, at, NULL, "${%.80s} is no variable that lrun knows", written);
    struct expression e = {.at = at, .text = text, .source = arena_text(v->arena, text, n), .parameter = "", .address = ""};
    if (close) {
        e.parameter = arena_text(v->arena, rest + 1, (size_t)(close - rest) - 1);
        rest = close + 1;
    }
    if (*rest == ':')
        e.address = rest + 1;
    return variables_source(v, &e, why);
}

static const struct node *one(struct variables *v, const struct node *at, const char *text, struct refusal *why)
{
    why->what = NULL;
    const struct node *r = literal(v, at, text, why);
    if (r || why->what)
        return r;
    if (begins(text) && extent(text) == strlen(text))
        return variable(v, at, text, strlen(text), why);
    return source(v, at, text, why);
}

/* The first alternative that has a value; null, if the last one is null. */
static const struct node *evaluate(struct variables *v, const struct node *at, const char *inside, struct refusal *why)
{
    if (++v->steps > STEPS_MAX || v->depth >= DEPTH_MAX)
        return variables_refuse(v, why, at, NULL, "its variables lead too far");
    const char *remedy = NULL;
    const struct node *value = &VARIABLES_NONE;
    v->depth++;
    for (const char *rest = inside; rest && value && value->kind == NODE_NULL;) {
        value = one(v, at, alternative(v->arena, &rest), why);
        if (value == &VARIABLES_NONE && !remedy)
            remedy = v->remedy;
    }
    v->depth--;
    if (value == &VARIABLES_NONE)
        return variables_refuse(v, why, at, remedy, "${%.200s} has no value", inside);
    return value;
}

static const struct node *text_value(struct variables *v, const struct node *n, struct refusal *why)
{
    size_t length = strlen(n->text);
    if (begins(n->text) && extent(n->text) == length)
        return variable(v, n, n->text, length, why);
    const char *text = interpolated(v, n, n->text, why);
    return text ? node_new_text(v->arena, text, n) : NULL;
}

const struct node *variables_value(struct variables *v, const struct node *n, struct refusal *why)
{
    why->what = NULL;
    if (n->plain)
        n = variables_plain(v->arena, n);
    if (n->kind != NODE_TEXT || !strstr(n->text, "${"))
        return n;
    struct variables_kept *k = kept_of(v, n);
    if (k->shallow)
        return k->shallow;
    if (k->shallow_now)
        return variables_refuse(v, why, n, NULL, "%.200s refers to itself", n->text);
    k->shallow_now = true;
    const struct node *value = text_value(v, n, why);
    if (value && value->kind == NODE_TEXT)
        kept_of(v, value)->shallow = value; /* what looks like a variable in it is none: it was escaped, or came from outside */
    k = kept_of(v, n);
    k->shallow = value;
    k->shallow_now = false;
    return value;
}

static const struct node *parts_deep(struct variables *v, const struct node *n, struct refusal *why)
{
    struct node *r = node_new(v->arena, n->kind, n);
    for (size_t i = 0; i < n->n; i++) {
        const struct node *part = variables_deep(v, n->kind == NODE_LIST ? n->items[i] : n->members[i].value, why);
        if (!part)
            return NULL;
        if (n->kind == NODE_LIST)
            node_add(v->arena, r, part);
        else
            node_set(v->arena, r, n->members[i].name, part);
    }
    return r;
}

const struct node *variables_deep(struct variables *v, const struct node *n, struct refusal *why)
{
    n = variables_value(v, n, why);
    if (!n || (n->kind != NODE_LIST && n->kind != NODE_MAP))
        return n;
    struct variables_kept *k = kept_of(v, n);
    if (k->deep)
        return k->deep;
    if (k->deep_now || v->depth >= DEPTH_MAX || ++v->steps > STEPS_MAX)
        return variables_refuse(v, why, n, NULL, "it contains itself by a variable, or more than lrun follows");
    k->deep_now = true;
    v->depth++;
    const struct node *value = parts_deep(v, n, why);
    v->depth--;
    k = kept_of(v, n);
    k->deep = value;
    k->deep_now = false;
    return value;
}
