/* SPDX-License-Identifier: Apache-2.0 */
/* case.c: the members of a case, as two tables (a case's, and those of its "expect"), and where the event comes from. Files and directories
 * are case_files.c's. An event is kept as it is spelled, byte by byte. A case is somebody's file and may be anybody's: the file that
 * event-file names must lie beneath the case's own directory, and is opened with the rights that the function will have. */
#include "launcher/test/case_state.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/own.h"
#include "base/place.h"
#include "lambda/limits.h"
#include "lambda/variables.h"
#include "launcher/launch/names.h"
#include "launcher/launch/sample.h"
#include "launcher/test/match.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

/* Cases come in their order, so their lines are counted once for the whole file. */
static unsigned case_line(struct reading *x, struct slice at)
{
    if (!at.at)
        return 1;
    if (at.at < x->counted) {
        x->counted = x->bytes;
        x->line = 1;
    }
    for (; x->counted < at.at; x->counted++)
        x->line += *x->counted == '\n';
    return x->line;
}

/* "cases/a.json:3: expect.max-ms: SENTENCE". */
static int refuse(struct reading *x, struct slice at, const char *sentence)
{
    struct err was = *x->err;
    OWN_PTR char *copy = xstrdup(sentence);
    fail_usage(x->err, "%.160s:%u: %s%s%s%.240s", x->file, case_line(x, at), x->inside, x->member, *x->member ? ": " : "", copy);
    return was.usage && was.hint[0] ? fail_hint(x->err, "%s", was.hint) : -1;
}

/* The err is of usage, and its sentence what is wrong with the member. */
static int pass_on(struct reading *x, struct slice at)
{
    return refuse(x, at, x->err->usage ? x->err->sentence : x->err->what);
}

static int need(struct reading *x, struct slice v, const char *what)
{
    OWN_PTR char *sentence = xasprintf("expected %s", what);
    x->err->hint[0] = 0;
    return refuse(x, v, sentence);
}

static int read_text(struct reading *x, struct slice v, size_t most, char **ret)
{
    OWN_PTR char *plain = json_shape(v) == SHAPE_STRING ? json_plain(v) : NULL;
    bool fits = plain && *plain && strlen(plain) <= most;
    for (const char *c = plain; fits && *c; c++)
        fits = (unsigned char)*c >= ' ' && *c != 127;
    if (!fits) {
        OWN_PTR char *what = xasprintf("a string of 1 to %zu bytes, without control characters", most);
        return need(x, v, what);
    }
    free(*ret);
    *ret = take_ptr(&plain);
    return 0;
}

/* ---- the case ---- */

static int read_name(struct reading *x, struct slice v)
{
    return read_text(x, v, 200, &x->made->name);
}

static int read_skip(struct reading *x, struct slice v)
{
    return read_text(x, v, 400, &x->made->skip);
}

static int read_about(struct reading *x, struct slice v)
{
    return json_shape(v) == SHAPE_STRING ? 0 : need(x, v, "a string");
}

static int only_one_event(struct reading *x, struct slice v)
{
    if (x->made->event.n)
        return refuse(x, v, "event, event-file and sample exclude each other");
    return 0;
}

static int read_event(struct reading *x, struct slice v)
{
    if (only_one_event(x, v) < 0)
        return -1;
    text_add(&x->made->event, v.at, v.n);
    return v.n <= INVOKE_MAX ? 0 : refuse(x, v, REQUEST_TEXT);
}

