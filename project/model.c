/* SPDX-License-Identifier: Apache-2.0 */
/* model.c: how readers fill the model. Its lists grow within the arena by doubling, so a pointer into one holds till the next call that
 * adds to it. A name of a function stands once, a variable that is added again takes the new value, and the first refusal of a function
 * stays, since it is what the user can do something about first. How the model is written is model_print.c's. */
#include "project/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct model_function *model_add_function(struct model *m, const char *id, const struct node *at)
{
    LIST_ROOM(m->arena, m->functions, m->function_count);
    struct model_function *f = &m->functions[m->function_count++];
    *f = (struct model_function){.id = id, .source = at ? at->source : NULL, .line = at ? at->line : 0};
    return f;
}

void model_add_name(struct model *m, struct model_function *f, const char *name)
{
    if (!name || !*name)
        return;
    for (size_t i = 0; i < f->name_count; i++)
        if (strcmp(f->names[i], name) == 0)
            return;
    LIST_ROOM(m->arena, f->names, f->name_count);
    f->names[f->name_count++] = name;
}

void model_add_variable(struct model *m, struct model_function *f, const char *name, const char *value)
{
    size_t i = index_find(&f->variable_index, f->variables, f->variable_count, sizeof *f->variables, name);
    if (i != INDEX_NONE) {
        f->variables[i].value = value;
        return;
    }
    LIST_ROOM(m->arena, f->variables, f->variable_count);
    f->variables[f->variable_count++] = (struct model_pair){name, value};
    index_added(m->arena, &f->variable_index, f->variables, f->variable_count, sizeof *f->variables);
}

struct model_layer *model_add_layer(struct model *m, struct model_function *f)
{
    LIST_ROOM(m->arena, f->layers, f->layer_count);
    return &f->layers[f->layer_count++];
}

struct model_api *model_add_api(struct model *m, const char *id)
{
    LIST_ROOM(m->arena, m->apis, m->api_count);
    m->apis[m->api_count] = (struct model_api){.id = id};
    return &m->apis[m->api_count++];
}

static const char *vprinted(struct arena *a, const char *format, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    char *text = arena_zeroed(a, (n > 0 ? (size_t)n : 0) + 1, 1);
    vsnprintf(text, (n > 0 ? (size_t)n : 0) + 1, format, again);
    va_end(again);
    return text;
}

void model_note(struct model *m, const struct node *at, bool loud, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    struct note note = {
        .source = at ? at->source : m->source, .line = at ? at->line : 0, .text = vprinted(m->arena, format, ap), .loud = loud};
    va_end(ap);
    LIST_ROOM(m->arena, m->notes, m->note_count);
    m->notes[m->note_count++] = note;
}

void model_refuse(struct model *m, struct model_function *f, const struct node *at, const char *remedy, const char *format, ...)
{
    if (f->refused)
        return;
    va_list ap;
    va_start(ap, format);
    f->refused = arena_zeroed(m->arena, 1, sizeof *f->refused);
    *f->refused = (struct refusal){
        .source = at ? at->source : f->source, .line = at ? at->line : f->line, .what = vprinted(m->arena, format, ap), .remedy = remedy};
    va_end(ap);
}
