/* SPDX-License-Identifier: Apache-2.0 */
/* document_yaml.c: YAML 1.1 as nodes, from the events of libyaml, which this file alone includes. Containers that are open are a stack;
 * one that ends is finished (merge keys, short tag, anchor) and placed into the one around it. An alias is the anchor's own node, so a
 * document that doubles with each line costs nothing; what such sharing could make large is bounded here: how deep it nests (each
 * node knows its height), and how many members merge keys copy. Scalars without quotes: document_scalar.c. Names of members stay as they
 * are spelled: a variable called YES is YES. */
#include "project/document.h"

#include <string.h>
#include <yaml.h>

struct open {
    struct node *node;
    struct node *merged; /* a list of the maps that << names; NULL: none */
    const char *name;    /* of the member whose value comes next; NULL: a name comes next */
    unsigned name_line;
    bool merging; /* the value that comes next is of << */
    const char *tag, *anchor;
    unsigned deep; /* the containers that it is in, tags that become maps included */
};

struct yaml {
    struct document *d;
    yaml_parser_t parser;
    struct open open[DOCUMENT_DEPTH + 1];
    size_t depth;
    struct node *anchors; /* by name; pending: its node is not whole yet */
    struct node pending;
    const struct node *top;
    size_t merged; /* members so far */
    unsigned line, column;
};

static int fault(struct yaml *y, const char *what)
{
    return document_fault(y->d, y->line, y->column, "%s", what);
}

static bool is_map(const struct node *v)
{
    return v->kind == NODE_MAP;
}

/* The maps that << names, gathered into a list, the first of which goes before the others. */
static int add_merged(struct yaml *y, struct open *o, const struct node *v)
{
    const size_t n = v->kind == NODE_LIST ? v->n : 1;
    if (!o->merged)
        o->merged = node_new(y->d->arena, NODE_LIST, NULL);
    for (size_t i = 0; i < n; i++) {
        const struct node *from = v->kind == NODE_LIST ? v->items[i] : v;
        if (!is_map(from))
            return fault(y, "the merge key << takes a map or a list of maps");
        if (++y->merged > DOCUMENT_MERGED)
            return document_fault(y->d, y->line, y->column, "merge keys copy more than %d members", DOCUMENT_MERGED);
        node_add(y->d->arena, o->merged, from);
    }
    o->merging = false;
    return 0;
}

/* Merged members first, as far as the map has none of their names itself, then its own. */
static struct node *merge(struct yaml *y, struct open *o)
{
    struct arena *a = y->d->arena;
    struct node *whole = node_new(a, NODE_MAP, o->node);
    for (size_t i = 0; i < o->merged->n; i++) {
        const struct node *from = o->merged->items[i];
        y->merged += from->n;
        if (y->merged > DOCUMENT_MERGED) {
            document_fault(y->d, o->node->line, 0, "merge keys copy more than %d members", DOCUMENT_MERGED);
            return NULL;
        }
        for (size_t m = 0; m < from->n; m++)
            if (!node_find(o->node, from->members[m].name) && !node_find(whole, from->members[m].name)) {
                node_set(a, whole, from->members[m].name, from->members[m].value);
                whole->members[whole->n - 1].line = from->members[m].line;
            }
        o->node->height = from->height > o->node->height ? from->height : o->node->height;
    }
    for (size_t m = 0; m < o->node->n; m++) {
        node_set(a, whole, o->node->members[m].name, o->node->members[m].value);
        whole->members[whole->n - 1].line = o->node->members[m].line;
    }
    whole->height = o->node->height;
    return whole;
}

static bool is_short(const char *tag)
{
    return tag && tag[0] == '!' && tag[1];
}

/* !X v as {Fn::X: v}; !Ref and !Condition keep their names; !GetAtt A.B.C is [A, B.C]. */
static struct node *lengthen(struct yaml *y, const char *tag, struct node *v)
{
    struct arena *a = y->d->arena;
    const char *name = tag + 1, *dot;
    if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != strlen(name)) {
        document_fault(y->d, v->line, 0, "unknown tag %.60s", tag);
        return NULL;
    }
    if (strcmp(name, "GetAtt") == 0 && v->kind == NODE_TEXT && (dot = strchr(v->text, '.'))) {
        struct node *list = node_new(a, NODE_LIST, v);
        node_add(a, list, node_new_text(a, arena_text(a, v->text, (size_t)(dot - v->text)), v));
        node_add(a, list, node_new_text(a, dot + 1, v));
        list->height = 1;
        v = list;
    }
    bool plain = strcmp(name, "Ref") == 0 || strcmp(name, "Condition") == 0;
    struct node *map = document_value(y->d, NODE_MAP, v->line);
    if (map) {
        node_set(a, map, plain ? arena_text(a, name, strlen(name)) : arena_printf(a, "Fn::%s", name), v);
        map->height = v->height + 1;
    }
    return map;
}

