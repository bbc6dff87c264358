/* SPDX-License-Identifier: Apache-2.0 */
/* model_check.c: what readers need not think of, since it is the same for all of them. A function whose numbers lrun's options would
 * refuse is refused here, by itself: the others of its project are to run. Names: lrun.json is an object, so two functions of one
 * logical id, in two stacks, need two. */
#include "project/model_check.h"

#include "base/own.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 64, MEMORY_ALONE = 10240, TIMEOUT_ALONE = 1800 };

static const struct bound {
    const char *property;
    size_t at; /* in struct model_function */
    uint64_t min, max;
    uint64_t max_alone; /* without several invocations at a time */
} BOUNDS[] = {
    {"MemorySize", offsetof(struct model_function, memory_mb), 128, 32768, MEMORY_ALONE},
    {"Timeout", offsetof(struct model_function, timeout_s), 1, 5400, TIMEOUT_ALONE},
    {"EphemeralStorage.Size", offsetof(struct model_function, tmp_mb), 512, 10240, 10240},
    {"PerExecutionEnvironmentMaxConcurrency", offsetof(struct model_function, max_concurrency), 1, 1600, 1600},
};

static const struct refusal *refusal(struct arena *a, const struct model_function *f, const char *remedy, const char *what)
{
    struct refusal *r = arena_zeroed(a, 1, sizeof *r);
    *r = (struct refusal){.source = f->source, .line = f->line, .what = what, .remedy = remedy};
    return r;
}

const struct refusal *model_refusal(struct arena *a, const struct model_function *f)
{
    if (f->refused)
        return f->refused;
    if (f->image && !f->code)
        return refusal(a, f, "save the image as a file (docker save, skopeo copy) and run that file",
                       arena_printf(a, "its code is the container image %s, and lrun never fetches what a template names", f->image));
    if (!f->code && !f->inline_code)
        return refusal(a, f, NULL, "it has no code");
    for (size_t i = 0; i < f->layer_count; i++)
        if (!f->layers[i].path && !f->layers[i].arn)
            return refusal(a, f, NULL, arena_printf(a, "layer %zu of its list has neither a path nor an ARN", i + 1));
    for (size_t i = 0; i < COUNT(BOUNDS); i++) {
        uint64_t value = *(const uint64_t *)(const void *)((const char *)f + BOUNDS[i].at);
        uint64_t max = f->max_concurrency > 1 ? BOUNDS[i].max : BOUNDS[i].max_alone;
        if (value && (value < BOUNDS[i].min || value > max)) /* 0: the project does not say */
            return refusal(a, f, NULL,
                           arena_printf(a, "%s is %ju; it must be %ju to %ju", BOUNDS[i].property, (uintmax_t)value,
                                        (uintmax_t)BOUNDS[i].min, (uintmax_t)max));
    }
    return NULL;
}

bool model_name_first(struct arena *a, struct model_name_set *set, const char *name)
{
    if (index_find(&set->index, set->at, set->n, sizeof *set->at, name) != INDEX_NONE)
        return false;
    LIST_ROOM(a, set->at, set->n);
    set->at[set->n++].name = name;
    index_added(a, &set->index, set->at, set->n, sizeof *set->at);
    return true;
}

/* The full path in its stacks, Parent/Child/Fn; NULL: it is in none below the top. */
static const char *path_of(const struct model_function *f)
{
    for (size_t i = 0; i < f->name_count; i++)
        if (strchr(f->names[i], '/') && strncmp(f->names[i], "arn:", 4) != 0)
            return f->names[i];
    return NULL;
}

static char *fitting(struct arena *a, const char *name)
{
    char *fits = arena_text(a, name, strnlen(name, NAME_MAX_LENGTH));
    for (char *c = fits; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-'))
            *c = '_';
    return *fits ? fits : arena_text(a, "_", 1);
}

const char *model_name_own(struct arena *a, struct model_name_set *taken, const char *name)
{
    const char *own = name;
    for (size_t i = 2; !model_name_first(a, taken, own); i++)
        own = arena_printf(a, "%.*s_%zu", NAME_MAX_LENGTH - 9, name, i);
    return own;
}

const char **model_names(const struct model *m)
{
    struct model_name_set ids = {0}, twice = {0}, taken = {0};
    const char **names = arena_zeroed(m->arena, m->function_count + 1, sizeof *names);
    for (size_t i = 0; i < m->function_count; i++)
        if (!model_name_first(m->arena, &ids, m->functions[i].id))
            model_name_first(m->arena, &twice, m->functions[i].id);
    for (size_t i = 0; i < m->function_count; i++) {
        const struct model_function *f = &m->functions[i];
        bool once = index_find(&twice.index, twice.at, twice.n, sizeof *twice.at, f->id) == INDEX_NONE;
        const char *path = once ? NULL : path_of(f);
        names[i] = model_name_own(m->arena, &taken, fitting(m->arena, path ? path : f->id));
    }
    return names;
}
