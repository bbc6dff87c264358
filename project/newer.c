/* SPDX-License-Identifier: Apache-2.0 */
/* newer.c: a build that is older than its sources is read all the same, and said once. */
#include "project/newer.h"

#include <string.h>

static bool newer(const struct seen *source, const struct seen *built)
{
    if (source->kind != SEEN_FILE || built->kind != SEEN_FILE)
        return false;
    return source->mtime_s != built->mtime_s ? source->mtime_s > built->mtime_s : source->mtime_ns > built->mtime_ns;
}

void newer_note_file(struct files *files, struct model *m, const char *built, const char *source, const char *remedy)
{
    static const char SAYS[] = " is newer than ";
    for (size_t i = 0; i < m->note_count; i++)
        if (strstr(m->notes[i].text, SAYS))
            return;
    struct seen b = *files_look(files, built), s = *files_look(files, source);
    struct node at = {.source = built}; /* of no line */
    if (newer(&s, &b))
        model_note(m, &at, true, "%s%s%s, which is read: %s", source, SAYS, built, remedy);
}

static bool ends(const char *name, const char *const *list)
{
    for (size_t n = strlen(name); *list; list++)
        if (n >= strlen(*list) && strcmp(name + n - strlen(*list), *list) == 0)
            return true;
    return false;
}

void newer_note(struct files *files, struct model *m, const char *built, const char *dir, const char *const *suffixes, const char *remedy)
{
    const char **names = NULL;
    size_t n = files_list(files, dir, &names);
    for (size_t i = 0; i < n; i++)
        if (ends(names[i], suffixes))
            newer_note_file(files, m, built, *dir ? arena_printf(m->arena, "%s/%s", dir, names[i]) : names[i], remedy);
}