static int place(struct yaml *y, const struct node *v)
{
    struct open *o = y->depth ? &y->open[y->depth - 1] : NULL;
    if (!v)
        return -1;
    if (!o) {
        y->top = v;
        return 0;
    }
    if (o->deep + v->height > DOCUMENT_DEPTH)
        return document_fault(y->d, y->line, y->column, "lists and maps nest more than %d deep", DOCUMENT_DEPTH);
    if (o->merging)
        return add_merged(y, o, v);
    o->node->height = v->height >= o->node->height ? v->height + 1 : o->node->height;
    if (o->node->kind == NODE_LIST) {
        node_add(y->d->arena, o->node, v);
        return 0;
    }
    const char *name = o->name;
    o->name = NULL;
    document_member(y->d, o->node, name, o->name_line, v);
    return 0;
}

/* The node is whole: its tag becomes a map around it, its anchor means it from here on. */
static int finish(struct yaml *y, struct node *v, const char *tag, const char *anchor)
{
    if (v && is_short(tag))
        v = lengthen(y, tag, v);
    if (v && anchor)
        node_set(y->d->arena, y->anchors, anchor, v);
    return place(y, v);
}

static int read_name(struct yaml *y, struct open *o, const char *name, bool merging)
{
    o->merging = merging;
    o->name = merging ? NULL : name;
    o->name_line = y->line;
    return 0;
}

static bool wants_name(const struct yaml *y)
{
    const struct open *o = y->depth ? &y->open[y->depth - 1] : NULL;
    return o && is_map(o->node) && !o->name && !o->merging;
}

static int read_alias(struct yaml *y, const char *anchor)
{
    const struct node *v = node_find(y->anchors, anchor);
    if (!v)
        return document_fault(y->d, y->line, y->column, "*%.60s: there is no such anchor before it", anchor);
    if (v == &y->pending)
        return document_fault(y->d, y->line, y->column, "*%.60s stands inside of what it means", anchor);
    if (!wants_name(y))
        return place(y, v);
    if (!node_text(v))
        return fault(y, "the name of a member must be a text");
    return read_name(y, &y->open[y->depth - 1], v->text, false);
}

/* Tags of YAML's own: of a scalar, the kind that it must be. */
static int tagged(struct yaml *y, const char *tag, enum node_kind *kind)
{
    static const struct {
        const char *name;
        enum node_kind kind;
    } TAGS[] = {{"str", NODE_TEXT},     {"timestamp", NODE_TEXT}, {"bool", NODE_BOOL}, {"int", NODE_NUMBER},
                {"float", NODE_NUMBER}, {"null", NODE_NULL},      {"seq", NODE_LIST},  {"map", NODE_MAP}};
    const char *name = strrchr(tag, ':');
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS && strncmp(tag, "tag:yaml.org,2002:", 18) == 0; i++)
        if (strcmp(name + 1, TAGS[i].name) == 0) {
            *kind = TAGS[i].kind;
            return 0;
        }
    return document_fault(y->d, y->line, y->column, "unknown tag %.60s", tag);
}

