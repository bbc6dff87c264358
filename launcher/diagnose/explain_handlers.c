/* SPDX-License-Identifier: Apache-2.0 */
/* explain_handlers.c: a handler whose file or function does not exist, and layers that a search path of the user's leaves out. Where a
 * handler's name leads is handler.c's; modules that are imported are explain_modules.c's. A cause is told only where the module that
 * failed is the handler's own: what the handler's file imports is another matter. */
#include "launcher/diagnose/explain_rule.h"

#include "base/own.h"
#include "launcher/diagnose/handler.h"

#include <stdio.h>
#include <string.h>

struct lookup {
    const struct evidence *ev;
    const char *module;
    const struct merged_file *found;
};

static bool look(void *to, const char *directory)
{
    struct lookup *l = to;
    l->found = str_begins(directory, "/opt/") ? explain_module_at(l->ev, directory, l->module) : NULL;
    return l->found != NULL;
}

/* The runtime would search the layers' directories, but a variable of the user's names others in their place. */
bool tell_hidden_layer(const struct evidence *ev, const struct match *m, struct text *out)
{
    bool python = runtime_language(&ev->launch->runtime) == LANGUAGE_PYTHON;
    const char *variable = python ? "PYTHONPATH" : "NODE_PATH", *value = handler_variable(ev->launch, variable);
    char module[OBJECT_MAX], who[OBJECT_MAX];
    explain_module_path(m->groups[0], module, sizeof module);
    struct lookup seen = {.ev = ev, .module = module}, own = seen;
    if (!value || handler_places(ev->launch, true, look, &seen) || !handler_places(ev->launch, false, look, &own))
        return false;
    size_t n = strlen(own.found->path) - strlen(strstr(own.found->path, module));
    text_printf(
        out,
        "%s has %s as %s, but %s is set, and the runtime then searches only the directories it names: add %.*s to %s, or do not set it",
        package_provider(&ev->package, own.found->part, who, sizeof who), module, own.found->path, variable, (int)n - 1, own.found->path,
        variable);
    return true;
}

/* ---- the handler ---- */

static enum handler_state state_of(const struct evidence *ev, struct handler *ret)
{
    return ev->told || !launch_handler(ev->launch) ? HANDLER_UNKNOWN : handler_find(ev->launch, &ev->package, ret);
}

bool tell_handler_file(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const TYPE[] = {"Runtime.ImportModuleError", NULL};
    struct handler h;
    if (!explain_says(ev, TYPE) || state_of(ev, &h) != HANDLER_MISSING)
        return false;
    const char *base = strrchr(h.module, '/') ? strrchr(h.module, '/') + 1 : h.module;
    char named[OBJECT_MAX];
    explain_module_path(m->groups[0], named, sizeof named);
    if (strcmp(named, h.module) != 0 && strcmp(named, base) != 0)
        return false; /* something that the handler's file imports */
    text_printf(out,
                "the handler %s needs the file %s, and neither the function nor a layer has it: set the handler to FILE.FUNCTION "
                "(--handler; Lambda: Handler), or add the file",
                launch_handler(ev->launch), h.file);
    return true;
}

bool tell_handler_function(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const NO_FUNCTION[] = {" is not a function", NULL};
    struct handler h;
    char names[OBJECT_MAX] = "";
    (void)m;
    if (state_of(ev, &h) != HANDLER_FOUND)
        return false;
    if (explain_says(ev, NO_FUNCTION)) {
        text_printf(out, "%s exports %s, which is not a function: set the handler to FILE.FUNCTION (--handler; Lambda: Handler)",
                    h.at->path, h.function);
        return true;
    }
    if (h.at->type == 'f')
        handler_functions(&ev->package, h.at, names, sizeof names);
    text_printf(out, "%s %s no %s%s%s: set the handler to FILE.FUNCTION (--handler; Lambda: Handler), or rename the function", h.at->path,
                runtime_language(&ev->launch->runtime) == LANGUAGE_PYTHON ? "defines" : "exports", h.function,
                names[0] ? ", but it has " : "", names);
    return true;
}

bool tell_handler_name(const struct evidence *ev, const struct match *m, struct text *out)
{
    struct handler h;
    (void)m;
    if (state_of(ev, &h) != HANDLER_MALFORMED)
        return false;
    text_printf(out, "the handler '%s' does not have the form FILE.FUNCTION, as in %s: set it (--handler; Lambda: Handler)",
                launch_handler(ev->launch), ev->launch->runtime.handler);
    return true;
}

/* The same words come from code that imports by such a name itself: then the handler's name is not at fault. */
bool tell_handler_relative(const struct evidence *ev, const struct match *m, struct text *out)
{
    struct handler h;
    (void)m;
    if (state_of(ev, &h) != HANDLER_RELATIVE)
        return false;
    text_printf(out,
                "the handler %s begins with '/' or '.', and Python cannot import such a name: name it from /var/task or a layer, as in "
                "%s (--handler; Lambda: Handler)",
                launch_handler(ev->launch), handler_from_task(launch_handler(ev->launch)));
    return true;
}
