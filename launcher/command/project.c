/* SPDX-License-Identifier: Apache-2.0 */
/* project.c: which project a command line means, and which of its functions. A path that exists comes first, so FUNCTION means for zips,
 * directories and images what it always has. The root is opened as root where lrun is root, since the command line (or where it was typed)
 * names it; all that the project names is opened beneath it, with the rights of the uid that will run. */
#include "launcher/command/project.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/place.h"
#include "lambda/function_name.h"
#include "launcher/command/cli.h"
#include "launcher/command/config_apis.h"
#include "launcher/launch/names.h"
#include "launcher/launch/pull.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- what it says ---- */

/* A configuration of lrun's own needs no reader. */
static int read_own(const struct project_place *p, const struct identity *id, struct text *ret, struct err *err)
{
    enum { OWN_MAX = 1 << 20 };
    OWN_FD int fd = place_open_beneath(p->root, p->file, O_RDONLY | O_NOCTTY | O_NONBLOCK, id->uid, id->gid, "open the configuration", err);
    return fd < 0 ? -1 : fs_read_all(fd, OWN_MAX, p->file, ret, err);
}

int project_open(const struct request *r, struct project *ret, struct err *err)
{
    struct identity id;
    int found = project_find(r, &ret->place, err);
    if (found != PROJECT_FOUND)
        return found;
    const char *slash = strrchr(ret->place.file, '/');
    bool own = strcmp(slash ? slash + 1 : ret->place.file, "lrun.json") == 0;
    if (identity_choose(&id, err) < 0 ||
        (own ? read_own(&ret->place, &id, &ret->answer, err) : project_read(&ret->place, r, &id, &ret->answer, &ret->top, err)) < 0)
        return -1;
    if (own && json_document(ret->answer.at ? ret->answer.at : "", ret->answer.n, ret->place.file, &ret->top, err) < 0)
        return -1;
    ret->part = (struct request_part){.is_one = true, .root = ret->place.root, .root_path = ret->place.root_path};
    struct slice about = json_find(ret->top, "project");
    ret->functions = json_find(ret->top, "functions");
    ret->names = json_find(about, "names");
    ret->facts = json_find(about, "facts");
    ret->refused = json_find(about, "refused");
    ret->notes = json_find(about, "notes");
    const char *root = ret->place.root_path[1] ? ret->place.root_path : "";
    ret->dir = xasprintf("%s/%.*s", root, own && slash ? (int)(slash + 1 - ret->place.file) : 0, ret->place.file);
    return PROJECT_FOUND;
}

void project_done(struct project *p)
{
    own_close(&p->place.root);
    free(p->place.root_path);
    free(p->place.file);
    free(p->dir);
    text_done(&p->answer);
    request_done(&p->rest);
}

bool project_may_have(const struct request *r, const char *word)
{
    struct err ignored;
    struct stat st;
    if (str_begins(word, "arn:"))
        return strstr(word, ":lambda:") && strstr(word, ":function:");
    if (strpbrk(word, ":.=") || word[0] == '/')
        return false;
    return r->project || (stat(word, &st) < 0 && !pull_check(word, &ignored));
}

/* ---- a function ---- */

struct choice {
    struct slice key, object; /* object none: it is refused */
    struct slice refused;
    size_t n; /* how many have this name */
};

static bool lists(struct slice array, const char *name)
{
    struct slice none, other;
    for (struct json_walk w = json_walk_as(array, SHAPE_ARRAY); json_next(&w, &none, &other);)
        if (json_is(other, name))
            return true;
    return false;
}

/* What the project says of the function that has this own name. */
static void take(const struct project *p, struct slice key, const char *name, struct choice *c)
{
    c->key = key;
    c->object = json_find(p->functions, name);
    c->refused = json_find(p->refused, name);
}

/* By its own name, else by one of its others. */
static void choose_named(const struct project *p, const char *name, struct choice *c)
{
    struct slice key, others;
    take(p, (struct slice){0}, name, c);
    if (c->object.at || c->refused.at)
        c->n = 1;
    for (struct json_walk w = json_walk_as(p->names, SHAPE_OBJECT); !c->object.at && !c->refused.at && json_next(&w, &key, &others);)
        if (lists(others, name)) {
            c->n++;
            c->key = key;
        }
    OWN_PTR char *own = c->n == 1 && c->key.at ? json_plain(c->key) : NULL;
    if (own)
        take(p, c->key, own, c);
}

static void choose_only(const struct project *p, struct choice *c)
{
    const struct slice from[] = {p->functions, p->refused};
    struct slice key, value;
    for (size_t i = 0; i < COUNT(from); i++)
        for (struct json_walk w = json_walk_as(from[i], SHAPE_OBJECT); json_next(&w, &key, &value); c->n++)
            *c = (struct choice){.key = key, .object = i ? (struct slice){0} : value, .refused = i ? value : (struct slice){0}, .n = c->n};
}

