/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_layers.c: layers that bring nothing, or bring it where no runtime looks. What is in the function itself is inspect_layout.c,
 * single files are inspect_lint.c. Each file of a layer is sorted into a kind by the first pattern that fits; a layer is judged by the
 * kinds it has. These are warnings: a function may read any file of /opt by its path. */
#include "launcher/diagnose/inspect.h"

#include "base/own.h"
#include "launcher/diagnose/explain_rule.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* ---- what a name in a layer is: the first row that fits ---- */

enum kind {
    USED,  /* found by the runtime, the loader or a shell */
    WRONG, /* modules where the runtime does not look */
    OTHER_VERSION,
    LIST, /* of dependencies, which nobody installs */
    ARCHIVE,
    NOTHING, /* documentation, metadata */
    DATA,    /* the function may know it */
};

static const struct pattern {
    const char *name; /* fnmatch: * is within one part of a path, and what lies beneath fits too; %u is the language's version */
    enum kind kind;
} ALL[] =
    {
        {"bin", USED},
        {"extensions", USED},
        {"bootstrap", USED},
        {"java", USED},
        {"ruby", USED},
        {"requirements*.txt", LIST},
        {"*/requirements*.txt", LIST},
        {"Pipfile*", LIST},
        {"*/Pipfile*", LIST},
        {"*poetry.lock", LIST},
        {"*/poetry.lock", LIST},
        {"pyproject.toml", LIST},
        {"*/pyproject.toml", LIST},
        {"package*.json", LIST},
        {"*/package*.json", LIST},
        {"yarn.lock", LIST},
        {"*/yarn.lock", LIST},
        {"Makefile", LIST},
        {"template.y*ml", LIST},
        {"samconfig.toml", LIST},
        {"README*", NOTHING},
        {"*/README*", NOTHING},
        {"LICENSE*", NOTHING},
        {"*.md", NOTHING},
        {".git*", NOTHING},
        {"*/.gitkeep", NOTHING},
},
  PYTHON[] =
      {
          {"python/lib/python3.%u/site-packages", USED},
          {"python/lib/python3.*/site-packages", OTHER_VERSION},
          {"python/python", WRONG},
          {"python/site-packages", WRONG},
          {"python/lib/site-packages", WRONG},
          {"python/*venv", WRONG},
          {"python", USED},
          {"lib/python3.*/site-packages", WRONG},
          {"python3*", WRONG},
          {"site-packages", WRONG},
          {"*/python", WRONG},
          {"*.dist-info", WRONG},
          {"*/__init__.py", WRONG},
          {"*.py", WRONG},
},
  NODE[] =
      {
          {"nodejs/node_modules", USED},
          {"nodejs/node%u/node_modules", USED},
          {"nodejs/node[0-9]*/node_modules", OTHER_VERSION},
          {"nodejs/nodejs", WRONG},
          {"nodejs", USED}, /* by absolute paths */
          {"node_modules", WRONG},
          {"*/nodejs/node_modules", WRONG},
          {"*/node_modules", WRONG},
},
  ENDS[] = {
      {"lib", USED},         {"*.zip", ARCHIVE}, {"*/*.zip", ARCHIVE}, {"*.tar", ARCHIVE},
      {"*.tar.gz", ARCHIVE}, {"*.tgz", ARCHIVE}, {"*.whl", ARCHIVE},   {"*", DATA},
};

static bool find(const struct pattern *rows, size_t n, const char *name, unsigned version, enum kind *ret)
{
    for (size_t k = 0; k < n; k++) {
        const char *pattern = rows[k].name, *number = strstr(pattern, "%u");
        OWN_PTR char *whole = number ? xasprintf("%.*s%u%s", (int)(number - pattern), pattern, version, number + 2) : NULL;
        if (fnmatch(whole ? whole : pattern, name, FNM_PATHNAME | FNM_LEADING_DIR) == 0) {
            *ret = rows[k].kind;
            return true;
        }
    }
    return false;
}

static enum kind kind_of(const struct inspection *i, const char *name)
{
    const struct runtime *rt = &i->launch->runtime;
    enum kind kind = NOTHING;
    if (explain_is_metadata(name))
        return kind;
    if (find(ALL, COUNT(ALL), name, 0, &kind) ||
        (runtime_language(rt) == LANGUAGE_PYTHON && find(PYTHON, COUNT(PYTHON), name, rt->version, &kind)) ||
        (runtime_language(rt) == LANGUAGE_NODE && find(NODE, COUNT(NODE), name, rt->version, &kind)))
        return kind;
    find(ENDS, COUNT(ENDS), name, 0, &kind);
    return kind;
}

/* ---- a layer by what it has ---- */

struct contents {
    unsigned count[DATA + 1];
    const struct merged_file *first[DATA + 1]; /* of each kind */
    bool any;                                  /* an entry at all, directories as well */
};

static void add_empty(struct inspection *i, unsigned part, const struct contents *c)
{
    char who[256];
    const char *layer = package_provider(&i->package, part, who, sizeof who);
    bool unpacked = !package_entry(&i->package, part) && !c->any;
    if (c->count[ARCHIVE])
        lint_add(i, false, "LR-075", c->first[ARCHIVE]->path,
                 "%s contains only this archive, which nothing unpacks: use the archive itself as the layer", layer);
    else if (c->count[LIST])
        lint_add(i, false, "LR-075", c->first[LIST]->path,
                 "%s lists dependencies but does not contain them: build it first (sam build, pip install -t python, npm ci)", layer);
    else
        lint_add(i, unpacked, "LR-075", "", "%s has no files%s", layer,
                 unpacked ? ", and Lambda refuses an empty zip" : " that a function could use");
}

static void check_layer(struct inspection *i, unsigned part)
{
    const struct runtime *rt = &i->launch->runtime;
    const struct merged *m = &i->package.merged;
    struct contents c = {0};
    char who[256];
    for (size_t k = 0; k < m->n; k++) {
        const struct merged_file *f = &m->files[k];
        c.any = c.any || f->part == part;
        if (f->part != part || f->type == 'd')
            continue;
        enum kind kind = kind_of(i, merged_name(m, f));
        c.first[kind] = c.count[kind]++ ? c.first[kind] : f;
    }
    const char *layer = package_provider(&i->package, part, who, sizeof who),
               *right = runtime_language(rt) == LANGUAGE_PYTHON ? "python/" : "nodejs/node_modules/";
    if (c.count[USED] == 0 && c.count[WRONG])
        lint_add(i, false, "LR-024", c.first[WRONG]->path, "%s has modules in a folder that %s does not search: they belong in %s", layer,
                 rt->id, right);
    else if (c.count[USED] == 0 && c.count[OTHER_VERSION])
        lint_add(i, false, "LR-024", c.first[OTHER_VERSION]->path,
                 "%s has modules for another version than %s, which does not search that folder: modules in %s serve every version", layer,
                 rt->id, right);
    else if (c.count[USED] + c.count[WRONG] + c.count[OTHER_VERSION] + c.count[DATA] == 0)
        add_empty(i, part, &c);
}

void inspection_lint_layers(struct inspection *i)
{
    for (unsigned p = 1; p <= i->package.inputs->layer_count; p++)
        check_layer(i, p);
}
