/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_image.c: an image in an inspection: which of its layers gives what, how it is started, what it has; as FUNCTION, and as the
 * runtime beneath a zip. Its findings are inspect_image_lint.c's. Of layers below others only what the unpacker counted is known: an
 * image's cache entry is one flat tree. Layers are numbered from 0, as in the config. */
#include "launcher/diagnose/inspect.h"

#include "base/json.h"
#include "base/own.h"
#include "lambda/limits.h"

#include <stdio.h>
#include <string.h>

enum { LABEL = 28 };

const struct launch_image *inspection_image(const struct inspection *i)
{
    const struct launch_image *image = &i->launch->inputs.image;
    return image->is_function ? image : NULL;
}

void inspection_count_layers(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    i->image_layer_count = m->given_count;
    for (size_t k = 0; k < m->n; k++)
        if (m->files[k].layer >= i->image_layer_count)
            i->image_layer_count = m->files[k].layer + 1;
    i->image_layers = xcalloc(i->image_layer_count + 1, sizeof *i->image_layers);
    for (size_t k = 0; k < m->n; k++) {
        struct image_layer_left *l = &i->image_layers[m->files[k].layer];
        l->entries++;
        l->files += m->files[k].type != 'd';
        l->bytes += m->files[k].type == 'f' ? m->files[k].size : 0;
    }
}

const char *inspect_giver(const struct inspection *i, const struct merged_file *f, char *text, size_t size)
{
    if (!inspection_image(i))
        return package_provider(&i->package, f->part, text, size);
    snprintf(text, size, "image layer %u", f->layer);
    return text;
}

/* ---- for people ---- */

static void put_name(const char *name, FILE *to)
{
    OWN_PTR char *line = str_line(xstrdup(name));
    fputs(line, to);
}

static void put_label(const char *label, FILE *to)
{
    fprintf(to, "%-*s ", LABEL, label);
}

static void put_words(const struct strv *words, FILE *to)
{
    for (size_t k = 0; k < words->n; k++) {
        fputs(k ? " " : "", to);
        put_name(words->at[k], to);
    }
}

static void put_start(const struct inspection *i, FILE *to)
{
    put_label("starts", to);
    if (!i->launch->argv.n)
        fputs("nothing: neither Entrypoint nor Cmd", to);
    put_words(&i->launch->argv, to);
    fputs(", in ", to);
    put_name(i->launch->workdir, to);
    fputc('\n', to);
}

static void put_environment(const struct image_facts *f, FILE *to)
{
    if (!f->env.n)
        return;
    put_label("variables of its own", to);
    for (size_t k = 0; k < f->env.n; k++) {
        OWN_PTR char *name = xasprintf("%s%.*s", k ? " " : "", (int)strcspn(f->env.at[k], "="), f->env.at[k]);
        put_name(name, to);
    }
    fputc('\n', to);
}

/* AWS's Web Adapter is an extension that turns events into requests. */
static void put_extensions(const struct inspection *i, FILE *to)
{
    const char *before = NULL;
    const struct merged *m = &i->package.merged;
    for (size_t k = 0; k < m->n; k++)
        if (inspection_is_extension(&m->files[k])) {
            const char *name = strrchr(m->files[k].path, '/') + 1;
            if (!before)
                put_label("extensions", to);
            fputs(before ? ", " : "", to);
            put_name(name, to);
            fputs(strcmp(name, "lambda-adapter") == 0 ? " (Lambda Web Adapter)" : "", to);
            before = name;
        }
    fputs(before ? "\n" : "", to);
}

static void put_layer(const struct inspection *i, size_t k, FILE *to)
{
    const struct image_layer_left *l = &i->image_layers[k];
    const struct merged *m = &i->package.merged;
    char label[40];
    snprintf(label, sizeof label, "image layer %zu", k);
    put_label(label, to);
    fprintf(to, "%6u file%s %12ju bytes", l->files, l->files == 1 ? " " : "s", (uintmax_t)l->bytes);
    if (k < m->given_count && m->given[k].bytes > l->bytes)
        fprintf(to, "  of %ju; later layers replaced or removed the rest", (uintmax_t)m->given[k].bytes);
    fputc('\n', to);
}

