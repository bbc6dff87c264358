/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_project.c: lrun project [show]: what the project here says as lrun understands it, function by function, what it refuses and why, and
 * each construct that was not understood. --json prints lrun.json, as serve --config reads it. Values of variables are never printed by
 * show: they are often secrets. fetch: cmd_project_fetch.c. */
#include "base/own.h"
#include "launcher/command/commands.h"
#include "launcher/command/project.h"

#include <stdio.h>
#include <string.h>

const struct command_kind KIND_PROJECT = {
    .usage_exit = EXIT_USAGE,
};

/* A project's texts are a stranger's, and this goes to a terminal. NULL: it holds NUL. */
static char *shown(struct slice value)
{
    char *text = json_plain(value);
    return text ? str_line(text) : NULL;
}

static void print_value(const char *name, struct slice value)
{
    struct slice none, item;
    OWN_PTR char *plain = shown(value);
    printf("    %-12s", name);
    if (json_shape(value) != SHAPE_ARRAY)
        printf(" %s\n", plain ? plain : "");
    else {
        for (struct json_walk w = json_walk(value); json_next(&w, &none, &item);) {
            OWN_PTR char *text = shown(item);
            printf(" %s", text ? text : "");
        }
        putchar('\n');
    }
}

/* Names alone: values are often secrets. */
static void print_variables(struct slice object)
{
    struct slice key, value;
    printf("    %-12s", "env");
    for (struct json_walk w = json_walk(object); json_next(&w, &key, &value);) {
        OWN_PTR char *name = shown(key);
        printf(" %s", name ? name : "?");
    }
    putchar('\n');
}

static void print_function(const char *name, struct slice object)
{
    struct slice key, value;
    printf("%s\n", name);
    for (struct json_walk w = json_walk_as(object, SHAPE_OBJECT); json_next(&w, &key, &value);) {
        OWN_PTR char *member = shown(key);
        if (member && strcmp(member, "inline") == 0)
            printf("    %-12s (%zu bytes)\n", member, value.n);
        else if (member && json_shape(value) == SHAPE_OBJECT)
            print_variables(value);
        else if (member)
            print_value(member, value);
    }
}

/* "FILE:LINE: " of a refusal or a note. */
static void print_place(struct slice object)
{
    OWN_PTR char *place = project_place_text(object);
    printf("%s", str_line(place));
}

static void print_refusals(struct slice refused)
{
    struct slice key, value;
    for (struct json_walk w = json_walk_as(refused, SHAPE_OBJECT); json_next(&w, &key, &value);) {
        OWN_PTR char *name = shown(key), *what = shown(json_find(value, "what"));
        OWN_PTR char *remedy = shown(json_find(value, "remedy"));
        printf("%s\n    cannot run:  ", name ? name : "?");
        print_place(value);
        printf("%s", what ? what : "");
        if (json_shape(json_find(value, "remedy")) == SHAPE_STRING)
            printf("; %s", remedy ? remedy : "");
        putchar('\n');
    }
}

static void print_notes(struct slice notes)
{
    struct slice none, note;
    for (struct json_walk w = json_walk_as(notes, SHAPE_ARRAY); json_next(&w, &none, &note);) {
        OWN_PTR char *text = shown(json_find(note, "text"));
        printf("note: ");
        print_place(note);
        printf("%s\n", text ? text : "");
    }
}

static void print_apis(struct slice apis)
{
    struct slice key, api, none, route;
    for (struct json_walk w = json_walk_as(apis, SHAPE_OBJECT); json_next(&w, &key, &api);) {
        OWN_PTR char *name = shown(key), *type = shown(json_find(api, "type")), *stage = shown(json_find(api, "stage"));
        printf("%s (%s, stage %s)\n", name, type ? type : "?", stage ? stage : "?");
        for (struct json_walk r = json_walk_as(json_find(api, "routes"), SHAPE_ARRAY); json_next(&r, &none, &route);) {
            OWN_PTR char *method = shown(json_find(route, "method")), *path = shown(json_find(route, "path"));
            OWN_PTR char *function = shown(json_find(route, "function"));
            printf("    %-7s %s -> %s\n", method ? method : "ANY", path ? path : "$default", function ? function : "?");
        }
    }
}

static void show(const struct project *p)
{
    struct slice key, value, about = json_find(p->top, "project");
    OWN_PTR char *reader = shown(json_find(about, "reader"));
    OWN_PTR char *file = xasprintf("%s/%s", p->place.root_path, p->place.file);
    printf("%s (%s)\n", str_line(file), reader && *reader ? reader : "lrun");
    for (struct json_walk w = json_walk_as(p->functions, SHAPE_OBJECT); json_next(&w, &key, &value);) {
        OWN_PTR char *name = shown(key);
        print_function(name ? name : "?", value);
    }
    print_refusals(p->refused);
    print_apis(json_find(p->top, "apis"));
    print_notes(p->notes);
}

int cmd_project(const struct request *r, struct err *err)
{
    struct project p = {.place = {.root = -1}};
    if (r->words.n && strcmp(r->words.at[0], "fetch") == 0)
        return cmd_project_fetch(r, err);
    int found = project_open(r, &p, err);
    if (found == PROJECT_NONE) {
        fail(err, 0, ".", "find a project in");
        fail_hint(
            err, "expected template.yaml, serverless.yml, lrun.json, or what sam build, cdk synth and serverless package make; or name it: "
                 "--project FILE|DIR");
    } else if (found == PROJECT_FOUND && r->json) {
        fwrite(p.top.at, 1, p.top.n, stdout);
        putchar('\n');
    } else if (found == PROJECT_FOUND) {
        show(&p);
    }
    project_done(&p);
    return found == PROJECT_FOUND ? 0 : -1;
}
