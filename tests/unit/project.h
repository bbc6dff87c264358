/* SPDX-License-Identifier: Apache-2.0 */
/* A project in a directory of its own, as tests of its readers write it. */
#ifndef LRUN_TESTS_PROJECT_H
#define LRUN_TESTS_PROJECT_H

#include "base/str.h"
#include "project/template.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct project {
    char dir[64];
    struct arena arena;
    struct ask ask;
    struct ask_pair parameters[8], imports[8];
    struct files files;
    struct model model;
    struct err err;
};

static inline void project_write(struct project *p, const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof(whole), "%s/%s", p->dir, path);
    for (char *slash = whole + strlen(p->dir) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    FILE *f = fopen(whole, "w");
    cr_assert(f, "%s", whole);
    fputs(text, f);
    fclose(f);
}

static inline void project_begin(struct project *p)
{
    *p = (struct project){.dir = "/tmp/lrun-project-XXXXXX"};
    cr_assert(mkdtemp(p->dir));
    p->ask = (struct ask){.region = "us-east-1", .account = "123456789012"};
    p->ask.parameters.at = p->parameters;
    p->ask.imports.at = p->imports;
    p->files = (struct files){.arena = &p->arena, .root = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    p->model.arena = &p->arena;
}

static inline void project_give(struct ask_pairs *to, const char *name, const char *value)
{
    to->at[to->n++] = (struct ask_pair){name, value};
}

static inline void project_end(struct project *p)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", p->dir);
    cr_assert(system(command) == 0);
    close(p->files.root);
    arena_done(&p->arena);
}

/* What stands in the reader's place: [a, {b: c}]. */
static inline void project_show(const struct node *v, char *out, size_t size)
{
    size_t n = strlen(out);
    if (!v || (v->kind != NODE_LIST && v->kind != NODE_MAP)) {
        snprintf(out + n, size - n, "%s", v ? v->text : "-");
        return;
    }
    snprintf(out + n, size - n, v->kind == NODE_LIST ? "[" : "{");
    for (size_t i = 0; i < v->n; i++) {
        n = strlen(out);
        snprintf(out + n, size - n, "%s%s%s", i ? ", " : "", v->kind == NODE_MAP ? v->members[i].name : "",
                 v->kind == NODE_MAP ? ": " : "");
        project_show(v->kind == NODE_MAP ? v->members[i].value : v->items[i], out, size);
    }
    n = strlen(out);
    snprintf(out + n, size - n, v->kind == NODE_LIST ? "]" : "}");
}

#endif
