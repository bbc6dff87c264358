/* SPDX-License-Identifier: Apache-2.0 */
/* inputs_text.c: the inputs that are text: the function's name, variables, credentials, events, in this order, since a JSON file of
 * variables has a section by the function's name. What is opened and not read is inputs.c's. Secrets pass here: a message names an
 * option, a file and a place in it, but no text of a value. An event that is no JSON is refused before anything starts, where Lambda's
 * API would refuse it too. */
#include "launcher/launch/inputs_parts.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/own.h"
#include "base/place.h"
#include "lambda/function_name.h"
#include "lambda/variables.h"
#include "launcher/launch/env_file.h"
#include "launcher/launch/sample.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { ENV_FILE_MAX = 1 << 20 };

static int add_variable(void *to, char *entry, const char *where, struct err *err)
{
    struct inputs *in = to;
    if (variables_check(entry, where, err) < 0) {
        free(entry);
        return -1;
    }
    variables_set(&in->variables, entry);
    /* More variables than bytes cannot fit; and each is compared with all before it. */
    return in->variables.n > VARIABLES_MAX ? variables_check_size(&in->variables, err) : 0;
}

static int add_member(const char *key, const char *value, void *to, struct err *err)
{
    return add_variable(to, xasprintf("%s=%s", key, value), key, err);
}

/* What a file of variables says wrongly is an error of usage, in JSON as in lines. */
static int as_usage(struct err *err)
{
    struct err was = *err;
    if (was.usage)
        return -1;
    fail_usage(err, "cannot %s '%s'", was.what, was.path);
    return fail_hint(err, "%s", was.hint);
}

/* The name of a function that has a section in the file, owned; NULL: there is none. */
static char *section_of(const char *json, size_t n)
{
    struct slice top, key, value;
    if (!json_read(json, n, &top) || json_shape(top) != SHAPE_OBJECT)
        return NULL;
    for (struct json_walk w = json_walk(top); json_next(&w, &key, &value);)
        if (json_shape(value) == SHAPE_OBJECT) {
            char *name = json_plain(key);
            return name ? name : xstrdup("another");
        }
    return NULL;
}

/* The file has sections, of which none is the function's: its keys are names of functions, not of variables. SAM leaves such a function
 * as it is. Where there is one function, its name is more likely wrong. */
static int note_others(const struct request *r, const char *path, const char *other, struct inputs *in, struct err *err)
{
    if (r->kind->many_at_once) {
        strv_add(&in->notes, xasprintf("%.160s: variables for %.64s and none for the function '%s'", path, other, in->name));
        return 0;
    }
    fail_usage(err, "%.160s: variables for %.64s and not for the function '%s'", path, other, in->name);
    return fail_hint(err, "name the function with --name, or put what is for all functions into \"Parameters\"");
}

/* SAM's form: {"Parameters": {for all functions}, "NAME": {for one}}; or just {K: V}. */
static int read_env_json(const struct request *r, const char *path, const char *json, size_t n, struct inputs *in, struct err *err)
{
    bool shared, own, ignored;
    if (json_each_member(json, n, "Parameters", path, add_member, in, &shared, err) < 0 ||
        json_each_member(json, n, in->name, path, add_member, in, &own, err) < 0)
        return as_usage(err);
    for (size_t i = 0; i < r->part.names.n && !own; i++) /* of a project: SAM takes any name that the function has */
        if (json_each_member(json, n, r->part.names.at[i], path, add_member, in, &own, err) < 0)
            return as_usage(err);
    if (shared || own)
        return 0;
    OWN_PTR char *other = section_of(json, n);
    if (other)
        return note_others(r, path, other, in, err);
    return json_each_member(json, n, NULL, path, add_member, in, &ignored, err) < 0 ? as_usage(err) : 0;
}

static int read_env_file(const struct request *r, const char *path, struct inputs *in, struct err *err)
{
    struct text text = {0};
    if (place_read(path, ENV_FILE_MAX, "open the file of variables", &text, err) < 0)
        return -1;
    int status;
    if (text.at[strspn(text.at, " \t\r\n")] == '{')
        status = read_env_json(r, path, text.at, text.n, in, err);
    else if (memchr(text.at, 0, text.n))
        status = fail_usage(err, "%.160s: a file of variables holds no NUL", path);
    else
        status = env_file_read(path, text.at, add_variable, in, err);
    text_done(&text);
    return status;
}