void inspect_image_text(const struct inspection *i, FILE *to)
{
    const struct launch_image *image = inspection_image(i);
    const struct image_facts *f = &image->facts;
    const char *path = i->package.inputs->function.path, *slash = strrchr(path, '/');
    uint64_t all = 0;
    unsigned files = 0;
    OWN_PTR char *label = str_line(xasprintf("image %s", slash && slash[1] ? slash + 1 : path));
    put_label(label, to);
    fprintf(to, "config sha256:%s, %s\n", f->config, f->architecture);
    if (f->manifest[0]) {
        put_label("", to);
        fprintf(to, "manifest sha256:%s\n", f->manifest);
    }
    put_start(i, to);
    if (inspection_is_aws(i)) {
        put_label("base", to);
        fputs("AWS's: /lambda-entrypoint.sh starts /var/runtime/bootstrap with Cmd as handler\n", to);
    }
    put_environment(f, to);
    put_extensions(i, to);
    for (size_t k = 0; k < i->image_layer_count; k++) {
        put_layer(i, k, to);
        all += i->image_layers[k].bytes;
        files += i->image_layers[k].files;
    }
    put_label("together", to);
    fprintf(to, "%6u file%s %12ju bytes  %.1f %% of %ju\n", files, files == 1 ? " " : "s", (uintmax_t)all,
            (double)all * 100 / (double)IMAGE_BYTES_MAX, (uintmax_t)IMAGE_BYTES_MAX);
}

void inspect_image_runtime(const struct inspection *i, FILE *to)
{
    const struct image_facts *f = &i->launch->inputs.image.facts;
    const struct runtime *rt = &i->launch->runtime;
    if (!f->chain[0] || inspection_image(i))
        return;
    put_label("", to);
    fprintf(to, "an image, config sha256:%.12s: ", f->config);
    if (rt->own_bootstrap)
        fputs("its own /var/runtime/bootstrap is started", to);
    else if (rt->by_entrypoint)
        put_words(&i->launch->argv, to);
    else
        fputs("its files are shown", to);
    fprintf(to, "; %zu variable%s of its own\n", f->env.n, f->env.n == 1 ? "" : "s");
}

/* ---- for programs ---- */

static void put_json_layer(struct text *out, size_t k, const void *of)
{
    const struct inspection *i = of;
    const struct merged *m = &i->package.merged;
    const struct image_layer_left *l = &i->image_layers[k];
    bool known = k < m->given_count;
    json_num(out, "files", l->files);
    json_num(out, "bytes", (double)l->bytes);
    if (known)
        json_num(out, "broughtBytes", (double)m->given[k].bytes);
    else
        json_put(out, "broughtBytes", NULL);
}

static void put_json_variables(struct text *out, const struct strv *env)
{
    json_open_key(out, "environment", '{');
    for (size_t k = 0; k < env->n; k++) {
        const char *value = strchr(env->at[k], '=');
        OWN_PTR char *name = xasprintf("%.*s", (int)strcspn(env->at[k], "="), env->at[k]);
        json_put(out, name, value ? value + 1 : "");
    }
    json_close(out, '}');
}

static void put_json_extensions(struct text *out, const struct merged *m, bool whole)
{
    struct strv found = {0};
    for (size_t k = 0; whole && k < m->n; k++)
        if (inspection_is_extension(&m->files[k]))
            strv_add(&found, xstrdup(strrchr(m->files[k].path, '/') + 1));
    json_strings(out, "extensions", (const char *const *)found.at);
    strv_done(&found);
}

void inspect_image_json(const struct inspection *i, struct text *out)
{
    const struct image_facts *f = &i->launch->inputs.image.facts;
    bool whole = inspection_image(i) != NULL;
    if (!f->chain[0]) {
        json_put(out, "image", NULL);
        return;
    }
    json_open_key(out, "image", '{');
    json_put(out, "as", whole ? "function" : "runtime");
    json_put(out, "config", f->config);
    json_put(out, "manifest", f->manifest[0] ? f->manifest : NULL);
    json_put(out, "chain", f->chain);
    json_put(out, "architecture", f->architecture);
    if (whole)
        json_flag(out, "indexed", f->indexed);
    else
        json_put(out, "indexed", NULL); /* it is not kept in the store */
    json_strings(out, "entrypoint", (const char *const *)f->entrypoint.at);
    json_strings(out, "command", (const char *const *)f->cmd.at);
    json_put(out, "workdir", f->workdir);
    put_json_variables(out, &f->env);
    json_flag(out, "awsBase", whole ? inspection_is_aws(i) : i->launch->runtime.own_bootstrap);
    put_json_extensions(out, &i->package.merged, whole);
    json_objects(out, "layers", whole ? i->image_layer_count : 0, put_json_layer, i);
    json_close(out, '}');
}
