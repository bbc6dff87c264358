/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: which file a handler's name means, by the rules of AWS's runtime interface clients, and whether the package has it.
 * For Python and Node.js; nothing is run. */
#ifndef LRUN_HANDLER_H
#define LRUN_HANDLER_H

#include "launcher/diagnose/package.h"
#include "launcher/launch/launch.h"

enum { MODULE_MAX = 512 };

enum handler_state {
    HANDLER_FOUND,
    HANDLER_MISSING,   /* none of the places that the runtime searches has the file */
    HANDLER_MALFORMED, /* no function is named */
    HANDLER_RELATIVE,  /* Python: it begins with '/' or '.', which makes a relative import that always fails */
    HANDLER_UNKNOWN,   /* something else decides: a wrapper, a .pth file, a preloaded module, a link */
};

struct handler {
    char module[MODULE_MAX];      /* the file's path without its ending, as the handler spells it: "src/app", "/opt/nodejs/h" */
    char file[MODULE_MAX];        /* the name to show for it: "src/app.py" */
    const char *function;         /* the end of the handler's name */
    const struct merged_file *at; /* HANDLER_FOUND: the file or directory; borrowed */
};

/* HANDLER_UNKNOWN if the runtime's language is: other handlers name classes and methods, or nothing. */
enum handler_state handler_find(const struct launch *l, const struct package *p, struct handler *ret);

/* How a HANDLER_RELATIVE name is to be written: the same without its beginning, a part of handler, or another as an example where it leads
 * out of the places of modules. */
const char *handler_from_task(const char *handler);

/* The value that the user set for a variable, or NULL. */
const char *handler_variable(const struct launch *l, const char *name);

/* Calls fn with each directory that modules are imported from after the function's own, which the package can have, in order:
 * "/opt/python". A PYTHONPATH or NODE_PATH of the user's replaces those of layers. fn returns true to stop; the result is then true. */
typedef bool (*handler_place_fn)(void *to, const char *directory);
bool handler_places(const struct launch *l, bool as_set, handler_place_fn fn, void *to);

/* Names of functions that the file defines at its top, at most three: "a, b and c"; "" if none is seen. */
void handler_functions(const struct package *p, const struct merged_file *f, char *ret, size_t size);

#endif
