/* SPDX-License-Identifier: Apache-2.0 */
/* read_serverless_package.c: what `serverless package` (v3, v4, osls) wrote into .serverless: the template for CloudFormation says what is
 * deployed, the archives lie beside it, and serverless-state.json has the functions' names in serverless.yml, and artifacts that were
 * packaged elsewhere. */
#include "base/own.h"
#include "project/assets.h"
#include "project/newer.h"
#include "project/serverless_id.h"
#include "project/template.h"

#include <string.h>

static const char STATE[] = "serverless-state.json", TEMPLATE[] = "cloudformation-template-update-stack.json";
enum { REFERENCES_MAX = 20 };

struct package {
    struct arena *arena;
    struct files *files;
    const struct ask *ask;
    const char *dir; /* .serverless */
    struct assets_missing *missing;
    const struct node *state; /* NULL: there is none */
};

/* The value at $["service"]["functions"]["x"][0]: keys are JSON strings. NULL: it is no such path, or leads nowhere. */
static const struct node *state_path(const struct package *p, const char *path)
{
    const struct node *at = p->state;
    if (*path++ != '$')
        return NULL;
    while (at && *path == '[') {
        bool text = path[1] == '"';
        const char *from = path + 1 + text;
        size_t n = strcspn(from, text ? "\"" : "]");
        const char *name = arena_text(p->arena, from, n);
        uint64_t i = 0;
        if (from[n] != (text ? '"' : ']') || (text && from[n + 1] != ']'))
            return NULL;
        if (at->kind == NODE_LIST)
            at = node_number(node_new_text(p->arena, name, NULL), &i) && i < at->n ? at->items[i] : NULL;
        else
            at = node_find(at, name);
        path = from + n + 1 + text;
    }
    return *path ? NULL : at;
}

/* A value of the state; one that occurs twice is {"$ref": path} at its other places. */
static const struct node *state_value(const struct package *p, const struct node *v)
{
    for (unsigned i = 0; v && v->kind == NODE_MAP && v->n == 1 && i < REFERENCES_MAX; i++) {
        const char *path = strcmp(v->members[0].name, "$ref") == 0 ? node_text(v->members[0].value) : NULL;
        if (!path)
            break;
        v = state_path(p, path);
    }
    return v;
}

static const struct node *state_find(const struct package *p, const struct node *map, const char *name)
{
    return state_value(p, node_find(state_value(p, map), name));
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The artifact with this base name that the state has for one of the things in a map of functions or layers. */
static const char *artifact_in(const struct package *p, const struct node *map, const char *base)
{
    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->n; i++) {
        const char *path = node_text(state_find(p, state_find(p, map->members[i].value, "package"), "artifact"));
        if (path && strcmp(base_name(path), base) == 0)
            return path;
    }
    return NULL;
}

static const char *artifact_of(const struct package *p, const char *base)
{
    const struct node *service = state_find(p, p->state, "service");
    const char *found = artifact_in(p, state_find(p, service, "functions"), base);
    if (!found)
        found = artifact_in(p, state_find(p, service, "layers"), base);
    const char *whole = node_text(state_find(p, state_find(p, p->state, "package"), "artifact"));
    return !found && whole && strcmp(base_name(whole), base) == 0 ? whole : found;
}

/* The archive that is uploaded under a key: beside the template, else where it was packaged: on this machine beneath the root, or as the
 * service names it. */
static const char *asset_of(struct scope *s, const struct node *at)
{
    const struct package *p = s->assets;
    const char *key = node_text(node_find(at, "S3Key"));
    if (!key)
        return NULL;
    const char *base = base_name(key), *beside = files_join(p->arena, p->dir, base, NULL);
    if (beside && files_look(p->files, beside)->kind == SEEN_FILE)
        return beside;
    const char *artifact = artifact_of(p, base);
    return assets_path(p->files, p->missing, key, artifact ? files_dir(p->arena, p->dir) : p->dir, artifact ? artifact : base,
                       p->ask->root_path, "serverless package");
}

static struct model_function *function_of(const struct scope *s, const char *logical_id)
{
    const char *id = template_function_id(s, logical_id);
    for (size_t i = 0; id && i < s->model->function_count; i++)
        if (strcmp(s->model->functions[i].id, id) == 0)
            return &s->model->functions[i];
    return NULL;
}