static int read_event_file(struct reading *x, struct slice v)
{
    OWN_PTR char *path = json_shape(v) == SHAPE_STRING ? json_plain(v) : NULL;
    struct slice top;
    struct json_fault fault;
    if (!path || !*path || path[0] == '/' || x->dir < 0)
        return need(x, v, "the path of a file, relative to the case's directory");
    if (only_one_event(x, v) < 0)
        return -1;
    OWN_FD int fd = place_open_beneath(x->dir, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, x->id->uid, x->id->gid, "open the event", x->err);
    if (fd < 0 || fs_read_all(fd, INVOKE_MAX, path, &x->made->event, x->err) < 0) {
        char text[ERR_TEXT_SIZE];
        err_text(x->err, text, sizeof text);
        x->err->hint[0] = 0;
        return refuse(x, v, text);
    }
    if (json_scan(x->made->event.at ? x->made->event.at : "", x->made->event.n, &top, &fault))
        return 0;
    struct text where = {0};
    OWN_PTR char *sentence = NULL;
    json_fault_text(x->made->event.at ? x->made->event.at : "", &fault, &where);
    sentence = xasprintf("event '%.80s' is not valid JSON: %s", path, where.at);
    text_done(&where);
    return refuse(x, v, sentence);
}

static int read_sample(struct reading *x, struct slice v)
{
    OWN_PTR char *word = json_shape(v) == SHAPE_STRING ? json_plain(v) : NULL;
    if (!word)
        return need(x, v, "a string: \"@SERVICE/EVENT?NAME=VALUE&...\"");
    if (only_one_event(x, v) < 0)
        return -1;
    return sample_of_word(word + (*word == '@'), &x->made->event, x->err) < 0 ? pass_on(x, v) : 0;
}

static int read_env(struct reading *x, struct slice v)
{
    struct slice key, value;
    if (json_shape(v) != SHAPE_OBJECT)
        return need(x, v, "an object: {\"NAME\": \"VALUE\"}");
    for (struct json_walk w = json_walk(v); json_next(&w, &key, &value);) {
        OWN_PTR char *name = json_plain(key), *text = json_shape(value) == SHAPE_STRING ? json_plain(value) : NULL;
        if (!name || !text)
            return need(x, value, "strings");
        OWN_PTR char *entry = xasprintf("%s=%s", name, text);
        if (strchr(name, '=') || variables_check(entry, name, x->err) < 0)
            return strchr(name, '=') ? need(x, value, "names without =") : pass_on(x, value);
        variables_set(&x->made->env, take_ptr(&entry));
    }
    return variables_check_size(&x->made->env, x->err) < 0 ? pass_on(x, v) : 0;
}

/* ---- what is expected ---- */

static int read_pattern(struct reading *x, struct slice v, struct slice *ret)
{
    struct slice at;
    *ret = v;
    return match_check(v, &at, x->err) < 0 ? pass_on(x, at) : 0;
}

static int read_result(struct reading *x, struct slice v)
{
    return read_pattern(x, v, &x->made->expect.result);
}

static int read_exact(struct reading *x, struct slice v)
{
    x->made->expect.exact = json_shape(v) == SHAPE_TRUE;
    return x->made->expect.exact || json_shape(v) == SHAPE_FALSE ? 0 : need(x, v, "true or false");
}

static int read_error(struct reading *x, struct slice v)
{
    struct slice key, value;
    struct expectation *e = &x->made->expect;
    e->error = e->any_status = true;
    if (json_shape(v) == SHAPE_TRUE)
        return 0;
    if (json_shape(v) != SHAPE_OBJECT)
        return need(x, v, "true (any error), or an object of type and message");
    for (struct json_walk w = json_walk(v); json_next(&w, &key, &value);) {
        bool type = json_is(key, "type");
        if (!type && !json_is(key, "message"))
            return need(x, key, "type and message");
        if (read_pattern(x, value, type ? &e->type : &e->message) < 0)
            return -1;
    }
    return 0;
}

static bool is_text_or_expression(struct slice v)
{
    struct slice of = json_find(v, "$match");
    return json_shape(v) == SHAPE_STRING || of.at;
}

static int read_texts(struct reading *x, struct slice v, struct slice *ret)
{
    struct slice none, one;
    *ret = v;
    if (json_shape(v) != SHAPE_ARRAY)
        return is_text_or_expression(v) ? read_pattern(x, v, ret) : need(x, v, "a string, {\"$match\": \"ERE\"}, or an array of these");
    for (struct json_walk w = json_walk(v); json_next(&w, &none, &one);)
        if (!is_text_or_expression(one))
            return need(x, one, "strings, or {\"$match\": \"ERE\"}");
    return read_pattern(x, v, ret);
}

