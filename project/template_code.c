/* SPDX-License-Identifier: Apache-2.0 */
/* template_code.c: where the code of a function or a layer lies: a path of the template's, what a build says of it (aws:asset:path),
 * what a reader knows of buckets, text in the template, an image. Nothing is fetched: what lies elsewhere is refused, and so is what
 * lies outside of the project's root. */
#include "project/template_parts.h"

#include <string.h>

static const char *existing(struct scope *s, const struct node *at, const char *text, struct refusal *why)
{
    const char *path = files_join(s->arena, s->dir, text, s->ask->root_path), *refused = NULL, *remedy = NULL;
    if (strstr(text, "://"))
        refused = arena_printf(s->arena, "%s is not in the project", text);
    else if (!path) {
        refused = arena_printf(s->arena, "%s lies outside the project's root", text);
        remedy = "--project-root DIR";
    } else if (files_look(s->files, path)->kind == SEEN_ABSENT) {
        refused = arena_printf(s->arena, "there is no %s beneath the project's root", path);
        remedy = strstr(s->file, ".aws-sam/build") ? "sam build" : NULL;
    }
    if (!refused)
        return path;
    *why = (struct refusal){.source = at->source, .line = at->line, .what = refused, .remedy = remedy};
    return NULL;
}

/* {S3Bucket, S3Key} or SAM's {Bucket, Key}. */
static const char *in_bucket(struct scope *s, const struct node *at, struct refusal *why)
{
    struct refusal ignored = {0};
    const struct node *key = node_find(at, "S3Key") ? node_find(at, "S3Key") : node_find(at, "Key");
    const char *known = s->asset ? s->asset(s, at) : NULL, *name = key ? value_text(s, key, &ignored) : NULL;
    if (known)
        return known;
    *why = (struct refusal){
        .source = at->source,
        .line = at->line,
        .what =
            name ? arena_printf(s->arena, "it is in a bucket, as %s, not in the project", name) : "it is in a bucket, not in the project",
    };
    return NULL;
}

const char *template_path(struct scope *s, const struct node *resource, const struct node *at, struct refusal *why)
{
    const struct node *metadata = node_find(resource, "Metadata"), *asset = node_find(metadata, "aws:asset:path");
    const struct node *chosen = value_chosen(s, at, why);
    const char *name = NULL;
    const struct node *arg = NULL;
    if (!chosen && why->what)
        return NULL;
    if (chosen && chosen->kind == NODE_MAP && !value_is_function(chosen, &name, &arg)) {
        const char *known = s->asset ? s->asset(s, chosen) : NULL;
        if (known)
            return known;
        return node_text(asset) ? existing(s, asset, node_text(asset), why) : in_bucket(s, chosen, why);
    }
    const char *text = chosen ? value_text(s, chosen, why) : NULL;
    if (!text && !why->what)
        *why = (struct refusal){.source = at->source, .line = at->line, .what = "no path is left of it"};
    return text ? existing(s, at, text, why) : NULL;
}

/* An archive or a layout beneath the root, or a name, which lrun does not look up: an image is never pulled because a template says so. */
static void read_image(struct reading *r, const struct node *uri)
{
    struct refusal why = {0};
    const struct node *dockerfile = node_at(r->resource, "Metadata", "Dockerfile", NULL);
    const char *text = uri ? reading_text(r, "ImageUri", uri) : NULL;
    if (!text) {
        reading_refuse_at(r, "ImageUri", r->resource, "docker build, docker save -o FILE, and ImageUri: FILE",
                          dockerfile ? "its image is not built yet" : "it names no image");
        return;
    }
    r->f->code = existing(r->s, uri, text, &why);
    if (r->f->code)
        return;
    r->f->image = text;
    reading_refuse_at(r, "ImageUri", uri, "docker save -o FILE NAME, and ImageUri: FILE",
                      "%s is no file beneath the project's root, and lrun pulls no image that a template names", text);
}

static void read_inline(struct reading *r, const char *property, const struct node *v)
{
    r->f->inline_code = reading_text(r, property, v);
    if (!r->f->inline_code)
        reading_refuse_at(r, property, v, NULL, "it has no code");
}

static void note_build(struct reading *r)
{
    const struct node *method = node_at(r->resource, "Metadata", "BuildMethod", NULL);
    if (node_text(method) && !strstr(r->s->file, ".aws-sam/build"))
        model_note(r->s->model, method, false, "%s is read as its source, though it is built with %s: sam build builds it", r->id,
                   node_text(method));
}

static void read_packaged(struct reading *r, const char *property, const struct node *at)
{
    struct refusal why = {0};
    struct node here = {.kind = NODE_TEXT, .text = ".", .length = 1, .line = r->resource->line, .source = r->resource->source};
    r->f->code = template_path(r->s, r->resource, at ? at : &here, &why);
    if (!r->f->code && !why.remedy && at && at->kind == NODE_MAP) /* in a bucket: perhaps it is deployed */
        why.remedy = arena_printf(r->s->arena, "lrun project fetch %s brings the deployed one", r->f->name ? r->f->name : r->id);
    if (!r->f->code)
        reading_refuse(r, property, &why);
    note_build(r);
}

void reading_code(struct reading *r)
{
    const struct node *p = r->properties, *code = node_find(p, "Code"), *text = node_find(p, "InlineCode"), *uri = node_find(p, "ImageUri");
    struct refusal why = {0};
    const struct node *chosen = code ? value_chosen(r->s, code, &why) : NULL;
    const struct node *type = node_find(p, "PackageType");
    if (code && !chosen && why.what)
        reading_refuse(r, "Code", &why);
    else if (r->serverless && (uri || node_is(type, "Image")))
        read_image(r, uri);
    else if (r->serverless && text)
        read_inline(r, "InlineCode", text);
    else if (r->serverless)
        read_packaged(r, "CodeUri", node_find(p, "CodeUri"));
    else if (node_find(chosen, "ZipFile"))
        read_inline(r, "Code", node_find(chosen, "ZipFile"));
    else if (node_find(chosen, "ImageUri") || node_is(type, "Image"))
        read_image(r, node_find(chosen, "ImageUri"));
    else if (chosen)
        read_packaged(r, "Code", chosen);
    else
        reading_refuse_at(r, "Code", r->resource, NULL, "it has none");
}
