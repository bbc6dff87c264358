/* SPDX-License-Identifier: Apache-2.0 */
/* plan_runtime.c: the rows that a runtime needs: its files in /var/runtime, its interpreter in /var/lang, AWS's SDK, and what of the
 * host's own modules must not be seen, or the ImportError that a user came to see would never appear. All other rows are plan.c's;
 * which interpreter was chosen, and why, is launcher/launch/interpreter.c's.
 *   interpreter of the host's /usr      a bind under Lambda's name; its library stays where it is
 *   with a prefix of its own            all of the prefix at /var/lang, by an overlay
 *   of a root file system               in place; only the SDK is added */
#include "mounts/plan.h"

#include "base/own.h"

#include <stdlib.h>
#include <string.h>

// clang-format off
#define HIDE(where, more, reason) {.kind = ROW_MASK, .flags = FLAG_OPTIONAL | (more), .target = (where), .why = (reason)}
// clang-format on

/* Applies whatever the runtime's identifier: a command or bootstrap may start either interpreter. Places of Debian's and
 * Fedora's packages; of /usr/local nothing is shown unless the interpreter is there. */
static const struct row HIDDEN[] = {
    HIDE("usr/lib/python3/dist-packages", 0, "the host's Python modules are not Lambda's"),
    HIDE("usr/lib/node_modules", 0, "the host's global node modules are not Lambda's"),
};

/* Where /usr cannot be covered: what --tools dev has besides. Pytest is not among it, since its directory is hidden as a whole there. */
static const char *const DEV[] = {"usr/include", "usr/src"};

/* Debian's node reads parts of itself from among its modules and does not start without them. */
static const char NODE_MODULES[] = "usr/share/nodejs";
static const char *const NODE_PARTS[] = {"acorn", "acorn-walk", "cjs-module-lexer", "undici"};

/* Paths of the one version that runs: its name stands between the two parts. */
static const struct {
    const char *before, *after;
    unsigned flags;
} HIDDEN_VERSIONED[] = {
    {"usr/lib", "site-packages", 0},   {"usr/lib", "dist-packages", 0},       {"usr/lib", "sitecustomize.py", FLAG_FILE},
    {"usr/lib64", "site-packages", 0}, {"usr/local/lib", "site-packages", 0}, {"usr/local/lib", "dist-packages", 0}};

/* The same for an interpreter with a prefix of its own, which is at /var/lang. */
static const struct row HIDDEN_PREFIX[] = {
    HIDE("var/lang/lib/node_modules", 0, "the host's global node modules are not Lambda's"),
    HIDE("var/lang/envs", 0, "conda's other environments are not this runtime's"),
    HIDE("var/lang/pkgs", 0, "conda's packages are not this runtime's"),
};
static const char *const HIDDEN_PREFIX_VERSIONED[] = {"site-packages", "sitecustomize.py"};

static const char CLIENT_PLACE[] = "var/runtime/lib"; /* where AWS has it */

static void add_owned(struct plan *p, struct row row, char *target)
{
    row.target = row.owned = target;
    plan_add(p, row);
}

static const char *keep_text(struct plan *p, char *text)
{
    strv_add(&p->texts, text);
    return text;
}

/* The standard library lies beside bin of the interpreter's own prefix. */
static char *library_of(const struct plan_runtime *rt)
{
    return xasprintf("%s/%s", str_begins(rt->interpreter, "/usr/local/") ? "/usr/local/lib" : "/usr/lib", rt->name);
}

/* Over a root file system: the directories to where Lambda has its own modules, merged with what is there. */
static void add_sdk_place(struct plan *p, const struct plan_runtime *rt)
{
    char *const paths[] = {xstrdup("var/lang"), xstrdup("var/lang/lib"), xasprintf("var/lang/lib/%s", rt->name),
                           xasprintf("var/lang/lib/%s/site-packages", rt->name)};
    for (size_t i = 0; i < COUNT(paths); i++)
        add_owned(p, (struct row){.kind = ROW_DIR, .flags = FLAG_OPTIONAL, .mode = 0755, .why = "to the SDK"}, paths[i]);
}

