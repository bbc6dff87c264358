/* SPDX-License-Identifier: Apache-2.0 */
/* read_cdk.c: what cdk synth wrote into cdk.out: the stacks of the manifest and of the assemblies in it (stages), whose code is in assets.
 * The name of an asset in a bucket is its hash, so that no metadata is needed to find it; constructs' ids are taken from tree.json where
 * a template has none. */
#include "base/own.h"
#include "project/cdk.h"
#include "project/newer.h"

#include <string.h>

enum { ASSEMBLIES_DEEP = 8, ASSEMBLIES_MAX = 200, STACKS_MAX = 500 };

/* aws://ACCOUNT/REGION of a stack holds where the user wants neither; unknown-account and unknown-region where CDK does not know. */
static const struct ask *stack_ask(struct cdk *c, const char *environment)
{
    const char *account = environment && strncmp(environment, "aws://", 6) == 0 ? environment + 6 : NULL;
    const char *region = account ? strchr(account, '/') : NULL;
    struct ask *ask = arena_zeroed(c->arena, 1, sizeof(*ask));
    *ask = *c->ask;
    if (region && strncmp(region + 1, "unknown", 7) != 0 && (!ask->region || strcmp(ask->region, "us-east-1") == 0))
        ask->region = region + 1;
    if (region && strncmp(account, "unknown", 7) != 0 && (!ask->account || strcmp(ask->account, "123456789012") == 0))
        ask->account = arena_text(c->arena, account, (size_t)(region - account));
    return ask;
}

/* What another stack exports under the name: of the same assembly first, since stages may have stacks of one name. */
static const struct node *export_of(struct scope *s, const char *name, struct scope **ret_scope)
{
    const struct cdk *c = s->assets;
    const char *dir = files_dir(c->arena, scope_top(s)->file);
    const struct cdk_export *found = NULL;
    for (size_t i = 0; i < c->export_count; i++)
        if (strcmp(c->exports[i].name, name) == 0 && (!found || strcmp(c->exports[i].stack->dir, dir) == 0))
            found = &c->exports[i];
    *ret_scope = found ? found->stack->scope : NULL;
    return found ? found->value : NULL;
}

static void exports_read(struct cdk *c, const struct cdk_stack *k)
{
    const struct node *outputs = node_find(k->scope->top, "Outputs");
    for (size_t i = 0; outputs && outputs->kind == NODE_MAP && i < outputs->n; i++) {
        struct refusal ignored = {0};
        const struct node *output = outputs->members[i].value, *name = node_at(output, "Export", "Name", NULL);
        const char *text = name ? value_text(k->scope, name, &ignored) : NULL;
        if (!text || !node_find(output, "Value"))
            continue;
        LIST_ROOM(c->arena, c->exports, c->export_count);
        c->exports[c->export_count++] = (struct cdk_export){text, node_find(output, "Value"), k};
    }
}

static int stack_open(struct cdk *c, const char *dir, const char *id, const struct node *artifact, struct err *err)
{
    const struct node *properties = node_find(artifact, "properties");
    const char *file = node_text(node_find(properties, "templateFile")), *name = node_text(node_find(properties, "stackName"));
    const char *shown = node_text(node_find(artifact, "displayName"));
    const char *path = file ? files_join(c->arena, dir, file, c->ask->root_path) : NULL;
    if (!path || c->stack_count == STACKS_MAX) {
        fail(err, 0, file ? file : id, "read a stack of the manifest");
        return fail_hint(err, path ? "lrun reads 500 stacks" : "its template lies outside of the project: --project-root DIR");
    }
    struct scope *s = arena_zeroed(c->arena, 1, sizeof(*s));
    *s = (struct scope){.arena = c->arena,
                        .ask = stack_ask(c, node_text(node_find(artifact, "environment"))),
                        .files = c->files,
                        .model = c->model,
                        .stack = name ? name : id,
                        .path = "",
                        .ids = c->ids,
                        .asset = cdk_asset,
                        .exported = export_of,
                        .assets = c};
    if (scope_open(s, path, err) < 0)
        return -1;
    struct cdk_stack *k = arena_zeroed(c->arena, 1, sizeof(*k));
    /* "Prod/Shop (Prod-Shop)" is the path Prod/Shop */
    *k = (struct cdk_stack){
        .scope = s, .dir = files_dir(c->arena, path), .path = shown ? arena_text(c->arena, shown, strcspn(shown, " (")) : id};
    LIST_ROOM(c->arena, c->stacks, c->stack_count);
    c->stacks[c->stack_count++] = k;
    exports_read(c, k);
    return 0;
}

