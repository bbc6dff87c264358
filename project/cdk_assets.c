/* SPDX-License-Identifier: Apache-2.0 */
/* cdk_assets.c: where code, layers and nested templates of cdk.out lie. The name of an asset in a bucket is its hash as a rule, which the
 * stack's list of assets has with its path; another key stands in the asset's destinations. Images are built by Docker, which lrun does
 * not start: a note says of what. */
#include "project/cdk.h"

#include <string.h>

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

const char *cdk_asset(struct scope *s, const struct node *at)
{
    const struct node *key = node_find(at, "S3Key");
    const char *text = node_text(key) ? node_text(key) : key_in(at, 0);
    return text ? asset_path(s->assets, text) : NULL;
}

/* An image that CDK would have built: what it is built from, for the note. */
void cdk_images_note(struct cdk *c)
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