/* Each function answers to its key in serverless.yml; what Serverless itself deploys beside them is left out. */
static void functions_name(struct scope *s, const struct package *p)
{
    const struct node *functions = state_find(p, state_find(p, p->state, "service"), "functions");
    for (size_t i = 0; functions && functions->kind == NODE_MAP && i < functions->n; i++) {
        const char *key = functions->members[i].name;
        const char *id = serverless_logical_id(p->arena, key, "LambdaFunction");
        struct model_function *f = function_of(s, id);
        if (f)
            model_add_name(s->model, f, key);
    }
    for (size_t i = s->model->function_count; i--;) {
        struct model_function *f = &s->model->functions[i];
        if (strncmp(f->id, "CustomDashresource", 18) != 0)
            continue;
        model_note(s->model, NULL, false, "%s is left out: Serverless's function for deployments", f->id);
        memmove(f, f + 1, (--s->model->function_count - i) * sizeof(*f));
    }
}

/* The service's file, and the files that handlers are in, against the package. */
static void newer_look(struct scope *s, const struct package *p, const char *built)
{
    static const char *const ENDS[] = {"py", "js", "mjs", "cjs", "ts", "mts", "rb"};
    static const char REMEDY[] = "run serverless package again";
    struct arena *a = p->arena;
    const char *dir = files_dir(a, p->dir), *before = *dir ? arena_printf(a, "%s/", dir) : "";
    const char *named = node_text(state_find(p, state_find(p, p->state, "service"), "serviceFilename"));
    newer_note_file(p->files, s->model, built, arena_printf(a, "%s%s", before, named && !strchr(named, '/') ? named : "serverless.yml"),
                    REMEDY);
    for (size_t i = 0; i < s->model->function_count; i++) {
        const char *handler = s->model->functions[i].handler, *dot = handler ? strrchr(handler, '.') : NULL;
        for (size_t k = 0; dot && k < COUNT(ENDS); k++) {
            const char *file = arena_printf(a, "%.*s.%s", (int)(dot - handler), handler, ENDS[k]), *path = files_join(a, dir, file, NULL);
            if (path)
                newer_note_file(p->files, s->model, built, path, REMEDY);
        }
    }
}

/* The state beside a template, and the template beside a state. */
static int package_open(struct package *p, const char *path, const char **ret_template, struct err *err)
{
    p->dir = files_dir(p->arena, path);
    const char *state = files_join(p->arena, p->dir, STATE, NULL), *template = files_join(p->arena, p->dir, TEMPLATE, NULL);
    bool given = strcmp(base_name(path), STATE) != 0;
    if (files_look(p->files, state)->kind == SEEN_FILE && !(p->state = files_document(p->files, state, err)))
        return -1;
    *ret_template = given ? path : template;
    if (given || files_look(p->files, template)->kind == SEEN_FILE)
        return 0;
    fail(err, 0, path, "read the package: %s is not beside it", TEMPLATE);
    return fail_hint(err, "run serverless package");
}

int read_serverless_package(const struct ask *asked, struct files *files, const char *path, struct model *m, struct err *err)
{
    struct arena *a = m->arena;
    struct ask ask = *asked;
    struct assets_missing missing = {0};
    struct package p = {.arena = a, .files = files, .ask = &ask, .missing = &missing};
    const char *template = NULL;
    if (package_open(&p, path, &template, err) < 0)
        return -1;
    const struct node *service = state_find(&p, p.state, "service"), *provider = state_find(&p, service, "provider");
    const char *name = node_text(state_find(&p, service, "service")), *stage = node_text(state_find(&p, provider, "stage"));
    const char *region = node_text(state_find(&p, provider, "region"));
    if (region && (!ask.region || strcmp(ask.region, "us-east-1") == 0))
        ask.region = region; /* lrun's default is nobody's wish */
    struct scope scope = {.arena = a,
                          .ask = &ask,
                          .files = files,
                          .model = m,
                          .stack = name ? arena_printf(a, "%s-%s", name, stage ? stage : "dev") : "local",
                          .path = "",
                          .asset = asset_of,
                          .assets = &p};
    m->reader = "serverless-package";
    m->source = path;
    if (scope_open(&scope, template, err) < 0 || value_check_parameters(&scope, err) < 0)
        return -1;
    if (ask.stage && stage && strcmp(ask.stage, stage) != 0)
        model_note(m, p.state, true, "the package was made for stage %s: --stage %s needs serverless package --stage %s", stage, ask.stage,
                   ask.stage);
    template_functions(&scope);
    for (size_t i = 0; i < m->function_count; i++)
        m->functions[i].region = ask.region == region ? region : NULL;
    template_apis(&scope);
    assets_explain(m, &missing);
    functions_name(&scope, &p);
    newer_look(&scope, &p, template);
    return 0;
}
