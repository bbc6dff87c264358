/* SPDX-License-Identifier: Apache-2.0 */
/* samconfig.c: what samconfig.toml says of parameters. parameter_overrides is a text, a list of them, or a table; a text of it may name
 * a file. As with sam local, what stands for deploy is not used, but a note says that it is there: people have their parameters there
 * alone, and wonder. */
#include "project/samconfig.h"

#include "base/str.h"

#include <string.h>

static void add_pair(struct arena *a, struct ask_pairs *to, const char *name, const char *value)
{
    LIST_ROOM(a, to->at, to->n);
    to->at[to->n++] = (struct ask_pair){name, value};
}

/* The word at *text up to a blank outside of quotes, without its quotes and backslashes. */
static char *next_word(struct arena *a, const char **text)
{
    const char *c = *text;
    char *word = arena_zeroed(a, strlen(c) + 1, 1), quote = 0;
    size_t n = 0;
    for (; *c && (quote || !strchr(" \t\n", *c)); c++) {
        if (*c == '\\' && c[1])
            word[n++] = *++c;
        else if (quote ? *c == quote : *c == '"' || *c == '\'')
            quote = quote ? 0 : *c;
        else
            word[n++] = *c;
    }
    *text = c;
    return word;
}

void samconfig_pairs(struct arena *a, const char *text, struct ask_pairs *to)
{
    static const char KEY[] = "ParameterKey=", VALUE[] = ",ParameterValue=";
    for (text += strspn(text, " \t\n"); *text; text += strspn(text, " \t\n")) {
        char *word = next_word(a, &text);
        bool long_form = str_begins(word, KEY);
        char *name = word + (long_form ? strlen(KEY) : 0), *end = long_form ? strstr(name, VALUE) : strchr(name, '=');
        if (!end || end == name)
            continue;
        *end = '\0';
        add_pair(a, to, name, end + (long_form ? strlen(VALUE) : 1));
    }
}

static void add_table(struct arena *a, const struct node *v, struct ask_pairs *to)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct node *value = v->members[i].value;
        struct text joined = {0};
        for (size_t k = 0; value->kind == NODE_LIST && k < value->n; k++) {
            text_puts(&joined, k ? "," : "");
            text_puts(&joined, node_text(value->items[k]) ? node_text(value->items[k]) : "");
        }
        const char *text = value->kind == NODE_LIST ? arena_text(a, joined.at ? joined.at : "", joined.n) : node_text(value);
        text_done(&joined);
        if (text)
            add_pair(a, to, v->members[i].name, text);
    }
}

struct reader {
    struct files *files;
    const char *dir, *root_path;
    struct ask_pairs *to;
    struct err *err;
};

static int add_overrides(const struct reader *r, const struct node *v, unsigned depth)
{
    const char *text = node_text(v);
    struct arena *a = r->files->arena;
    if (v->kind == NODE_MAP)
        add_table(a, v, r->to);
    for (size_t i = 0; v->kind == NODE_LIST && i < v->n && depth < 3; i++)
        if (add_overrides(r, v->items[i], depth + 1) < 0)
            return -1;
    if (!text || !str_begins(text, "file://")) {
        if (text)
            samconfig_pairs(a, text, r->to);
        return 0;
    }
    const char *path = files_join(a, r->dir, text + strlen("file://"), r->root_path);
    const struct node *document = files_document(r->files, path ? path : text, r->err);
    if (!document || depth >= 3)
        return document ? 0 : -1;
    return add_overrides(r, document, depth + 1);
}

static const struct node *section(const struct node *environment, const char *command)
{
    return node_at(environment, command, "parameters", NULL);
}

static void note_others(struct model *m, const struct ask *ask, const struct node *parameters)
{
    const struct node *variables = node_find(parameters, "env_vars"), *region = node_find(parameters, "region");
    if (node_text(variables))
        model_note(m, variables, false, "env_vars is not read by itself: --env-vars %s", node_text(variables));
    if (node_text(region) && (!ask->region || strcmp(ask->region, node_text(region)) != 0))
        model_note(m, region, false, "region is not read: --region %s", node_text(region));
}

static int add_environment(const struct ask *ask, const struct reader *r, const struct node *environment, struct model *m)
{
    static const char *const COMMANDS[] = {"local_invoke", "local_start_lambda", "local_start_api"};
    const struct node *global = section(environment, "global"), *overrides = node_find(global, "parameter_overrides"), *own = NULL;
    note_others(m, ask, global);
    if (overrides && add_overrides(r, overrides, 0) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(*COMMANDS) && !own; i++) {
        own = node_find(section(environment, COMMANDS[i]), "parameter_overrides");
        note_others(m, ask, section(environment, COMMANDS[i]));
    }
    const struct node *deploy = node_find(section(environment, "deploy"), "parameter_overrides");
    if (deploy && !own && !overrides)
        model_note(m, deploy, true, "parameter_overrides of deploy are for deployments alone, as with sam local: --parameter NAME=VALUE");
    return own ? add_overrides(r, own, 0) : 0;
}

int samconfig_parameters(const struct ask *ask, struct files *files, const char *dir, struct model *m, struct ask_pairs *ret,
                         struct err *err)
{
    static const char *const NAMES[] = {"samconfig.toml", "samconfig.yaml", "samconfig.yml"};
    const char *found = NULL, *name = ask->config_env ? ask->config_env : "default";
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES) && !found; i++) {
        const char *path = files_join(files->arena, dir, NAMES[i], NULL);
        if (path && files_look(files, path)->kind == SEEN_FILE)
            found = path;
    }
    const struct node *top = found ? files_document(files, found, err) : NULL, *environment = node_find(top, name);
    if (found && !top)
        return -1;
    if (!environment && strcmp(name, "default") != 0)
        return found ? fail_usage(err, "--config-env %s: %s has no such environment", name, found)
                     : fail_usage(err, "--config-env %s: there is no samconfig.toml beside the template", name);
    struct reader r = {.files = files, .dir = dir, .root_path = ask->root_path, .to = ret, .err = err};
    return environment ? add_environment(ask, &r, environment, m) : 0;
}
