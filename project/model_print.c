/* SPDX-License-Identifier: Apache-2.0 */
/* model_print.c: the model as lrun.json. Each member is there only if the project says it, so that lrun's defaults hold where it says
 * nothing; what the members mean is docs/config.schema.json's. Text members are a table, in the order in which they are printed. What
 * cannot run stands in "project" alone. */
#include "project/model_print.h"

#include "base/json.h"
#include "base/own.h"
#include "project/model_check.h"

#include <string.h>

struct member {
    const char *name;
    size_t at; /* of a const char * in struct model_function */
};
#define AT(field) offsetof(struct model_function, field)

static const struct member TEXTS[] = {
    {"handler", AT(handler)},       {"runtime", AT(runtime)}, {"inline", AT(inline_code)},
    {"log-format", AT(log_format)}, {"workdir", AT(workdir)}, {"region", AT(region)},
};
static const struct member NUMBERS[] = {
    {"memory", AT(memory_mb)}, {"timeout", AT(timeout_s)}, {"tmp-size", AT(tmp_mb)}, {"max-concurrency", AT(max_concurrency)}};
static const struct member FACTS[] = {
    {"source", AT(source)},
    {"name", AT(name)},
    {"architecture", AT(architecture)},
    {"image", AT(image)},
    {"application-log-level", AT(application_log_level)},
    {"system-log-level", AT(system_log_level)},
    {"log-group", AT(log_group)},
};

struct printing {
    const struct model *m;
    const char **names;              /* of the functions, in lrun.json */
    struct model_name_set ids;       /* of the functions, each once */
    size_t *first;                   /* of each id, the first function that has it */
    const struct model_route *route; /* of the API that is printed */
    struct text *out;
};

static void put_whole(struct text *out, const char *key, uint64_t n)
{
    json_key(out, key);
    text_printf(out, "%ju", (uintmax_t)n);
}

static void put_text(struct text *out, const char *key, const char *text)
{
    if (text)
        json_put(out, key, text);
}

static void put_texts(struct text *out, const struct model_function *f, const struct member *members, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_text(out, members[i].name, *(const char *const *)(const void *)((const char *)f + members[i].at));
}

static void put_list(struct text *out, const char *key, const char *const *list, size_t n)
{
    if (!list)
        return;
    json_open_key(out, key, '[');
    for (size_t i = 0; i < n; i++)
        json_item(out, list[i]);
    json_close(out, ']');
}

static void put_pairs(struct printing *p, const char *key, const struct model_pair *pairs, size_t n)
{
    struct model_name_set seen = {0};
    if (!n)
        return;
    json_open_key(p->out, key, '{');
    for (size_t i = 0; i < n; i++)
        if (model_name_first(p->m->arena, &seen, pairs[i].name))
            json_put(p->out, pairs[i].name, pairs[i].value ? pairs[i].value : "");
    json_close(p->out, '}');
}

static const char *path_text(const char *path)
{
    return path && !*path ? "." : path; /* the root itself */
}

/* ---- values that are handed on ---- */

enum { NODE_DEPTH = 32, NODE_COUNT = 10000 }; /* of CORS there are two levels and some dozens; more is a bomb, and null */

static void put_node(struct text *out, const struct node *v, unsigned depth, size_t *count)
{
    struct slice ignored;
    if (!strchr("{[:", out->at[out->n - 1]))
        text_puts(out, ",");
    if (++*count > NODE_COUNT || depth > NODE_DEPTH || !v || v->kind == NODE_NULL) {
        text_puts(out, "null");
    } else if (v->kind == NODE_LIST || v->kind == NODE_MAP) {
        text_puts(out, v->kind == NODE_LIST ? "[" : "{");
        for (size_t i = 0; i < v->n; i++) {
            if (v->kind == NODE_MAP)
                json_key(out, v->members[i].name);
            put_node(out, v->kind == NODE_MAP ? v->members[i].value : v->items[i], depth + 1, count);
        }
        text_puts(out, v->kind == NODE_LIST ? "]" : "}");
    } else if (v->kind != NODE_TEXT && json_read(v->text, strlen(v->text), &ignored)) {
        text_puts(out, v->text);
    } else {
        json_quote(out, v->text, strlen(v->text));
    }
}

static void put_value(struct text *out, const char *key, const struct node *v)
{
    size_t count = 0;
    if (!v)
        return;
    json_key(out, key);
    put_node(out, v, 0, &count);
}

/* ---- functions ---- */

static void put_layers(struct text *out, const struct model_function *f)
{
    if (!f->layer_count)
        return;
    json_open_key(out, "layers", '[');
    for (size_t i = 0; i < f->layer_count; i++)
        json_item(out, f->layers[i].path ? path_text(f->layers[i].path) : f->layers[i].arn);
    json_close(out, ']');
}