static void add_files(struct plan *p, const struct plan_file *files, size_t n, const char *why)
{
    for (size_t i = 0; i < n; i++)
        plan_add(p, (struct row){.kind = files[i].text ? ROW_FILE : ROW_DIR,
                                 .target = files[i].target,
                                 .text = files[i].text,
                                 .size = files[i].size,
                                 .mode = files[i].mode,
                                 .why = why});
}

void plan_runtime_skeleton(struct plan *p, const struct plan_runtime *rt, bool on_host)
{
    bool python = str_begins(rt->name, "python");
    if (rt->sdk && !python)
        plan_add(p, (struct row){.kind = ROW_DIR, .target = "var/runtime/node_modules", .mode = 0755, .why = "mountpoint of the SDK"});
    if (rt->client)
        plan_add(p, (struct row){.kind = ROW_DIR, .target = CLIENT_PLACE, .mode = 0755, .why = "mountpoint of AWS's client"});
    add_files(p, rt->files, rt->file_count, "the runtime's own file");
    add_files(p, rt->compiled, rt->compiled_count, "the runtime's own file, compiled by the interpreter");
    bool in_place = rt->interpreter && str_begins(rt->interpreter, "/var/lang/"); /* of a root file system */
    if (in_place && rt->sdk && python)
        add_sdk_place(p, rt);
    if (!rt->interpreter || in_place)
        return;
    plan_add(p, (struct row){.kind = ROW_DIR, .target = "var/lang", .mode = 0755, .why = "the runtime's language"});
    if (on_host && rt->prefix)
        return;
    plan_add(p, (struct row){.kind = ROW_DIR, .target = "var/lang/bin", .mode = 0755, .why = "first in PATH"});
    if (!on_host)
        add_owned(p, (struct row){.kind = ROW_LINK, .text = rt->interpreter, .why = "shebangs of layers name it"},
                  xasprintf("var/lang/bin/%s", rt->name));
    if (!python)
        return;
    const char *to = keep_text(p, xstrdup(rt->name));
    plan_add(p, (struct row){.kind = ROW_LINK, .target = "var/lang/bin/python3", .text = to, .why = "shebangs of layers name it"});
    plan_add(p, (struct row){.kind = ROW_LINK, .target = "var/lang/bin/python", .text = to, .why = "shebangs of layers name it"});
    if (!on_host && rt->sdk)
        add_sdk_place(p, rt);
    if (!on_host)
        return;
    /* With its library beside it, the interpreter takes /var/lang as its prefix: sys.path and tracebacks are Lambda's. */
    plan_add(p, (struct row){.kind = ROW_DIR, .target = "var/lang/lib", .mode = 0755, .why = "where Lambda has the standard library"});
    if (rt->dev)
        plan_add(p, (struct row){.kind = ROW_LINK,
                                 .target = "var/lang/lib/python3",
                                 .text = "/usr/lib/python3",
                                 .why = "Debian's interpreter finds pytest there (--tools dev)"});
    if (rt->sdk)
        add_owned(p, (struct row){.kind = ROW_DIR, .mode = 0755, .why = "mountpoint of the standard library"},
                  xasprintf("var/lang/lib/%s", rt->name));
    else
        add_owned(p, (struct row){.kind = ROW_LINK, .text = keep_text(p, library_of(rt)), .why = "the standard library"},
                  xasprintf("var/lang/lib/%s", rt->name));
}

static void bind_host(struct plan *p, unsigned flags, char *target, const char *source, const char *why)
{
    add_owned(p, (struct row){.kind = ROW_BIND, .flags = flags, .source = {.path = source, .tree = -1}, .why = why}, target);
}

