/* SPDX-License-Identifier: Apache-2.0 */
/* Which file a handler's name means, by the rules of AWS's clients. The package is a list of paths. */
#include "base/own.h"
#include "launcher/diagnose/handler.h"

#include <criterion/criterion.h>
#include <string.h>

static struct request request;
static struct launch launch;

/* Paths in order, blanks between; / at the end: a directory, @: a link. */
static void make(struct package *p, const char *paths)
{
    static struct merged_part part = {.at = "", .entry = -1, .tree = -1};
    OWN_PTR char *words = xstrdup(paths);
    char *rest = words;
    *p = (struct package){.merged = {.parts = &part, .part_count = 1}};
    for (char *word; (word = strsep(&rest, " "));) {
        if (!*word)
            continue;
        const size_t n = strlen(word);
        const char end = word[n - 1];
        if (end == '/' || end == '@')
            word[n - 1] = 0;
        p->merged.files = xrealloc(p->merged.files, p->merged.n + 1, sizeof *p->merged.files);
        p->merged.files[p->merged.n++] = (struct merged_file){.path = xstrdup(word), .type = end == '/' ? 'd' : end == '@' ? 'l' : 'f'};
    }
}

Test(handler, the_file_is_found_where_the_runtime_looks)
{
    static const struct {
        enum runtime_family family;
        const char *handler, *variable, *paths;
        enum handler_state state;
        const char *at; /* of HANDLER_FOUND */
    } ROWS[] = {
        {RUNTIME_PYTHON, "app.handler", NULL, "/var/task/app.py", HANDLER_FOUND, "/var/task/app.py"},
        {RUNTIME_PYTHON, "src.app.handler", NULL, "/var/task/src/app.py", HANDLER_FOUND, "/var/task/src/app.py"},
        {RUNTIME_PYTHON, "src/app.handler", NULL, "/var/task/src/app.py", HANDLER_FOUND, "/var/task/src/app.py"},
        {RUNTIME_PYTHON, "app.handler", NULL, "/var/task/app/", HANDLER_FOUND, "/var/task/app"},
        {RUNTIME_PYTHON, "app.handler", NULL, "/var/task/app.cpython-312-x86_64-linux-gnu.so", HANDLER_FOUND,
         "/var/task/app.cpython-312-x86_64-linux-gnu.so"},
        {RUNTIME_PYTHON, "app.handler", NULL, "/opt/python/app.py", HANDLER_FOUND, "/opt/python/app.py"},
        {RUNTIME_PYTHON, "app.handler", NULL, "/opt/python/lib/python3.12/site-packages/app.py", HANDLER_FOUND,
         "/opt/python/lib/python3.12/site-packages/app.py"},
        {RUNTIME_PYTHON, "app.handler", "PYTHONPATH=/opt/other:/opt/x/", "/opt/x/app.py", HANDLER_FOUND, "/opt/x/app.py"},
        {RUNTIME_PYTHON, "app.handler", "PYTHONPATH=/opt/other", "/opt/python/app.py", HANDLER_MISSING, NULL},
        {RUNTIME_PYTHON, "app.handler", NULL, "/var/task/other.py", HANDLER_MISSING, NULL},
        {RUNTIME_PYTHON, "app.handler", NULL, "/var/task/App.py", HANDLER_MISSING, NULL},
        {RUNTIME_PYTHON, "app.handler", NULL, "/var/task/x.pth", HANDLER_UNKNOWN, NULL},
        {RUNTIME_PYTHON, "lib.app.handler", NULL, "/var/task/lib@", HANDLER_UNKNOWN, NULL},
        {RUNTIME_PYTHON, "app", NULL, "/var/task/app.py", HANDLER_MALFORMED, NULL},
        {RUNTIME_PYTHON, "./app.f", NULL, "/var/task/app.py", HANDLER_RELATIVE, NULL},
        {RUNTIME_PYTHON, "/opt/python/app.f", NULL, "/opt/python/app.py", HANDLER_RELATIVE, NULL},
        {RUNTIME_PYTHON, "app.handler", "AWS_LAMBDA_EXEC_WRAPPER=/opt/w", "/var/task/app.py", HANDLER_UNKNOWN, NULL},
        {RUNTIME_PYTHON, "app.handler", NULL, "", HANDLER_UNKNOWN, NULL},
        {RUNTIME_NODEJS, "index.handler", NULL, "/var/task/index.mjs", HANDLER_FOUND, "/var/task/index.mjs"},
        {RUNTIME_NODEJS, "src/index.a.b", NULL, "/var/task/src/index.js", HANDLER_FOUND, "/var/task/src/index.js"},
        {RUNTIME_NODEJS, "index.handler", NULL, "/var/task/node_modules/index.js", HANDLER_FOUND, "/var/task/node_modules/index.js"},
        {RUNTIME_NODEJS, "x/index.handler", NULL, "/opt/nodejs/node_modules/index.js", HANDLER_FOUND, "/opt/nodejs/node_modules/index.js"},
        {RUNTIME_NODEJS, "/opt/nodejs/h.handler", NULL, "/opt/nodejs/h.js", HANDLER_FOUND, "/opt/nodejs/h.js"},
        {RUNTIME_NODEJS, "/usr/h.handler", NULL, "/var/task/h.js", HANDLER_UNKNOWN, NULL},
        {RUNTIME_NODEJS, "index.handler", NULL, "/var/task/app.js", HANDLER_MISSING, NULL},
        {RUNTIME_NODEJS, "./dist/.//index.handler", NULL, "/var/task/dist/index.js", HANDLER_FOUND, "/var/task/dist/index.js"},
        {RUNTIME_NODEJS, "/opt/./h.handler", NULL, "/opt/h.js", HANDLER_FOUND, "/opt/h.js"},
        {RUNTIME_NODEJS, "../index.handler", NULL, "/var/task/index.js", HANDLER_MALFORMED, NULL},
        {RUNTIME_PROVIDED, "index.handler", NULL, "/var/task/index.js", HANDLER_UNKNOWN, NULL},
        {RUNTIME_OTHER, "index.handler", NULL, "/var/task/index.js", HANDLER_UNKNOWN, NULL},
        {RUNTIME_NODEJS, "index", NULL, "/var/task/index.js", HANDLER_MALFORMED, NULL},
        {RUNTIME_NODEJS, "index.handler", "NODE_OPTIONS=--require /opt/x.js", "/var/task/app.js", HANDLER_UNKNOWN, NULL},
        {RUNTIME_JAVA, "com.X::h", NULL, "/var/task/x.jar", HANDLER_UNKNOWN, NULL},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct package p;
        struct handler h;
        request = (struct request){.handler = ROWS[i].handler};
        launch = (struct launch){.request = &request,
                                 .runtime = {.family = ROWS[i].family, .version = ROWS[i].family == RUNTIME_PYTHON ? 12 : 20}};
        if (ROWS[i].variable)
            strv_add(&launch.inputs.variables, xstrdup(ROWS[i].variable));
        make(&p, ROWS[i].paths);
        const enum handler_state state = handler_find(&launch, &p, &h);
        cr_expect_eq(state, ROWS[i].state, "%s in %s: %u", ROWS[i].handler, ROWS[i].paths, state);
        cr_expect(state != HANDLER_FOUND || !ROWS[i].at || strcmp(h.at->path, ROWS[i].at) == 0, "%s", ROWS[i].handler);
        strv_done(&launch.inputs.variables);
        merged_done(&p.merged);
    }
}

