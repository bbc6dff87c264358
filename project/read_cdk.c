/* SPDX-License-Identifier: Apache-2.0 */
/* read_cdk.c: what cdk synth wrote into cdk.out: the stacks of the manifest and of the assemblies in it (stages), whose code is in assets.
 * The name of an asset in a bucket is its hash, so that no metadata is needed to find it; constructs' ids are taken from tree.json where
 * a template has none. */
#include "base/own.h"
#include "project/assets.h"
#include "project/newer.h"
#include "project/template.h"

#include <string.h>

enum { CONSTRUCTS_MAX = 5000, ASSEMBLIES_DEEP = 8, ASSEMBLIES_MAX = 200, STACKS_MAX = 500, TREE_DEEP = 150 };

struct cdk_assets {  /* of one stack, as <Stack>.assets.json has them */
    const char *dir; /* their paths are relative to it */
    const struct node *manifest;
    struct cdk_assets *next;
};

struct cdk_construct { /* a function of the tree, or the resource that is a nested stack */
    const char *logical_id, *path;
    size_t stack; /* of a nested stack: how much of path its own constructs begin with; 0: a function */
};

struct cdk_stack {
    struct scope *scope;
    const char *dir, *path; /* of its assembly; of its construct */
    size_t first, end;      /* of its functions in the model */
};

struct cdk_export {
    const char *name;
    const struct node *value;
    const struct cdk_stack *stack;
};

struct cdk {
    struct arena *arena;
    struct files *files;
    const struct ask *ask;
    struct model *model;
    struct cdk_assets *assets; /* of all stacks: hashes are the same in each */
    struct assets_missing *missing;
    struct cdk_construct *constructs;
    struct cdk_stack **stacks;
    struct cdk_export *exports;
    size_t construct_count, stack_count, export_count, assembly_count;
    struct node *ids; /* of the functions of all stacks */
};

/* ---- assets ---- */

static bool uploaded_as(const struct node *asset, const char *key)
{
    const struct node *destinations = node_find(asset, "destinations");
    for (size_t i = 0; destinations && destinations->kind == NODE_MAP && i < destinations->n; i++)
        if (node_is(node_find(destinations->members[i].value, "objectKey"), key))
            return true;
    return false;
}

/* The file or directory that is uploaded under a key: HASH.zip, prefix/HASH.json. */
static const char *asset_path(const struct cdk *c, const char *key)
{
    const char *slash = strrchr(key, '/'), *base = slash ? slash + 1 : key, *dot = strchr(base, '.');
    const char *hash = arena_text(c->arena, base, dot ? (size_t)(dot - base) : strlen(base));
    for (const struct cdk_assets *a = c->assets; a; a = a->next) {
        const struct node *files = node_find(a->manifest, "files"), *asset = node_find(files, hash);
        for (size_t i = 0; !asset && files && files->kind == NODE_MAP && i < files->n; i++)
            if (uploaded_as(files->members[i].value, key))
                asset = files->members[i].value;
        const char *path = node_text(node_at(asset, "source", "path", NULL));
        if (path)
            return assets_path(c->files, c->missing, key, a->dir, path, c->ask->root_path, "cdk synth");
    }
    return NULL;
}

/* The last text in a value that has the form of a key: TemplateURL is a Fn::Join or Fn::Sub around one. */
static const char *key_in(const struct node *v, unsigned depth)
{
    const char *found = NULL, *text = node_text(v);
    if (text)
        return strstr(text, ".json") ? text : NULL;
    for (size_t i = v && depth < 8 ? v->n : 0; i-- && !found;)
        found = key_in(v->kind == NODE_LIST ? v->items[i] : v->members[i].value, depth + 1);
    return found;
}

static const char *asset_of(struct scope *s, const struct node *at)
{
    const struct node *key = node_find(at, "S3Key");
    const char *text = node_text(key) ? node_text(key) : key_in(at, 0);
    return text ? asset_path(s->assets, text) : NULL;
}

/* An image that CDK would have built: what it is built from, for the note. */
static void images_note(struct cdk *c)
{
    for (size_t i = 0; i < c->model->function_count; i++) {
        const char *image = c->model->functions[i].image, *tag = image ? strrchr(image, ':') : NULL;
        for (const struct cdk_assets *a = c->assets; tag && a; a = a->next) {
            const struct node *source = node_at(a->manifest, "dockerImages", tag + 1, "source", NULL);
            const char *dir = node_text(node_find(source, "directory")), *file = node_text(node_find(source, "dockerFile"));
            if (!dir)
                continue;
            model_note(c->model, source, false, "the image of %s is built by: docker build -t %s -f %s/%s/%s %s/%s",
                       c->model->functions[i].id, c->model->functions[i].id, a->dir, dir, file ? file : "Dockerfile", a->dir, dir);
            break;
        }
    }
}

/* ---- names ---- */