static void hide_node_modules(struct plan *p, bool parts)
{
    if (!parts) {
        plan_add(p, (struct row)HIDE(NODE_MODULES, 0, "the host's node modules are not Lambda's"));
        return;
    }
    plan_add(p, (struct row){.kind = ROW_TMPFS,
                             .flags = FLAG_RW,
                             .target = NODE_MODULES,
                             .text = "what hides the host's node modules",
                             .size = 64 * 1024,
                             .inodes = COUNT(NODE_PARTS) + 1,
                             .mode = 0755,
                             .why = "the host's node modules are not Lambda's"});
    for (size_t i = 0; i < COUNT(NODE_PARTS); i++)
        add_owned(p, (struct row){.kind = ROW_DIR, .mode = 0755, .why = "mountpoint"}, xasprintf("%s/%s", NODE_MODULES, NODE_PARTS[i]));
    plan_add(p, (struct row){.kind = ROW_FREEZE, .target = NODE_MODULES, .why = "its places are made"});
    for (size_t i = 0; i < COUNT(NODE_PARTS); i++) {
        char *target = xasprintf("%s/%s", NODE_MODULES, NODE_PARTS[i]);
        bind_host(p, FLAG_OPTIONAL, target, keep_text(p, xasprintf("/%s", target)), "a part of Debian's node itself");
    }
}

enum { LOWER_PREFIX, LOWER_COMPILED /* over it: they are one row's */, LOWER_SDK, LOWER_LIBRARY, LOWER_CLIENT };

void plan_runtime_lowers(struct plan *p, const struct plan_runtime *rt, struct source lowers[PLAN_RUNTIME_LOWERS])
{
    lowers[LOWER_PREFIX] = rt->prefix_source ? *rt->prefix_source : (struct source){.path = rt->prefix, .tree = -1};
    lowers[LOWER_COMPILED] = rt->library ? *rt->library : (struct source){.tree = -1};
    lowers[LOWER_SDK] = lowers[LOWER_CLIENT] = (struct source){.tree = -1};
    if (rt->client)
        lowers[LOWER_CLIENT] = *rt->client;
    if (rt->sdk)
        lowers[LOWER_SDK] = *rt->sdk;
    lowers[LOWER_SDK].below = str_begins(rt->name, "python") ? SDK_PYTHON : SDK_NODE;
    lowers[LOWER_LIBRARY] = (struct source){.path = rt->interpreter && rt->sdk ? keep_text(p, library_of(rt)) : NULL, .tree = -1};
}

/* Python's, where /var/lang/lib/python3.N is a link into /usr: a tree that has a place for it. Its own hidden parts stay hidden. */
static void show_library(struct plan *p, const struct plan_runtime *rt, const struct source *library)
{
    static const char *const PARTS[] = {"dist-packages", "sitecustomize.py"};
    add_owned(p,
              (struct row){.kind = ROW_OVERLAY,
                           .sources = library,
                           .n = 1,
                           .text = "site-packages",
                           .why = "the standard library, with a place for the SDK"},
              xasprintf("var/lang/lib/%s", rt->name));
    for (size_t i = 0; i < COUNT(PARTS); i++)
        add_owned(p, (struct row)HIDE(NULL, i ? FLAG_FILE : 0u, "the host's Python modules are not Lambda's"),
                  xasprintf("var/lang/lib/%s/%s", rt->name, PARTS[i]));
}

/* Where AWS has them: modules of Python 3.11 and later lie in the interpreter's own site-packages (before, in /var/runtime: our
 * choice is one place for all). */