/* The origins that lrun takes are whole: patterns of them have no like. A star alone is what cors means. */
static void put_origins(struct text *out, const struct node *list)
{
    size_t n = 0;
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++) {
        const char *origin = node_text(list->items[i]), *host = origin ? strstr(origin, "://") : NULL;
        if (!host || host == origin || !host[3] || strpbrk(host + 3, "/*"))
            continue;
        if (n++ == 0)
            json_open_key(out, "allow-origin", '[');
        json_item(out, origin);
    }
    if (n)
        json_close(out, ']');
}

static void put_function(struct printing *p, const struct model_function *f)
{
    put_text(p->out, "code", path_text(f->code));
    put_texts(p->out, f, TEXTS, COUNT(TEXTS));
    for (size_t i = 0; i < COUNT(NUMBERS); i++) {
        uint64_t n = *(const uint64_t *)(const void *)((const char *)f + NUMBERS[i].at);
        if (n)
            put_whole(p->out, NUMBERS[i].name, n);
    }
    put_pairs(p, "env", f->variables, f->variable_count);
    put_layers(p->out, f);
    put_list(p->out, "entrypoint", f->entrypoint, f->entrypoint_count);
    put_list(p->out, "command", f->command, f->command_count);
    if (f->per_tenant)
        json_put(p->out, "tenancy", "per-tenant");
    if (!f->url.given)
        return;
    put_whole(p->out, "url", 0);
    if (f->url.stream)
        json_put(p->out, "url-mode", "stream");
    if (f->url.cors)
        json_flag(p->out, "cors", true);
    put_origins(p->out, node_find(f->url.cors_config, "AllowOrigins"));
}

static void put_facts(struct printing *p, const struct model_function *f)
{
    bool ids = false;
    put_texts(p->out, f, FACTS, COUNT(FACTS));
    put_whole(p->out, "line", f->line);
    if (f->mount_count) {
        json_open_key(p->out, "mounts", '[');
        for (size_t i = 0; i < f->mount_count; i++)
            json_item(p->out, f->mounts[i].target);
        json_close(p->out, ']');
    }
    if (f->url.given)
        json_put(p->out, "url-auth", f->url.iam ? "iam" : "none");
    put_value(p->out, "url-cors", f->url.cors_config);
    for (size_t i = 0; i < f->layer_count; i++)
        ids = ids || f->layers[i].id;
    if (!ids)
        return;
    json_open_key(p->out, "layer-ids", '[');
    for (size_t i = 0; i < f->layer_count; i++)
        json_item(p->out, f->layers[i].id ? f->layers[i].id : "");
    json_close(p->out, ']');
}

static void put_others(struct printing *p, const struct model_function *f, const char *own)
{
    if (strcmp(own, f->id) != 0)
        json_item(p->out, f->id);
    for (size_t i = 0; i < f->name_count; i++)
        if (strcmp(f->names[i], own) != 0 && strcmp(f->names[i], f->id) != 0)
            json_item(p->out, f->names[i]);
}

/* ---- APIs ---- */

/* A route says its function's id; its name in lrun.json is that of the first function that has it. */
static const char *name_of(const struct printing *p, const char *id)
{
    size_t i = id ? index_find(&p->ids.index, p->ids.at, p->ids.n, sizeof *p->ids.at, id) : INDEX_NONE;
    return i == INDEX_NONE ? id : p->names[p->first[i]];
}

static void put_route(struct text *out, size_t i, const void *of)
{
    const struct printing *p = of;
    const struct model_route *r = &p->route[i];
    put_text(out, "method", r->method);
    put_text(out, "path", r->path);
    put_text(out, "function", name_of(p, r->function));
    put_text(out, "payload", r->payload);
    put_text(out, "authorizer", r->authorizer);
    put_text(out, "operation", r->operation);
}

static void put_authorizers(struct printing *p, const struct model_api *api)
{
    struct model_name_set seen = {0};
    if (!api->authorizer_count)
        return;
    json_open_key(p->out, "authorizers", '{');
    for (size_t i = 0; i < api->authorizer_count; i++) {
        const struct model_authorizer *a = &api->authorizers[i];
        if (!model_name_first(p->m->arena, &seen, a->name))
            continue;
        json_open_key(p->out, a->name, '{');
        put_text(p->out, "type", a->kind);
        put_text(p->out, "function", name_of(p, a->function));
        put_text(p->out, "payload", a->payload);
        if (a->simple)
            json_flag(p->out, "simple", true);
        put_text(p->out, "header", a->header);
        put_text(p->out, "expression", a->expression);
        put_list(p->out, "identity", a->identity, a->identity_count);
        json_close(p->out, '}');
    }
    json_close(p->out, '}');
}

static void put_api(struct printing *p, const struct model_api *api)
{
    json_put(p->out, "type", api->http ? "http" : "rest");
    put_text(p->out, "stage", api->stage);
    p->route = api->routes;
    json_objects(p->out, "routes", api->route_count, put_route, p);
    put_authorizers(p, api);
    put_text(p->out, "default-authorizer", api->default_authorizer);
    put_list(p->out, "binary", api->binary_types, api->binary_count);
    put_pairs(p, "variables", api->variables, api->variable_count);
    put_value(p->out, "cors", api->cors);
}

