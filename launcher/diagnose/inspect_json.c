/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_json.c: an inspection for programs: docs/inspect.schema.json. */
#include "launcher/diagnose/inspect.h"

#include "base/json.h"
#include "base/own.h"

#include <stdio.h>
#include <string.h>

static void put_parts(const struct inspection *i, struct text *out)
{
    json_key(out, "parts");
    json_open(out, '[');
    for (unsigned p = 0; p <= i->package.inputs->layer_count; p++) {
        char sha[45];
        inspect_code_sha256(i, p, sha);
        json_open(out, '{');
        json_put(out, "path", package_input(&i->package, p)->path);
        json_put(out, "at", p ? "/opt" : "/var/task");
        json_put(out, "codeSha256", sha[0] ? sha : NULL);
        json_num(out, "files", i->files[p]);
        json_num(out, "bytes", (double)i->bytes[p]);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_files(const struct inspection *i, struct text *out)
{
    const struct merged *m = &i->package.merged;
    json_key(out, "files");
    json_open(out, '[');
    for (size_t k = 0; k < m->n; k++) {
        const struct merged_file *f = &m->files[k];
        char mode[16];
        snprintf(mode, sizeof mode, "%04o", (unsigned)f->mode & 07777);
        json_open(out, '{');
        json_put(out, "path", f->path);
        json_put(out, "type", f->type == 'd' ? "directory" : f->type == 'l' ? "link" : "file");
        json_put(out, "mode", f->mode < 0 ? NULL : mode);
        json_num(out, "size", (double)f->size);
        json_num(out, "part", f->part);
        json_flag(out, "hidden", f->hidden);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_shadows(const struct inspection *i, struct text *out)
{
    json_key(out, "shadows");
    json_open(out, '[');
    for (size_t k = 0; k < i->shadow_count; k++) {
        json_open(out, '{');
        json_put(out, "path", i->shadows[k].seen->path);
        json_num(out, "seen", i->shadows[k].seen->part);
        json_num(out, "hides", i->shadows[k].below->part);
        json_flag(out, "same", i->shadows[k].same);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_key(out, "modules");
    json_open(out, '[');
    for (size_t k = 0; k < i->module_count; k++) {
        json_open(out, '{');
        json_put(out, "name", i->modules[k].name);
        json_put(out, "version", i->modules[k].version);
        json_num(out, "part", i->modules[k].part);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_lints(const struct inspection *i, struct text *out)
{
    json_key(out, "findings");
    json_open(out, '[');
    for (size_t k = 0; k < i->lint_count; k++) {
        json_open(out, '{');
        json_put(out, "severity", i->lints[k].error ? "error" : "warning");
        json_put(out, "id", i->lints[k].id);
        json_put(out, "path", i->lints[k].path[0] ? i->lints[k].path : NULL);
        json_put(out, "text", i->lints[k].text);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_surroundings(const struct inspection *i, struct text *out)
{
    const struct launch *l = i->launch;
    json_key(out, "variables");
    json_open(out, '{');
    for (size_t k = 0; k < l->envp.n; k++) {
        OWN_PTR char *name = xasprintf("%.*s", (int)strcspn(l->envp.at[k], "="), l->envp.at[k]);
        json_put(out, name, inspect_value(i, l->envp.at[k]));
    }
    json_close(out, '}');
    json_key(out, "mounts");
    json_open(out, '[');
    for (size_t k = 0; k < l->plan.n; k++) {
        const struct row *row = &l->plan.rows[k];
        if (row->flags & FLAG_ELSE)
            continue;
        OWN_PTR char *path = xasprintf("/%s", row->target);
        json_open(out, '{');
        json_put(out, "path", path);
        json_put(out, "kind", plan_kind(row->kind));
        json_flag(out, "writable", row->flags & FLAG_RW);
        json_put(out, "why", row->why);
        json_close(out, '}');
    }
    json_close(out, ']');
}

void inspect_json(const struct inspection *i, FILE *to)
{
    struct text out = {0};
    json_open(&out, '{');
    json_put(&out, "schema", "lrun.inspect/1");
    json_put(&out, "runtime", i->launch->runtime.id);
    json_put(&out, "handler", launch_handler(i->launch));
    put_parts(i, &out);
    put_files(i, &out);
    put_shadows(i, &out);
    put_lints(i, &out);
    put_surroundings(i, &out);
    json_close(&out, '}');
    text_puts(&out, "\n");
    fwrite(out.at, 1, out.n, to);
    text_done(&out);
}
