/* SPDX-License-Identifier: Apache-2.0 */
/* project_facts.c: what a project says of a function and no option says alone. A fact that cannot hold here is said: it never changes what
 * runs in silence. What lrun-project prints of them is the table FACTS in project/model_print.c, and which options
 * a project may set is may_be_said() in config.c. */
#include "launcher/command/project.h"

#include "base/arch.h"
#include "base/own.h"
#include "lambda/function_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The member's text, owned; NULL: there is none. */
static char *text_of(struct slice facts, const char *member)
{
    struct slice v = json_find(facts, member);
    return json_shape(v) == SHAPE_STRING ? json_plain(v) : NULL;
}

static const char *keep(struct request *r, char *owned)
{
    strv_add(&r->owned, owned);
    return owned;
}

/* what holds a stranger's text. */
static void note(const struct request *r, const char *name, char *what)
{
    if (!r->quiet)
        fprintf(stderr, "lrun: %s: %s\n", name, str_line(what));
}

/* A bootstrap or library of the other architecture fails with its own words; code without any runs. */
static void note_architecture(const struct request *r, const char *name, struct slice facts)
{
    OWN_PTR char *arch = text_of(facts, "architecture");
    if (!arch || strcmp(arch, ARCHES[ARCH_OURS].lambda) == 0)
        return;
    OWN_PTR char *what = xasprintf("it is for %.20s, and runs on this machine's %s: what is compiled for %.20s does not load", arch,
                                   ARCHES[ARCH_OURS].lambda, arch);
    note(r, name, what);
}

static bool is_mounted(const struct request *r, const char *target)
{
    size_t n = strlen(target);
    for (size_t i = 0; i < r->volumes.n; i++) {
        const char *at = strchr(r->volumes.at[i], ':');
        if (at && strncmp(at + 1, target, n) == 0 && (at[1 + n] == ':' || !at[1 + n]))
            return true;
    }
    return false;
}

/* Which directory stands for a file system, only the user can say. */
static void note_mounts(const struct request *r, const char *name, struct slice facts)
{
    struct slice none, target;
    for (struct json_walk w = json_walk_as(json_find(facts, "mounts"), SHAPE_ARRAY); json_next(&w, &none, &target);) {
        OWN_PTR char *path = json_plain(target);
        if (!path || is_mounted(r, path))
            continue;
        OWN_PTR char *what = xasprintf("no directory stands for its file system: --mount DIR:%.80s", path);
        note(r, name, what);
    }
}

static void take_name(const struct request *line, struct request *r, struct slice facts)
{
    char *name = text_of(facts, "name");
    if (name && !line->name && function_name_fits(name, strlen(name)))
        r->name = keep(r, name);
    else
        free(name);
}

static int take_level(const struct request *line, struct request *r, struct slice facts, struct err *err)
{
    OWN_PTR char *level = text_of(facts, "application-log-level");
    for (char *c = level; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return level ? config_set_part(line, r, "log-level", level, err) : 0;
}

int project_facts(const struct project *p, const char *name, const struct request *line, struct request *r, struct err *err)
{
    struct slice facts = json_find(p->facts, name);
    char *group = text_of(facts, "log-group");
    if (group)
        r->part.log_group = keep(r, group);
    take_name(line, r, facts);
    note_architecture(r, name, facts);
    note_mounts(r, name, facts);
    return take_level(line, r, facts, err);
}
