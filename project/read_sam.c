/* SPDX-License-Identifier: Apache-2.0 */
/* read_sam.c: reads a template of SAM's or CloudFormation's, as its author wrote it or as sam build did. samconfig.toml lies beside the
 * original. A build that is older than its sources is read all the same, and a loud note names the first file that is newer; how much is
 * looked at for that has a limit, since a CodeUri may be a home directory. */
#include "project/samconfig.h"
#include "project/template.h"

#include "base/str.h"

#include <string.h>

static const char BUILD[] = ".aws-sam/build/";
enum { LOOKED_MAX = 1000 }; /* sources that are compared with a build */

/* The directory of the original template: where .aws-sam lies, or the template's own. */
static const char *project_dir(struct arena *a, const char *path, bool *ret_built)
{
    const char *build = strstr(path, BUILD);
    *ret_built = build && (build == path || build[-1] == '/') && !strchr(build + strlen(BUILD), '/');
    if (!*ret_built)
        return files_dir(a, path);
    return build == path ? "" : arena_text(a, path, (size_t)(build - path) - 1);
}

static bool later(const struct seen *s, const struct seen *than)
{
    return s->mtime_s != than->mtime_s ? s->mtime_s > than->mtime_s : s->mtime_ns > than->mtime_ns;
}

/* The first file at path, or below it, that is newer than the build; NULL: none among those that may still be looked at. */
static const char *newer_file(struct files *f, const char *path, const struct seen *built, unsigned *left, unsigned depth)
{
    static const char *const SKIPPED[] = {".aws-sam", ".git", "node_modules", "__pycache__", ".venv", "venv", "target", "bin", "obj"};
    struct seen s = *files_look(f, path);
    if (*left == 0 || --*left == 0 || depth > 20)
        return NULL;
    if (s.kind == SEEN_FILE)
        return later(&s, built) ? path : NULL;
    const char **names = NULL, *found = NULL;
    size_t n = s.kind == SEEN_DIR ? files_list(f, path, &names) : 0;
    for (size_t i = 0; i < n && !found; i++) {
        bool skipped = false;
        for (size_t k = 0; k < sizeof(SKIPPED) / sizeof(*SKIPPED); k++)
            skipped = skipped || strcmp(names[i], SKIPPED[k]) == 0;
        if (!skipped)
            found = newer_file(f, *path ? arena_printf(f->arena, "%s/%s", path, names[i]) : names[i], built, left, depth + 1);
    }
    return found;
}

/* The original template and what its functions' CodeUri names, against the built template. Said once. */
static void note_newer(struct scope *s, const char *dir)
{
    static const char *const TEMPLATES[] = {"template.yaml", "template.yml", "template.json"};
    struct seen built = *files_look(s->files, s->file);
    const char *source = NULL, *newer = NULL;
    unsigned left = LOOKED_MAX;
    struct err ignored = {0};
    for (size_t i = 0; i < sizeof(TEMPLATES) / sizeof(*TEMPLATES) && !source; i++) {
        const char *path = files_join(s->arena, dir, TEMPLATES[i], NULL);
        source = path && files_look(s->files, path)->kind == SEEN_FILE ? path : NULL;
    }
    if (!source)
        return;
    newer = newer_file(s->files, source, &built, &left, 0);
    const struct node *top = newer ? NULL : files_document(s->files, source, &ignored), *resources = node_find(top, "Resources");
    for (size_t i = 0; resources && resources->kind == NODE_MAP && i < resources->n && !newer; i++) {
        const struct node *properties = node_find(resources->members[i].value, "Properties"), *uri = node_find(properties, "CodeUri");
        const char *text = node_text(uri ? uri : node_find(properties, "ContentUri"));
        const char *path = text ? files_join(s->arena, dir, text, s->ask->root_path) : NULL;
        newer = path ? newer_file(s->files, path, &built, &left, 0) : NULL;
    }
    if (newer)
        model_note(s->model, s->top, true, "%s is newer than %s, which is read: sam build brings it up to date", newer, s->file);
}

int read_sam(const struct ask *ask, struct files *files, const char *path, struct model *m, struct err *err)
{
    bool built = false;
    path = files_follow(files, path, ask->root_path);
    const char *dir = project_dir(files->arena, path, &built);
    struct scope *s = arena_zeroed(files->arena, 1, sizeof(*s));
    *s = (struct scope){.arena = files->arena, .ask = ask, .files = files, .model = m, .stack = "local", .path = ""};
    m->arena = files->arena;
    m->source = path;
    if (scope_open(s, path, err) < 0 || samconfig_parameters(ask, files, dir, m, &s->parameters, err) < 0 ||
        value_check_parameters(s, err) < 0)
        return -1;
    m->reader = built ? "sam-built" : s->serverless ? "sam" : "cloudformation";
    if (built)
        note_newer(s, dir);
    template_functions(s);
    template_apis(s);
    return 0;
}