/* SAM sets no variable that the template does not declare; lrun sets all, and says which will be missing where it is deployed. */
static void note_undeclared(const struct request *r, struct inputs *in, size_t declared)
{
    for (size_t i = declared; r->part.is_one && r->env_files.n && i < in->variables.n; i++) {
        const char *entry = in->variables.at[i];
        strv_add(&in->notes, xasprintf("%.*s is set by a file of variables, and the project does not declare it: it is not set on Lambda",
                                       (int)strcspn(entry, "="), entry));
    }
}

static int read_variables(const struct request *r, struct inputs *in, struct err *err)
{
    for (size_t i = 0; i < r->part.env.n; i++) {
        OWN_PTR char *where = xasprintf("variable %.*s of the project", (int)strcspn(r->part.env.at[i], "="), r->part.env.at[i]);
        if (add_variable(in, xstrdup(r->part.env.at[i]), where, err) < 0)
            return -1;
    }
    const size_t declared = in->variables.n;
    for (size_t i = 0; i < r->env_files.n; i++)
        if (read_env_file(r, r->env_files.at[i], in, err) < 0)
            return -1;
    note_undeclared(r, in, declared);
    for (size_t i = 0; i < r->env.n; i++) {
        const char *entry = r->env.at[i], *value = strchr(entry, '=') ? "" : getenv(entry);
        OWN_PTR char *where = xasprintf("--env, number %zu", i + 1); /* not its text, which may be a secret value without its name */
        if (!value) {
            fail_usage(err, "%s: the variable to copy is not set in lrun's environment", where);
            return fail_hint(err, "--env NAME copies a variable of the caller's; --env NAME=VALUE sets one");
        }
        if (add_variable(in, strchr(entry, '=') ? xstrdup(entry) : xasprintf("%s=%s", entry, value), where, err) < 0)
            return -1;
    }
    return variables_check_size(&in->variables, err);
}

/* Whether the word is a file's name, which messages may repeat: any other word may be a secret. */
static bool looks_like_path(const char *text)
{
    return str_ends(text, ".json") && !strpbrk(text, "{}[]\"': \t\r\n,");
}

/* Reports where the JSON is wrong, without its text. Most often the text is a plain word. */
static int hint_fault(const struct text *event, const struct json_fault *fault, struct err *err)
{
    struct text where = {0};
    bool word = fault->at < event->n && isalpha((unsigned char)event->at[fault->at]) && strspn(event->at, " \t\r\n") == fault->at;
    json_fault_text(event->at, fault, &where);
    fail_hint(err, "%s%s", where.at, word ? "; a string needs its quotes: '\"text\"'" : "");
    text_done(&where);
    return -1;
}

static int read_event(const char *what, size_t number, struct text *ret, struct err *err)
{
    bool is_stdin = strcmp(what, "-") == 0, is_file = is_stdin || access(what, F_OK) == 0;
    if (!is_file && what[0] == '@')
        return sample_of_word(what + 1, ret, err);
    OWN_FD int fd = is_stdin  ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                    : is_file ? place_open(what, O_RDONLY | O_NOCTTY, 0, "open the event", err)
                              : -1;
    if (is_stdin && fd < 0)
        return fail(err, errno, what, "open the event");
    if (is_file && fd < 0)
        return -1;
    if (!is_file)
        text_puts(ret, what);
    else if (fs_read_all(fd, INVOKE_MAX, is_stdin ? "standard input" : what, ret, err) < 0)
        return err->no == EFBIG ? fail_hint(err, REQUEST_TEXT) : -1;
    if (ret->n == 0)
        text_puts(ret, "{}"); /* as SAM does: real clients cannot parse an empty event */
    struct slice top;
    struct json_fault fault;
    if (json_scan(ret->at, ret->n, &top, &fault))
        return 0;
    if (is_file)
        fail_usage(err, "event '%.160s': not valid JSON", is_stdin ? "-" : what);
    else if (looks_like_path(what))
        fail_usage(err, "event '%.160s': no such file, and not valid JSON", what);
    else /* its text is the user's own affair: it is not repeated */
        fail_usage(err, "event %zu: not valid JSON, and no such file", number);
    return hint_fault(ret, &fault, err);
}

static int read_events(const struct request *r, struct inputs *in, struct err *err)
{
    in->events = xcalloc(r->events.n + 1, sizeof *in->events);
    if (r->events.n == 0)
        text_puts(&in->events[in->event_count++], "{}");
    for (size_t i = 0; i < r->events.n; i++)
        if (read_event(r->events.at[i], i + 1, &in->events[in->event_count++], err) < 0)
            return -1;
    return 0;
}