/* "A, B, C and 5 more", the nearest to name first said apart. */
static char *list_of(const struct project *p, const char *name, char **ret_near)
{
    enum { SHOWN = 8 };
    const struct slice from[] = {p->functions, p->refused};
    struct text list = {0};
    unsigned best = NAME_UNLIKE;
    size_t n = 0;
    for (size_t i = 0; i < COUNT(from); i++) {
        struct slice key, value;
        for (struct json_walk w = json_walk_as(from[i], SHAPE_OBJECT); json_next(&w, &key, &value); n++) {
            OWN_PTR char *plain = json_plain(key);
            unsigned d = name && plain ? name_unlikeness(name, plain) : NAME_UNLIKE;
            if (d < best) {
                best = d;
                free(*ret_near);
                *ret_near = xstrdup(plain);
            }
            if (n < SHOWN)
                text_printf(&list, "%s%.64s", n ? ", " : "", plain ? plain : "?");
        }
    }
    if (n > SHOWN)
        text_printf(&list, " and %zu more (lrun project lists them)", n - SHOWN);
    return list.at ? list.at : xstrdup("none");
}

static int not_one(const struct project *p, const char *name, const struct choice *c, struct err *err)
{
    OWN_PTR char *near = NULL;
    OWN_PTR char *list = list_of(p, name, &near);
    if (!name)
        fail_usage(err, "%s has several functions: name one", p->place.file);
    else if (c->n > 1)
        fail_usage(err, "%s: '%.120s' is the name of %zu functions: use the full path or the logical id", p->place.file, name, c->n);
    else if (near)
        fail_usage(err, "%s has no function '%.120s' (did you mean '%s'?)", p->place.file, name, near);
    else
        fail_usage(err, "%s has no function '%.120s'", p->place.file, name);
    return fail_hint(err, "functions: %s", list);
}

char *project_place_text(struct slice object)
{
    OWN_PTR char *source = json_plain(json_find(object, "source"));
    uint64_t line = 0;
    json_unsigned(json_find(object, "line"), 0, UINT32_MAX, &line);
    return line && source ? xasprintf("%s:%ju: ", source, (uintmax_t)line) : xstrdup("");
}

static int refuse(const char *name, struct slice refused, struct err *err)
{
    OWN_PTR char *what = json_plain(json_find(refused, "what")), *remedy = json_plain(json_find(refused, "remedy"));
    OWN_PTR char *place = project_place_text(refused);
    fail_usage(err, "%sfunction %.64s: %s", place, name, what ? what : "it cannot run");
    return remedy && json_shape(json_find(refused, "remedy")) == SHAPE_STRING ? fail_hint(err, "%s", remedy) : -1;
}

static int add(const struct project *p, const struct request *r, const char *name, struct slice object, struct config *ret, struct err *err)
{
    if (!function_name_fits(name, strlen(name)) || json_shape(object) != SHAPE_OBJECT)
        return fail(err, 0, p->place.file, "use a function of");
    if (config_add_part(r, &p->part, p->dir, name, object, ret, err) < 0)
        return -1;
    struct request *made = &ret->at[ret->n - 1].request;
    struct slice none, other;
    strv_add(&made->part.names, xstrdup(name));
    for (struct json_walk w = json_walk_as(json_find(p->names, name), SHAPE_ARRAY); json_next(&w, &none, &other);) {
        char *text = json_plain(other);
        if (text)
            strv_add(&made->part.names, text);
    }
    return project_facts(p, name, r, made, err);
}

int project_add(const struct project *p, const struct request *r, const char *name, struct config *ret, struct err *err)
{
    struct choice c = {0};
    if (name)
        choose_named(p, name, &c);
    else
        choose_only(p, &c);
    if (c.n != 1)
        return not_one(p, name, &c, err);
    OWN_PTR char *own = c.key.at ? json_plain(c.key) : xstrdup(name);
    return c.object.at ? add(p, r, own ? own : "", c.object, ret, err) : refuse(own ? own : "?", c.refused, err);
}

int project_add_all(const struct project *p, const struct request *r, struct config *ret, struct err *err)
{
    struct slice key, value;
    for (struct json_walk w = json_walk_as(p->refused, SHAPE_OBJECT); json_next(&w, &key, &value);) {
        OWN_PTR char *name = json_plain(key);
        struct err why = {0};
        refuse(name ? name : "?", value, &why);
        err_say(&why, "lrun: not served");
    }
    for (struct json_walk w = json_walk_as(p->functions, SHAPE_OBJECT); json_next(&w, &key, &value);) {
        OWN_PTR char *name = json_plain(key);
        if (add(p, r, name ? name : "", value, ret, err) < 0)
            return -1;
        ret->at[ret->n - 1].request.part.optional = true;
    }
    if (ret->n)
        return 0;
    fail(err, 0, p->place.file, "find a function that can run in");
    return fail_hint(err, "lrun project shows what it has");
}

/* ---- one function's command ---- */