static void put_apis(struct printing *p)
{
    struct model_name_set taken = {0};
    if (!p->m->api_count)
        return;
    json_open_key(p->out, "apis", '{');
    for (size_t i = 0; i < p->m->api_count; i++) {
        json_open_key(p->out, model_name_own(p->m->arena, &taken, p->m->apis[i].id), '{');
        put_api(p, &p->m->apis[i]);
        json_close(p->out, '}');
    }
    json_close(p->out, '}');
}

/* ---- the project ---- */

static void put_place(struct text *out, const char *source, unsigned line)
{
    put_text(out, "source", source);
    put_whole(out, "line", line);
}

static void put_note(struct text *out, const struct note *note)
{
    json_open(out, '{');
    json_put(out, "text", note->text);
    json_flag(out, "loud", note->loud);
    put_place(out, note->source, note->line);
    json_close(out, '}');
}

/* The model's, and of the documents what CloudFormation would not say. */
static void put_notes(struct printing *p, const struct files *f)
{
    enum { DOUBLED_SAID = 20 };
    const size_t doubled = f->doubled ? f->doubled->n : 0;
    json_open_key(p->out, "notes", '[');
    for (size_t i = 0; i < p->m->note_count; i++)
        put_note(p->out, &p->m->notes[i]);
    for (size_t i = 0; i < doubled && i < DOUBLED_SAID; i++) {
        const struct node *again = f->doubled->items[i];
        const char *text =
            arena_printf(p->m->arena, "the name %.80s stands twice here: the last one holds, as in CloudFormation", again->text);
        put_note(p->out, &(struct note){.text = text, .loud = true, .source = again->source, .line = again->line});
    }
    json_close(p->out, ']');
}

static void put_refusal(struct text *out, const struct refusal *r)
{
    json_put(out, "what", r->what);
    put_place(out, r->source, r->line);
    put_text(out, "remedy", r->remedy);
}

static void put_files(struct text *out, const struct files *f)
{
    static const char *const KINDS[] = {[SEEN_ABSENT] = "absent", [SEEN_FILE] = "file", [SEEN_DIR] = "dir", [SEEN_OTHER] = "other"};
    json_open_key(out, "files", '[');
    for (size_t i = 0; i < f->n; i++) {
        const struct seen *s = &f->seen[i];
        json_open(out, '[');
        json_item(out, s->path);
        json_item(out, KINDS[s->kind]);
        text_printf(out, ",%ju,%ju,%ju,%u,%ju,%u]", (uintmax_t)s->ino, (uintmax_t)s->size, (uintmax_t)s->mtime_s, s->mtime_ns,
                    (uintmax_t)s->ctime_s, s->ctime_ns);
    }
    json_close(out, ']');
}

static void put_project(struct printing *p, const struct refusal **refused, const struct files *f)
{
    const struct model *m = p->m;
    put_text(p->out, "reader", m->reader);
    put_text(p->out, "source", m->source);
    json_open_key(p->out, "names", '{');
    for (size_t i = 0; i < m->function_count; i++) {
        json_open_key(p->out, p->names[i], '[');
        put_others(p, &m->functions[i], p->names[i]);
        json_close(p->out, ']');
    }
    json_close(p->out, '}');
    json_open_key(p->out, "refused", '{');
    for (size_t i = 0; i < m->function_count; i++)
        if (refused[i]) {
            json_open_key(p->out, p->names[i], '{');
            put_refusal(p->out, refused[i]);
            json_close(p->out, '}');
        }
    json_close(p->out, '}');
    json_open_key(p->out, "facts", '{');
    for (size_t i = 0; i < m->function_count; i++) {
        json_open_key(p->out, p->names[i], '{');
        put_facts(p, &m->functions[i]);
        json_close(p->out, '}');
    }
    json_close(p->out, '}');
    put_notes(p, f);
    put_files(p->out, f);
}

void model_print(const struct model *m, const struct files *f, struct text *out)
{
    struct printing p = {.m = m, .names = model_names(m), .out = out};
    const struct refusal **refused = arena_zeroed(m->arena, m->function_count + 1, sizeof *refused);
    p.first = arena_zeroed(m->arena, m->function_count + 1, sizeof *p.first);
    for (size_t i = 0; i < m->function_count; i++)
        if (model_name_first(m->arena, &p.ids, m->functions[i].id))
            p.first[p.ids.n - 1] = i;
    json_open(out, '{');
    json_open_key(out, "functions", '{');
    for (size_t i = 0; i < m->function_count; i++) {
        refused[i] = model_refusal(m->arena, &m->functions[i]);
        if (refused[i])
            continue;
        json_open_key(out, p.names[i], '{');
        put_function(&p, &m->functions[i]);
        json_close(out, '}');
    }
    json_close(out, '}');
    put_apis(&p);
    json_open_key(out, "project", '{');
    put_project(&p, refused, f);
    json_close(out, '}');
    json_close(out, '}');
}