void plan_runtime_sdk(struct plan *p, const struct plan_runtime *rt, bool on_host, const struct source lowers[PLAN_RUNTIME_LOWERS])
{
    bool python = str_begins(rt->name, "python");
    if (rt->client)
        plan_add(p, (struct row){.kind = ROW_OVERLAY,
                                 .target = CLIENT_PLACE,
                                 .sources = &lowers[LOWER_CLIENT],
                                 .n = 1,
                                 .why = "AWS's client for Java (lrun runtime add --client)"});
    if (!rt->sdk || !rt->interpreter)
        return;
    if (on_host && python && !rt->prefix)
        show_library(p, rt, &lowers[LOWER_LIBRARY]);
    add_owned(
        p, (struct row){.kind = ROW_OVERLAY, .sources = &lowers[LOWER_SDK], .n = 1, .why = "AWS's SDK (--sdk), which its runtimes include"},
        python ? xasprintf("var/lang/lib/%s/site-packages", rt->name) : xstrdup("var/runtime/node_modules"));
}

/* Whole, with its libraries, and by an overlay, so that mountinfo does not tell in whose home it lies. */
static void show_prefix(struct plan *p, const struct plan_runtime *rt, const struct source *prefix)
{
    const char *place = rt->sdk ? keep_text(p, xasprintf("lib/%s/site-packages", rt->name)) : NULL;
    plan_add(p, (struct row){.kind = ROW_OVERLAY,
                             .target = "var/lang",
                             .sources = prefix,
                             .n = rt->library ? 2 : 1,
                             .text = place,
                             .why = "the interpreter, with its library"});
    for (size_t i = 0; i < COUNT(HIDDEN_PREFIX); i++)
        plan_add(p, HIDDEN_PREFIX[i]);
    for (size_t i = 0; str_begins(rt->name, "python") && i < COUNT(HIDDEN_PREFIX_VERSIONED); i++)
        add_owned(p, (struct row)HIDE(NULL, i ? FLAG_FILE : 0u, "the host's Python modules are not Lambda's"),
                  xasprintf("var/lang/lib/%s/%s", rt->name, HIDDEN_PREFIX_VERSIONED[i]));
}

void plan_runtime_host(struct plan *p, const struct plan_runtime *rt, const struct source lowers[PLAN_RUNTIME_LOWERS])
{
    if (rt->prefix)
        show_prefix(p, rt, &lowers[LOWER_PREFIX]);
    else if (rt->interpreter)
        bind_host(p, FLAG_FILE, xasprintf("var/lang/bin/%s", rt->name), rt->interpreter, "the interpreter, under Lambda's name for it");
    if (!rt->prefix && rt->interpreter && str_begins(rt->interpreter, "/usr/local/")) { /* its libraries are there too */
        bind_host(p, FLAG_OPTIONAL, xstrdup("usr/local/lib"), "/usr/local/lib", "libraries of an interpreter in /usr/local");
        plan_add(p, (struct row)HIDE("usr/local/lib/node_modules", 0, "the host's global node modules are not Lambda's"));
    }
    for (size_t i = 0; i < PLAN_JAVAS && rt->java[i][0]; i++) {
        char *target = xasprintf("etc/%s", rt->java[i]);
        bind_host(p, FLAG_OPTIONAL, target, keep_text(p, xasprintf("/%s", target)), "links of Debian's JVM lead there");
    }
    for (size_t i = 0; rt->dev && i < COUNT(DEV); i++)
        bind_host(p, FLAG_OPTIONAL, xstrdup(DEV[i]), keep_text(p, xasprintf("/%s", DEV[i])), "what builds need (--tools dev)");
    for (size_t i = 0; i < COUNT(HIDDEN); i++)
        plan_add(p, HIDDEN[i]);
    hide_node_modules(p, rt->node_parts);
    for (size_t i = 0; str_begins(rt->name, "python") && i < COUNT(HIDDEN_VERSIONED); i++)
        add_owned(p, (struct row)HIDE(NULL, HIDDEN_VERSIONED[i].flags, "the host's Python modules are not Lambda's"),
                  xasprintf("%s/%s/%s", HIDDEN_VERSIONED[i].before, rt->name, HIDDEN_VERSIONED[i].after));
}