static void say_notes(const struct project *p, const struct request *r)
{
    struct slice none, note;
    for (struct json_walk w = json_walk_as(p->notes, SHAPE_ARRAY); !r->quiet && json_next(&w, &none, &note);) {
        OWN_PTR char *text = json_plain(json_find(note, "text")), *place = project_place_text(note);
        OWN_PTR char *said = xasprintf("%s%s", place, text ? text : "");
        bool api = json_shape(json_find(note, "api")) == SHAPE_TRUE; /* of routes: nobody else's concern */
        if (json_shape(json_find(note, "loud")) == SHAPE_TRUE && (!api || r->apis.n))
            fprintf(stderr, "lrun: %s\n", str_line(said));
    }
}

/* Words that may be a project's functions, and are no paths. */
static void split_words(const struct request *r, struct request *ret_rest, struct strv *ret_names)
{
    request_copy(r, ret_rest);
    strv_done(&ret_rest->words);
    for (size_t i = 0; i < r->words.n; i++)
        strv_add(project_may_have(r, r->words.at[i]) ? ret_names : &ret_rest->words, xstrdup(r->words.at[i]));
}

static int add_named(const struct project *p, const struct request *r, const struct strv *names, struct config *ret, struct err *err)
{
    for (size_t i = 0; i < names->n; i++)
        if (project_add(p, r, names->at[i], ret, err) < 0)
            return -1;
    return 0;
}

/* Whether another function has its name, or is called so by its project. */
static bool has_namesake(const struct config *c, size_t i)
{
    const char *name = c->at[i].request.name;
    for (size_t k = 0; k < c->n; k++) {
        const struct request *other = &c->at[k].request;
        if (k != i &&
            ((other->name && strcmp(other->name, name) == 0) || (other->part.is_one && strcmp(other->part.names.at[0], name) == 0)))
            return true;
    }
    return false;
}

/* Two stacks may have functions of one FunctionName, each in its region: they are served by their logical ids, which differ. */
static void part_namesakes(struct config *c)
{
    bool *parted = xcalloc(c->n, sizeof *parted);
    for (size_t i = 0; i < c->n; i++)
        parted[i] = c->at[i].request.part.is_one && has_namesake(c, i);
    for (size_t i = 0; i < c->n; i++) {
        struct request *r = &c->at[i].request;
        if (!parted[i] || strcmp(r->name, r->part.names.at[0]) == 0)
            continue;
        if (!r->quiet)
            fprintf(stderr, "lrun: %s: served by this name, since another function has the name %s too\n", r->part.names.at[0], r->name);
        r->name = r->part.names.at[0];
    }
    free(parted);
}

int project_read_all(const struct request *r, struct project *p, struct config *ret, struct err *err)
{
    struct strv names = {0};
    *ret = (struct config){0};
    *p = (struct project){.place = {.root = -1}};
    split_words(r, &p->rest, &names);
    bool all = r->project ? !names.n : !r->words.n && !r->config;
    int found = all || names.n ? project_open(r, p, err) : PROJECT_NONE;
    int status = found;
    if (found == PROJECT_NONE) /* then a word that is no path is a path that is not there */
        status = r->words.n || r->config ? config_read(r, ret, err) : cli_no_function(r, err);
    else if (found == PROJECT_FOUND) {
        say_notes(p, r);
        status = p->rest.words.n || r->config ? config_read(&p->rest, ret, err) : 0;
        if (status == 0)
            status = all ? project_add_all(p, r, ret, err) : add_named(p, r, &names, ret, err);
        if (status == 0 && !r->name)
            part_namesakes(ret);
        struct slice apis = json_find(p->top, "apis");
        if (status == 0 && apis.at)
            status = config_read_apis(apis, &ret->apis, &ret->api_n, err);
    }
    strv_done(&names);
    return status;
}

/* A word that is a template's file: its only function is meant. */
static void take_file(struct request *r)
{
    static const char *const ENDS[] = {"template.yaml",   "template.yml", "template.json", "serverless.yml", "serverless.yaml",
                                       "serverless.json", "lrun.json",    "packaged.yaml", "packaged.yml"};
    const char *word = r->words.n ? r->words.at[0] : "";
    struct stat st;
    bool named = false;
    for (size_t i = 0; i < COUNT(ENDS); i++)
        named = named || str_ends(word, ENDS[i]);
    if (r->project || !named || stat(word, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    r->project = r->function;
    r->function = NULL;
}

int project_use(struct request *r, struct err *err)
{
    static struct project p; /* requests borrow from it until the end; not initialized, or it would be copied at every start */
    static struct config one;
    const bool takes =
        r->command == CMD_RUN || r->command == CMD_EXEC || r->command == CMD_BATCH || r->command == CMD_INSPECT || r->command == CMD_TEST;
    if (!takes || r->in.set || (r->function && !*r->function))
        return 0;
    take_file(r);
    if (r->function && !project_may_have(r, r->function))
        return 0;
    p.place.root = -1;
    int found = project_open(r, &p, err);
    if (found < 0)
        return -1;
    if (found == PROJECT_NONE)
        return r->function ? 0 : cli_no_function(r, err);
    say_notes(&p, r);
    if (project_add(&p, r, r->function, &one, err) < 0)
        return -1;
    p.rest = *r; /* what was parsed lives on: the new request borrows from it */
    *r = one.at[0].request;
    free(one.at);
    return 0;
}