Test(handler, variables_are_found_by_their_whole_name)
{
    launch = (struct launch){.request = &request};
    strv_add(&launch.inputs.variables, xstrdup("AB=1"));
    strv_add(&launch.inputs.variables, xstrdup("A="));
    cr_expect(strcmp(handler_variable(&launch, "A"), "") == 0 && strcmp(handler_variable(&launch, "AB"), "1") == 0 &&
              !handler_variable(&launch, "ABC"));
    cr_expect_null(handler_variable(&launch, ""));
    strv_done(&launch.inputs.variables);
}

static bool stop_at_first(void *to, const char *directory)
{
    (void)to, (void)directory;
    return true;
}

Test(handler, only_a_known_language_searches_directories)
{
    static const struct {
        enum runtime_family family;
        bool searches;
    } ROWS[] = {{RUNTIME_PYTHON, true}, {RUNTIME_NODEJS, true}, {RUNTIME_PROVIDED, false}, {RUNTIME_OTHER, false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct request r = {.handler = NULL};
        const struct launch l = {.request = &r, .runtime = {.family = ROWS[i].family, .version = 20}};
        cr_expect_eq(handler_places(&l, false, stop_at_first, NULL), ROWS[i].searches, "%zu", i);
        cr_expect_eq(handler_places(&l, true, stop_at_first, NULL), ROWS[i].searches, "%zu", i);
    }
}