/* Functions of all stacks first: routes of one may lead to another's. */
static void stacks_read(struct cdk *c)
{
    for (size_t i = 0; i < c->stack_count; i++) {
        struct cdk_stack *k = c->stacks[i];
        k->first = c->model->function_count;
        template_functions(k->scope);
        k->end = c->model->function_count;
        for (size_t f = k->first; f < k->end; f++)
            c->model->functions[f].region = k->scope->ask->region != c->ask->region ? k->scope->ask->region : NULL;
        cdk_stack_name(c, k);
    }
    for (size_t i = 0; i < c->stack_count; i++)
        template_apis(c->stacks[i]->scope);
}

static int assets_read(struct cdk *c, const char *dir, const struct node *artifact, struct err *err)
{
    const char *file = node_text(node_at(artifact, "properties", "file", NULL));
    const char *path = file ? files_join(c->arena, dir, file, c->ask->root_path) : NULL;
    const struct node *manifest = path ? files_document(c->files, path, err) : NULL;
    if (!path)
        return 0;
    if (!manifest)
        return -1;
    struct cdk_assets *a = arena_zeroed(c->arena, 1, sizeof(*a));
    *a = (struct cdk_assets){.dir = files_dir(c->arena, path), .manifest = manifest, .next = c->assets};
    c->assets = a;
    return 0;
}

static int tree_read(struct cdk *c, const char *dir, const struct node *artifact)
{
    struct err ignored = {0}; /* names are a convenience */
    const char *file = node_text(node_at(artifact, "properties", "file", NULL));
    const char *path = file ? files_join(c->arena, dir, file, c->ask->root_path) : NULL;
    const struct node *tree = path ? files_document(c->files, path, &ignored) : NULL;
    if (tree)
        cdk_tree_walk(c, node_find(tree, "tree"), 0);
    return 0;
}

static int manifest_read(struct cdk *c, const char *path, unsigned depth, bool stacks, struct err *err);

/* One pass: assets, trees and assemblies first, since a stack may be named before its assets. */
static int artifact_read(struct cdk *c, const char *dir, const struct node_member *m, unsigned depth, bool stacks, struct err *err)
{
    const struct node *type = node_find(m->value, "type");
    if (node_is(type, "cdk:cloud-assembly")) {
        const char *name = node_text(node_at(m->value, "properties", "directoryName", NULL));
        const char *path = name ? files_join(c->arena, dir, arena_printf(c->arena, "%s/manifest.json", name), c->ask->root_path) : NULL;
        return path ? manifest_read(c, path, depth + 1, stacks, err) : 0;
    }
    if (stacks)
        return node_is(type, "aws:cloudformation:stack") ? stack_open(c, dir, m->name, m->value, err) : 0;
    if (node_is(type, "cdk:asset-manifest"))
        return assets_read(c, dir, m->value, err);
    return node_is(type, "cdk:tree") ? tree_read(c, dir, m->value) : 0;
}

static int manifest_read(struct cdk *c, const char *path, unsigned depth, bool stacks, struct err *err)
{
    const struct node *top = files_document(c->files, path, err), *artifacts = node_find(top, "artifacts");
    if (!top)
        return -1;
    if (!artifacts || artifacts->kind != NODE_MAP)
        return fail(err, 0, path, "read CDK's manifest: it has no artifacts");
    if (depth > ASSEMBLIES_DEEP || ++c->assembly_count > 2 * ASSEMBLIES_MAX) /* each is read twice */
        return fail(err, 0, path, "read assemblies within assemblies: too many");
    for (size_t i = 0; i < artifacts->n; i++)
        if (artifact_read(c, files_dir(c->arena, path), &artifacts->members[i], depth, stacks, err) < 0)
            return -1;
    return 0;
}

/* The application's files, where cdk init and most people have them. */
static void newer_look(struct cdk *c, const char *manifest)
{
    static const char *const ENDS[] = {".ts", ".js", ".mjs", ".py", ".go", ".cs", ".java", "cdk.json", NULL};
    static const char *const DIRS[] = {"", "bin", "lib", "src"};
    const char *project = files_dir(c->arena, files_dir(c->arena, manifest));
    for (size_t d = 0; d < COUNT(DIRS); d++)
        newer_note(c->files, c->model, manifest, files_join(c->arena, project, DIRS[d], NULL), ENDS, "run cdk synth again");
}

int read_cdk(const struct ask *ask, struct files *files, const char *path, struct model *m, struct err *err)
{
    struct assets_missing missing = {0};
    struct cdk c = {
        .arena = m->arena, .files = files, .ask = ask, .model = m, .missing = &missing, .ids = node_new(m->arena, NODE_MAP, NULL)};
    m->reader = "cdk";
    m->source = path;
    if (manifest_read(&c, path, 0, false, err) < 0 || manifest_read(&c, path, 0, true, err) < 0)
        return -1;
    stacks_read(&c);
    assets_explain(m, &missing);
    cdk_leave_out(m);
    cdk_images_note(&c);
    newer_look(&c, path);
    return 0;
}
