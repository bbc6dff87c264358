/* SPDX-License-Identifier: Apache-2.0 */
/* assets.c: paths of what a build has beside its template: beneath the root, and there. */
#include "project/assets.h"

#include <string.h>

const char *assets_path(struct files *files, struct assets_missing *kept, const char *key, const char *dir, const char *path,
                        const char *root_path, const char *built_by)
{
    const char *joined = files_join(files->arena, dir, path, root_path);
    if (joined && files_look(files, joined)->kind != SEEN_ABSENT)
        return joined;
    for (size_t i = 0; i < kept->n; i++)
        if (strcmp(kept->at[i].key, key) == 0)
            return NULL;
    LIST_ROOM(files->arena, kept->at, kept->n);
    kept->at[kept->n++] = (struct asset_missing){
        .key = key,
        .what = joined ? arena_printf(files->arena, "there is no %s beneath the project's root", joined)
                       : arena_printf(files->arena, "%s lies outside the project's root", path),
        .remedy = joined ? built_by : "--project-root DIR",
    };
    return NULL;
}

void assets_explain(struct model *m, const struct assets_missing *kept)
{
    for (size_t i = 0; i < m->function_count; i++) {
        struct refusal *r = m->functions[i].refused;
        const char *tail = r ? strstr(r->what, "it is in a bucket, as ") : NULL;
        for (size_t k = 0; tail && k < kept->n; k++) {
            if (!strstr(tail, kept->at[k].key))
                continue;
            r->what = arena_printf(m->arena, "%.*s%s", (int)(tail - r->what), r->what, kept->at[k].what);
            r->remedy = kept->at[k].remedy;
            break;
        }
    }
}
