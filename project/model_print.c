/* SPDX-License-Identifier: Apache-2.0 */
/* model_print.c: the model as lrun.json. Each member is there only if the project says it, so that lrun's defaults hold where it says
 * nothing; what the members mean is docs/config.schema.json's. Text members are a table, in the order in which they are printed. What
 * cannot run stands in "project" alone. model_print_values.c: what members are made of; model_print_api.c: APIs. */
#include "project/model_print.h"

#include "base/json.h"
#include "base/own.h"
#include "project/model_print_parts.h"

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

static void put_whole(struct text *out, const char *key, uint64_t n)
{
    json_key(out, key);
    text_printf(out, "%ju", (uintmax_t)n);
}

static void put_texts(struct text *out, const struct model_function *f, const struct member *members, size_t n)
{
    for (size_t i = 0; i < n; i++)
        print_text(out, members[i].name, *(const char *const *)(const void *)((const char *)f + members[i].at));
}

static const char *path_text(const char *path)
{
    return path && !*path ? "." : path; /* the root itself */
}

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
    print_text(p->out, "code", path_text(f->code));
    put_texts(p->out, f, TEXTS, COUNT(TEXTS));
    for (size_t i = 0; i < COUNT(NUMBERS); i++) {
        uint64_t n = *(const uint64_t *)(const void *)((const char *)f + NUMBERS[i].at);
        if (n)
            put_whole(p->out, NUMBERS[i].name, n);
    }
    print_pairs(p, "env", f->variables, f->variable_count);
    put_layers(p->out, f);
    print_list(p->out, "entrypoint", f->entrypoint, f->entrypoint_count);
    print_list(p->out, "command", f->command, f->command_count);
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
    print_value(p->out, "url-cors", f->url.cors_config);
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

/* ---- the project ---- */

static void put_place(struct text *out, const char *source, unsigned line)
{
    print_text(out, "source", source);
    put_whole(out, "line", line);
}

static void put_note(struct text *out, const struct note *note)
{
    json_open(out, '{');
    json_put(out, "text", note->text);
    json_flag(out, "loud", note->loud);
    if (note->api)
        json_flag(out, "api", true);
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
    print_text(out, "remedy", r->remedy);
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
    print_text(p->out, "reader", m->reader);
    print_text(p->out, "source", m->source);
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
    print_apis(&p);
    json_open_key(out, "project", '{');
    put_project(&p, refused, f);
    json_close(out, '}');
    json_close(out, '}');
}