static int read_scalar(struct yaml *y, const yaml_event_t *e)
{
    const char *bytes = (const char *)e->data.scalar.value, *tag = (const char *)e->data.scalar.tag,
               *anchor = (const char *)e->data.scalar.anchor;
    size_t n = e->data.scalar.length;
    bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const char *text = arena_text(y->d->arena, bytes, n), *spelled = text;
    enum node_kind kind = NODE_TEXT, wanted = NODE_TEXT;
    if (strlen(text) != n)
        return fault(y, "a text has \\0 in it, which no text of a project may have");
    if (tag && strcmp(tag, "!") != 0 && !is_short(tag) && tagged(y, tag, &wanted) < 0)
        return -1;
    if (wants_name(y) && is_short(tag))
        return fault(y, "the name of a member must be a text");
    if (!wants_name(y) && (tag ? wanted != NODE_TEXT : plain))
        kind = yaml_scalar(y->d->arena, text, n, &text);
    if (tag && kind != wanted)
        return document_fault(y->d, y->line, y->column, "'%.60s' is no %.40s", text, strrchr(tag, ':') + 1);
    struct node *v = document_value(y->d, kind, y->line);
    if (!v)
        return -1;
    v->text = kind == NODE_NULL ? "" : text;
    v->length = strlen(v->text);
    v->plain = plain && !tag ? spelled : NULL;
    if (!wants_name(y))
        return finish(y, v, tag, anchor ? arena_text(y->d->arena, anchor, strlen(anchor)) : NULL);
    if (anchor)
        node_set(y->d->arena, y->anchors, arena_text(y->d->arena, anchor, strlen(anchor)), v);
    return read_name(y, &y->open[y->depth - 1], text, plain && !tag && strcmp(text, "<<") == 0);
}

static int read_start(struct yaml *y, enum node_kind kind, const yaml_char_t *of_tag, const yaml_char_t *of_anchor)
{
    struct arena *a = y->d->arena;
    const char *tag = (const char *)of_tag, *anchor = (const char *)of_anchor;
    enum node_kind wanted = kind;
    unsigned deep = (y->depth ? y->open[y->depth - 1].deep : 0) + 1 + is_short(tag);
    if (wants_name(y))
        return fault(y, "the name of a member must be a text");
    if (tag && strcmp(tag, "!") != 0 && !is_short(tag) && tagged(y, tag, &wanted) < 0)
        return -1;
    if (wanted != kind)
        return document_fault(y->d, y->line, y->column, "unknown tag %.60s here", tag);
    if (deep > DOCUMENT_DEPTH)
        return document_fault(y->d, y->line, y->column, "lists and maps nest more than %d deep", DOCUMENT_DEPTH);
    struct node *v = document_value(y->d, kind, y->line);
    if (!v)
        return -1;
    v->height = 1;
    struct open *o = &y->open[y->depth++];
    *o = (struct open){.node = v, .deep = deep};
    o->tag = tag ? arena_text(a, tag, strlen(tag)) : NULL;
    o->anchor = anchor ? arena_text(a, anchor, strlen(anchor)) : NULL;
    if (anchor)
        node_set(a, y->anchors, o->anchor, &y->pending);
    return 0;
}

static int read_end(struct yaml *y)
{
    struct open *o = &y->open[--y->depth];
    return finish(y, o->merged ? merge(y, o) : o->node, o->tag, o->anchor);
}

static int read_event(struct yaml *y, const yaml_event_t *e)
{
    y->line = (unsigned)e->start_mark.line + 1;
    y->column = (unsigned)e->start_mark.column + 1;
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT: return y->top ? fault(y, "a second document begins here; a project's file has one") : 0;
    case YAML_ALIAS_EVENT: return read_alias(y, (const char *)e->data.alias.anchor);
    case YAML_SCALAR_EVENT: return read_scalar(y, e);
    case YAML_SEQUENCE_START_EVENT: return read_start(y, NODE_LIST, e->data.sequence_start.tag, e->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT: return read_start(y, NODE_MAP, e->data.mapping_start.tag, e->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return read_end(y);
    default: return 0;
    }
}

static int read_events(struct yaml *y)
{
    for (bool more = true; more;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&y->parser, &e))
            return document_fault(y->d, (unsigned)y->parser.problem_mark.line + 1, (unsigned)y->parser.problem_mark.column + 1, "%s%s%s",
                                  y->parser.problem ? y->parser.problem : "no YAML", y->parser.context ? " " : "",
                                  y->parser.context ? y->parser.context : "");
        int status = read_event(y, &e);
        more = e.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
        if (status < 0)
            return -1;
    }
    return 0;
}

const struct node *parse_yaml(struct document *d, const char *bytes, size_t n)
{
    struct yaml y = {.d = d, .anchors = node_new(d->arena, NODE_MAP, NULL)};
    d->language = "YAML";
    if (document_check(d, bytes, n) < 0)
        return NULL;
    if (!yaml_parser_initialize(&y.parser)) {
        document_fault(d, 1, 0, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&y.parser, (const unsigned char *)bytes, n);
    int status = read_events(&y);
    yaml_parser_delete(&y.parser);
    if (status == 0 && !y.top)
        y.top = document_value(d, NODE_NULL, 1);
    return status < 0 ? NULL : y.top;
}