static int read_log(struct reading *x, struct slice v)
{
    return read_texts(x, v, &x->made->expect.log);
}

static int read_no_log(struct reading *x, struct slice v)
{
    return read_texts(x, v, &x->made->expect.no_log);
}

static int read_max_ms(struct reading *x, struct slice v)
{
    if (json_shape(v) == SHAPE_NUMBER && json_unsigned(v, 1, CASE_MS_MAX, &x->made->expect.max_ms) == JSON_WHOLE)
        return 0;
    return need(x, v, "a whole number of milliseconds, 1 to 900000");
}

static int read_why(struct reading *x, struct slice v)
{
    x->made->expect.any_status = true;
    if (read_text(x, v, 20, &x->made->expect.why) < 0)
        return -1;
    const char *id = x->made->expect.why;
    return str_begins(id, "LR-") && strlen(id) == 6 && strspn(id + 3, "0123456789") == 3 ? 0 : need(x, v, "an ID of lrun explain: LR-001");
}

static int read_status(struct reading *x, struct slice v)
{
    x->made->expect.any_status = true;
    for (int i = STATUS_SUCCESS; i <= STATUS_TIMEOUT; i++)
        if (json_is(v, EVENT_STATUS_NAMES[i]))
            return x->made->expect.status = i, 0;
    return need(x, v, "success, error or timeout");
}

/* ---- the tables ---- */

struct member {
    char name[12];
    int (*read)(struct reading *x, struct slice v);
};

static int read_members(struct reading *x, struct slice object, const struct member *members, size_t n)
{
    struct slice key, v;
    if (json_shape(object) != SHAPE_OBJECT)
        return need(x, object, "an object");
    for (struct json_walk w = json_walk(object); json_next(&w, &key, &v);) {
        OWN_PTR char *name = json_plain(key);
        const struct member *near = NULL;
        size_t i = 0;
        while (i < n && !json_is(key, members[i].name))
            i++;
        x->member = i < n ? members[i].name : "";
        if (i < n && members[i].read(x, v) < 0)
            return -1;
        for (size_t k = 0; i == n && name && k < n; k++)
            if (name_unlikeness(name, members[k].name) < (near ? name_unlikeness(name, near->name) : NAME_UNLIKE))
                near = &members[k];
        if (i < n)
            continue;
        OWN_PTR char *shown = match_shown(key);
        OWN_PTR char *sentence =
            near ? xasprintf("unknown member %s (did you mean '%s'?)", shown, near->name) : xasprintf("unknown member %s", shown);
        return refuse(x, key, sentence);
    }
    x->member = "";
    return 0;
}

static int read_expect(struct reading *x, struct slice v)
{
    static const struct member MEMBERS[] = {
        {"result", read_result}, {"exact", read_exact},   {"error", read_error}, {"log", read_log},
        {"no-log", read_no_log}, {"max-ms", read_max_ms}, {"why", read_why},     {"status", read_status},
    };
    const struct expectation *e = &x->made->expect;
    x->inside = "expect.";
    if (read_members(x, v, MEMBERS, COUNT(MEMBERS)) < 0)
        return -1;
    x->inside = "";
    if (e->error && e->result.at)
        return refuse(x, v, "expect: result and error exclude each other");
    if (e->exact && !e->result.at)
        return refuse(x, v, "expect: exact needs result");
    return 0;
}

int case_read(struct reading *x, struct slice object)
{
    static const struct member MEMBERS[] = {
        {"name", read_name},     {"event", read_event}, {"event-file", read_event_file}, {"sample", read_sample}, {"env", read_env},
        {"expect", read_expect}, {"skip", read_skip},   {"about", read_about},           {"$schema", read_about},
    };
    x->made->expect.status = -1;
    x->made->line = case_line(x, object);
    x->inside = x->member = "";
    if (read_members(x, object, MEMBERS, COUNT(MEMBERS)) < 0)
        return -1;
    if (!x->made->event.n)
        text_puts(&x->made->event, "{}");
    return 0;
}
