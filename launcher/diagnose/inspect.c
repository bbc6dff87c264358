/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c: gathers an inspection: sizes, paths that several bring, modules, findings. The findings are inspect_lint.c and those it
 * calls, printing inspect_text.c, inspect_json.c, inspect_graph.c. Nothing of the package is run or parsed here: files are known by
 * the cache's manifests. Sizes are counted as AWS does, where several entries of one name each count. */
#include "launcher/diagnose/inspect.h"

#include "base/base64.h"
#include "base/num.h"
#include "base/own.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void count(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    for (size_t k = 0; k < m->n; k++)
        if (m->files[k].type != 'd') {
            i->files[m->files[k].part]++;
            i->bytes[m->files[k].part] += m->files[k].size;
        }
    for (unsigned p = 0; p < m->part_count; p++) /* as AWS counts: each of several entries of one name */
        if (package_entry(&i->package, p))
            i->bytes[p] = package_entry(&i->package, p)->size;
}

uint64_t inspection_bytes(const struct inspection *i)
{
    uint64_t all = 0;
    for (unsigned p = 0; p <= i->package.inputs->layer_count; p++)
        all += i->bytes[p];
    return all;
}

/* Directories merge and hide nothing. */
static void find_shadows(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    size_t cap = 0;
    for (size_t k = 0; k + 1 < m->n; k++)
        for (size_t l = k + 1; l < m->n && strcmp(m->files[k].path, m->files[l].path) == 0; l++) {
            const struct merged_file *seen = &m->files[k], *below = &m->files[l];
            if (seen->hidden || (seen->type == 'd' && below->type == 'd'))
                continue;
            if (i->shadow_count == cap)
                i->shadows = xrealloc(i->shadows, cap = cap ? cap * 2 : 64, sizeof *i->shadows);
            bool known = package_entry(&i->package, seen->part) && package_entry(&i->package, below->part);
            i->shadows[i->shadow_count++] =
                (struct shadow){seen, below, known && seen->type == below->type && seen->size == below->size && seen->crc == below->crc};
        }
}

void inspect_code_sha256(const struct inspection *i, unsigned part, char *ret)
{
    const struct cache_entry *e = package_entry(&i->package, part);
    unsigned char digest[DIGEST_HEX / 2];
    struct text out = {0};
    ret[0] = 0;
    for (size_t k = 0; e && k < sizeof digest; k++) {
        const char hex[3] = {e->digest[2 * k], e->digest[2 * k + 1], 0};
        uint64_t byte;
        if (num_plain(hex, 16, &byte) < 0)
            return;
        digest[k] = (unsigned char)byte;
    }
    if (e)
        base64_encode(digest, sizeof digest, &out);
    snprintf(ret, 45, "%s", out.n ? out.at : "");
    text_done(&out);
}

const char *inspect_value(const struct inspection *i, const char *variable)
{
    const char *value = strchr(variable, '=') + 1;
    bool secret = str_begins(variable, "AWS_SECRET_ACCESS_KEY=") || str_begins(variable, "AWS_SECRET_KEY=") ||
                  str_begins(variable, "AWS_SESSION_TOKEN=");
    return secret && i->launch->request->credentials != CREDENTIALS_FAKE ? "(not shown)" : value;
}

void lint_add(struct inspection *i, bool error, const char *id, const char *path, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    i->lints = xrealloc(i->lints, i->lint_count + 1, sizeof *i->lints);
    i->lints[i->lint_count++] = (struct lint){error, id, xstrdup(path), xstrdup(text)};
    i->errors += error;
}

void inspection_make(struct inspection *i)
{
    count(i);
    if (inspection_image(i)) {
        inspection_count_layers(i);
        inspection_lint_image(i);
        return;
    }
    find_shadows(i);
    inspection_modules(i);
    inspection_find_builds(i);
    inspection_find_endings(i);
    inspection_lint(i);
}

void inspection_done(struct inspection *i)
{
    for (size_t k = 0; k < i->module_count; k++) {
        free(i->modules[k].name);
        free(i->modules[k].version);
    }
    for (size_t k = 0; k < i->lint_count; k++) {
        free(i->lints[k].path);
        free(i->lints[k].text);
    }
    free(i->shadows);
    free(i->modules);
    free(i->lints);
    free(i->builds);
    free(i->endings);
    free(i->image_layers);
}