/* Functions of the tree, whose ids are looked up where a template has no aws:cdk:path, and nested stacks, which come before what is in
 * them: Shop/Nested.NestedStack/Nested.NestedStackResource has what lies below Shop/Nested. */
static void tree_walk(struct cdk *c, const struct node *at, unsigned depth)
{
    const struct node *attributes = node_find(at, "attributes"), *children = node_find(at, "children");
    const struct node *type = node_find(attributes, "aws:cdk:cloudformation:type");
    const char *id = node_text(node_find(attributes, "aws:cdk:cloudformation:logicalId")), *path = node_text(node_find(at, "path"));
    const char *nested = path && node_is(type, "AWS::CloudFormation::Stack") ? strstr(path, ".NestedStack/") : NULL;
    if (id && path && c->construct_count < CONSTRUCTS_MAX && (nested || node_is(type, "AWS::Lambda::Function"))) {
        LIST_ROOM(c->arena, c->constructs, c->construct_count);
        c->constructs[c->construct_count++] = (struct cdk_construct){id, path, nested ? (size_t)(nested - path) : 0};
    }
    for (size_t i = 0; children && children->kind == NODE_MAP && depth < TREE_DEEP && i < children->n; i++)
        tree_walk(c, children->members[i].value, depth + 1);
}

static bool lies_below(const char *path, const char *above, size_t n)
{
    return strncmp(path, above, n) == 0 && path[n] == '/';
}

/* The id of a function with those of the nested stacks around it before it, as template.c names it. */
static const char *full_id(const struct cdk *c, size_t of)
{
    const char *id = "";
    for (size_t n = 1, found = 1; found; n++) { /* outer ones first: their paths are shorter */
        found = 0;
        size_t next = SIZE_MAX;
        for (size_t i = 0; i < c->construct_count; i++) {
            const struct cdk_construct *k = &c->constructs[i];
            if (k->stack >= n && k->stack < next && lies_below(c->constructs[of].path, k->path, k->stack)) {
                next = k->stack;
                found = i + 1;
            }
        }
        if (found)
            id = arena_printf(c->arena, "%s%s/", id, c->constructs[found - 1].logical_id);
        n = next;
    }
    return arena_printf(c->arena, "%s%s", id, c->constructs[of].logical_id);
}

static bool is_named(const struct model_function *f, const char *name)
{
    for (size_t i = 0; i < f->name_count; i++)
        if (strcmp(f->names[i], name) == 0)
            return true;
    return strcmp(f->id, name) == 0;
}

/* The construct's id, and its path, of each function of a stack: "Shop/Orders/Resource" is Orders, and
 * Shop/Orders. */
static void stack_name(struct cdk *c, const struct cdk_stack *stack)
{
    for (size_t i = 0; i < c->construct_count; i++) {
        const char *path = c->constructs[i].path, *end = strrchr(path, '/');
        if (c->constructs[i].stack || !lies_below(path, stack->path, strlen(stack->path)))
            continue;
        const char *id = full_id(c, i),
                   *whole = arena_text(c->arena, path, strcmp(end, "/Resource") == 0 ? (size_t)(end - path) : strlen(path));
        const char *slash = strrchr(whole, '/');
        for (size_t k = stack->first; k < stack->end; k++) {
            if (!is_named(&c->model->functions[k], id))
                continue;
            model_add_name(c->model, &c->model->functions[k], slash ? slash + 1 : whole);
            model_add_name(c->model, &c->model->functions[k], whole);
            break;
        }
    }
}

/* Functions that CDK adds for deployments, besides those with a handler of its own (template.c): their ids end with a hash of its. */
static void functions_leave_out(struct model *m)
{
    static const char *const OWN[] = {"AWS679f53fac002430cb0da5b7982bd2287", "LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8a",
                                      "BucketNotificationsHandler050a0587b7544547bf325f094a3db834", "CustomS3AutoDelete",
                                      "CustomCDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C"};
    for (size_t i = m->function_count; i--;) {
        struct model_function *f = &m->functions[i];
        bool own = f->handler && strcmp(f->handler, "framework.onEvent") == 0;
        for (size_t k = 0; k < COUNT(OWN); k++) {
            own = own || strncmp(f->id, OWN[k], strlen(OWN[k])) == 0;
            for (size_t n = 0; n < f->name_count; n++)
                own = own || strncmp(f->names[n], OWN[k], strlen(OWN[k])) == 0; /* the second of its id is cut */
        }
        if (!own)
            continue;
        struct node at = {.source = f->source, .line = f->line};
        model_note(m, &at, false, "%s is left out: CDK's function for deployments", f->id);
        memmove(f, f + 1, (--m->function_count - i) * sizeof(*f));
    }
}

/* ---- stacks ---- */

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
                        .asset = asset_of,
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
        stack_name(c, k);
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
        tree_walk(c, node_find(tree, "tree"), 0);
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
    functions_leave_out(m);
    images_note(&c);
    newer_look(&c, path);
    return 0;
}
