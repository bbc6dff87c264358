/* SPDX-License-Identifier: Apache-2.0 */
/* job.c: from a line to a job. THE TABLE has the members that a line may have; what a submitter must not decide (policy, limits, volumes,
 * network, places of results, variables) has no row and so is refused, not passed over: a line that asks for less network than it gets
 * must not run. Names of files are relative and plain: no "..", no name twice, none that is a directory of another. */
#include "launcher/batch/job.h"

#include "base/json_scan.h"
#include "base/own.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int read_id(struct slice v, struct job *j, struct err *err)
{
    if (json_shape(v) != SHAPE_STRING || !(j->id = json_plain(v)))
        return fail_usage(err, "\"id\": expected a text without NUL");
    return 0;
}

static int read_command(struct slice v, struct job *j, struct err *err)
{
    struct json_walk w = json_walk_as(v, SHAPE_ARRAY);
    struct slice key, word;
    while (json_next(&w, &key, &word)) {
        char *plain = json_shape(word) == SHAPE_STRING ? json_plain(word) : NULL;
        if (!plain)
            return fail_usage(err, "\"command\": expected an array of texts without NUL");
        strv_add(&j->argv, plain);
    }
    return j->argv.n && j->argv.at[0][0] ? 0 : fail_usage(err, "\"command\": expected an array that begins with a program");
}

static int read_event(struct slice v, struct job *j, struct err *err)
{
    (void)err;
    json_squeeze(v, &j->input);
    return 0;
}

static int read_stdin(struct slice v, struct job *j, struct err *err)
{
    if (json_shape(v) != SHAPE_STRING)
        return fail_usage(err, "\"stdin\": expected a text");
    json_decode_add(v, &j->input);
    return 0;
}

/* "a/b.txt": what can be made beneath a directory, and nowhere else. A name that is too long would be lrun's failure at each run. */
static bool is_plain_name(const char *name)
{
    if (strlen(name) >= PATH_MAX)
        return false;
    for (const char *part = name;; part++) {
        size_t n = strcspn(part, "/");
        if (n == 0 || n > NAME_MAX || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += n;
        if (!*part)
            return true;
    }
}

/* "a" beside "a/b". */
static bool is_within(const char *name, const char *other)
{
    size_t n = strlen(other);
    return strncmp(name, other, n) == 0 && (name[n] == '/' || !name[n]);
}

static int check_name(const struct job *j, const char *name, struct err *err)
{
    if (!name || !is_plain_name(name))
        return fail_usage(err,
                          "\"files\": '%.80s' is no name beneath " PLACED_DIR
                          ": expected a relative path without . and .., each name at most 255 bytes",
                          name ? name : "");
    for (size_t i = 0; i + 1 < j->file_count; i++) {
        const char *other = j->files[i].into.name;
        if (is_within(name, other) || is_within(other, name))
            return fail_usage(err, "\"files\": '%.80s' and '%.80s' exclude each other", other, name);
    }
    return 0;
}

static int read_file(struct slice v, struct job_file *file, struct err *err)
{
    struct slice text = json_find(v, "text"), key, value;
    struct json_walk w = json_walk_as(v, SHAPE_OBJECT);
    if (json_shape(v) == SHAPE_STRING)
        return (file->path = json_plain(v)) && file->path[0] ? 0 : fail_usage(err, "\"files\": expected a path without NUL");
    if (!json_next(&w, &key, &value) || json_next(&w, &key, &value) || json_shape(text) != SHAPE_STRING)
        return fail_usage(err, "\"files\": expected a path or {\"text\": \"...\"}");
    json_decode_add(text, &file->text);
    file->into.bytes = file->text.at;
    file->into.size = file->text.n;
    return 0;
}

static int read_files(struct slice v, struct job *j, struct err *err)
{
    struct json_walk w = json_walk_as(v, SHAPE_OBJECT);
    struct slice key, value;
    if (json_shape(v) != SHAPE_OBJECT)
        return fail_usage(err, "\"files\": expected an object of names");
    while (json_next(&w, &key, &value)) {
        if (j->file_count == JOB_FILES_MAX)
            return fail_usage(err, "\"files\": at most %d", JOB_FILES_MAX);
        j->files = xrealloc(j->files, j->file_count + 1, sizeof *j->files);
        struct job_file *file = &j->files[j->file_count++];
        *file = (struct job_file){.into = {.name = json_plain(key), .fd = -1, .mode = PLACED_MODE}};
        if (check_name(j, file->into.name, err) < 0 || read_file(value, file, err) < 0)
            return -1;
    }
    return 0;
}

static const struct member {
    const char *name;
    int (*read)(struct slice v, struct job *j, struct err *err);
    const char *not_with; /* NULL: with any */
} TABLE[] = {
    {"id", read_id, NULL},       {"command", read_command, NULL}, {"event", read_event, "stdin"},
    {"stdin", read_stdin, NULL}, {"files", read_files, NULL},
};

static const struct member *find_member(struct slice key)
{
    for (size_t i = 0; i < COUNT(TABLE); i++)
        if (json_is(key, TABLE[i].name))
            return &TABLE[i];
    return NULL;
}

static int unknown_member(struct slice key, struct err *err)
{
    struct text name = json_plain_text(key);
    fail_usage(err, "unknown member '%.80s'", str_line(name.at));
    text_done(&name);
    return fail_hint(err, "a line has id, command, event or stdin, and files; all else is batch's own command line's");
}

int job_read(const char *line, size_t n, struct job *ret, struct err *err)
{
    struct slice top, key, value;
    *ret = (struct job)JOB_NONE;
    if (json_document(line, n, "line", &top, err) < 0)
        return -1;
    if (json_shape(top) != SHAPE_OBJECT)
        return fail_usage(err, "expected a JSON object");
    for (struct json_walk w = json_walk(top); json_next(&w, &key, &value);) {
        const struct member *m = find_member(key);
        if (!m)
            return unknown_member(key, err);
        if (m->not_with && json_find(top, m->not_with).at)
            return fail_usage(err, "\"%s\" and \"%s\" exclude each other", m->name, m->not_with);
        if (m->read(value, ret, err) < 0)
            return -1;
    }
    return 0;
}

void job_done(struct job *j)
{
    for (size_t i = 0; i < j->file_count; i++) {
        free(j->files[i].path);
        free((char *)(uintptr_t)j->files[i].into.name);
        text_done(&j->files[i].text);
        own_close(&j->files[i].into.fd);
    }
    free(j->files);
    free(j->id);
    strv_done(&j->argv);
    text_done(&j->input);
    *j = (struct job)JOB_NONE;
}