/* The three keys of [profile] in ~/.aws/credentials, or where AWS_SHARED_CREDENTIALS_FILE says. */
static int read_profile(const char *profile, struct inputs *in, struct err *err)
{
    const char *given = getenv("AWS_SHARED_CREDENTIALS_FILE"), *home = getenv("HOME");
    OWN_PTR char *path = given ? xstrdup(given) : xasprintf("%s/.aws/credentials", home ? home : "");
    OWN_PTR char *header = xasprintf("[%s]", profile);
    struct text text = {0};
    if (place_read(path, ENV_FILE_MAX, "open the AWS credentials", &text, err) < 0)
        return -1;
    const struct {
        const char *key;
        char **to;
    } keys[] = {{"aws_access_key_id", &in->access_key_id},
                {"aws_secret_access_key", &in->secret_access_key},
                {"aws_session_token", &in->session_token}};
    bool inside = false;
    char *save = NULL;
    for (char *line = strtok_r(text.at, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
        if (line[0] == '[')
            inside = strcmp(line, header) == 0;
        char *value = strchr(line, '=');
        for (size_t i = 0; inside && value && i < COUNT(keys); i++)
            if (strncmp(line, keys[i].key, strlen(keys[i].key)) == 0 && strchr(" \t=", line[strlen(keys[i].key)]) && !*keys[i].to)
                *keys[i].to = xstrdup(value + 1 + strspn(value + 1, " \t"));
    }
    text_done(&text);
    if (in->access_key_id && in->secret_access_key)
        return 0;
    fail(err, 0, path, "find the profile %.60s with aws_access_key_id and aws_secret_access_key", profile);
    return fail_hint(err, "only static keys are read from a profile; for other profiles, export the keys and use --credentials env");
}

static int read_credentials(const struct request *r, struct inputs *in, struct err *err)
{
    if (r->credentials == CREDENTIALS_FAKE) { /* the form of real ones; the names say what they are */
        in->access_key_id = xstrdup("ASIALRUNFAKEEXAMPLE0");
        in->secret_access_key = xstrdup("lrun/fake/secret/access/key/EXAMPLE00000");
        in->session_token = xstrdup("lrun-fake-session-token");
    } else if (r->credentials == CREDENTIALS_ENV) {
        const char *id = getenv("AWS_ACCESS_KEY_ID"), *secret = getenv("AWS_SECRET_ACCESS_KEY"), *token = getenv("AWS_SESSION_TOKEN");
        if (!id || !secret)
            return fail_usage(err, "--credentials env: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set");
        in->access_key_id = xstrdup(id);
        in->secret_access_key = xstrdup(secret);
        in->session_token = token ? xstrdup(token) : NULL;
    } else {
        return read_profile(r->profile, in, err);
    }
    return 0;
}

/* Without --name, derives it from the file's: without .zip, a dash for each character that Lambda does not allow. */
static int choose_name(const struct request *r, struct inputs *in, struct err *err)
{
    if (r->name && !function_name_fits(r->name, strlen(r->name)))
        return fail_usage(err, "--name '%.80s': a function's name has 1 to %d of a-z, A-Z, 0-9, - and _", r->name, FUNCTION_NAME_MAX);
    for (const char *c = r->region; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-')
            return fail_usage(err, "--region '%.80s': a region's name has letters, digits and -", r->region);
    if (r->name) {
        in->name = xstrdup(r->name);
        return 0;
    }
    OWN_PTR char *path = xstrdup(in->image.path ? in->image.path : r->function);
    while (strlen(path) > 1 && str_ends(path, "/"))
        path[strlen(path) - 1] = 0;
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    size_t n = in->image.pull.ref ? strcspn(base, ":@") : strlen(base); /* a registry's name has a tag or digest */
    in->name = xasprintf("%.*s", n < FUNCTION_NAME_MAX ? (int)n : FUNCTION_NAME_MAX, base);
    if (str_ends(in->name, ".zip") || (in->image.is_function && str_ends(in->name, ".tar")))
        in->name[strlen(in->name) - 4] = 0;
    for (char *c = in->name; *c; c++)
        if (!function_name_takes(*c))
            *c = '-';
    if (!in->name[0] || strspn(in->name, "-") == strlen(in->name)) {
        free(in->name);
        in->name = xstrdup("function");
    }
    return 0;
}

int inputs_read_texts(const struct request *r, struct inputs *in, struct err *err)
{
    if (choose_name(r, in, err) < 0 || read_variables(r, in, err) < 0 || read_credentials(r, in, err) < 0)
        return -1;
    return r->kind->reads_events ? read_events(r, in, err) : 0;
}
