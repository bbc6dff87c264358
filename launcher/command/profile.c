/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c: --profile: options from a file, beneath those of the command line. A request is made anew, in three layers: presets, the
 * profile's members, and the command line once more, so that a later value takes precedence as it does within one command line, and no
 * option needs a rule of its own. The file is strict: a member that is no option of this command is refused, since a limit that is passed
 * over would be one that nobody keeps. Where the file is, and whom it is trusted from: profile_find.c. */
#include "launcher/command/profile.h"

#include "base/json_scan.h"
#include "base/own.h"
#include "base/sha256.h"
#include "launcher/command/cli.h"
#include "launcher/command/config_values.h"
#include "launcher/command/profile_find.h"

#include <stdio.h>
#include <string.h>

struct reading {
    struct request *request;
    const char *path, *dir; /* of the file; dir with its slash, "" for none */
    struct err *err;
};

/* Names the file and the member before what is wrong with it. */
static int in_member(const struct reading *x, const char *key, const struct err *why)
{
    return fail_usage(x->err, "profile '%.160s', \"%.40s\": %.280s", x->path, key, err_what(why));
}

static int wrong(void *of, const char *key, const char *what)
{
    struct err why;
    fail_usage(&why, "%s", what);
    return in_member(of, key, &why);
}

static int set(void *of, const char *key, const char *value)
{
    const struct reading *x = of;
    struct err why = {0};
    OWN_PTR char *text = config_path(x->request, key, value, x->dir);
    if (strcmp(key, "layers") == 0) /* one name, commas included: a directory above may have one, too */
        return strv_add(&x->request->layers, take_ptr(&text)), cli_give(x->request, key), 0;
    if (cli_set(x->request, key, text, &why) == 0)
        return cli_give(x->request, key), 0;
    in_member(x, key, &why);
    return why.hint[0] ? fail_hint(x->err, "%s", why.hint) : -1;
}

/* A value of another type than the option's would be a mistake that its text may hide: "memory": true. */
static int check_type(struct reading *x, const char *key, struct slice value)
{
    bool repeats;
    enum cli_kind kind = cli_kind(x->request, key, &repeats);
    enum json_shape shape = json_shape(value);
    bool env = strcmp(key, "env") == 0;
    if (kind == CLI_NONE || strcmp(key, "profile") == 0) /* cli_set() says what it is instead */
        return 0;
    if (kind == CLI_SWITCH)
        return shape == SHAPE_TRUE || shape == SHAPE_FALSE ? 0 : wrong(x, key, "it is a switch: expected true or false");
    if (shape == SHAPE_STRING || (shape == SHAPE_NUMBER && (kind == CLI_NUMBER || repeats)) || (shape == SHAPE_ARRAY && repeats) ||
        (shape == SHAPE_OBJECT && env))
        return 0;
    return wrong(x, key,
                 env                  ? "expected an object of variables, or an array of strings"
                 : kind == CLI_NUMBER ? "expected a number"
                 : repeats            ? "expected a string, or an array of strings"
                                      : "expected a string");
}

static int read_members(struct reading *x, struct slice top)
{
    struct slice key, value;
    int status = 0;
    for (struct json_walk w = json_walk(top); status == 0 && json_next(&w, &key, &value);) {
        OWN_PTR char *name = json_plain(key);
        const struct config_values values = {.request = x->request, .set = set, .wrong = wrong, .of = x};
        bool ignored;
        if (!name)
            return wrong(x, "", "its name holds NUL");
        status = check_type(x, name, value);
        if (status == 0 && cli_kind(x->request, name, &ignored) == CLI_NONE)
            status = set(x, name, "");
        else if (status == 0)
            status = config_values(&values, name, value);
    }
    return status;
}

static int read_profile(const struct profile_file *f, struct request *r, struct err *err)
{
    struct slice top;
    const char *slash = strrchr(f->path, '/');
    OWN_PTR char *dir = xasprintf("%.*s", slash ? (int)(slash + 1 - f->path) : 0, f->path);
    struct reading x = {.request = r, .path = f->path, .dir = dir, .err = err};
    if (json_document(f->text.at ? f->text.at : "", f->text.n, f->path, &top, err) < 0)
        return -1;
    if (json_shape(top) == SHAPE_OBJECT)
        return read_members(&x, top);
    fail(err, 0, f->path, "find options in");
    return fail_hint(err, "expected {\"OPTION\": VALUE, ...}, e.g. {\"timeout\": 10, \"memory\": 256}");
}

static const char *kept(struct request *r, const char *text)
{
    strv_add(&r->owned, xstrdup(text));
    return r->owned.at[r->owned.n - 1];
}

/* What is said of it later, by the report too. */
static void note(const struct profile_file *f, struct request *r)
{
    struct sha256 sum;
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX + 1];
    sha256_begin(&sum);
    sha256_add(&sum, f->text.at, f->text.n);
    sha256_end(&sum, digest);
    sha256_hex(digest, hex);
    r->options_path = kept(r, f->path);
    r->options_sha256 = kept(r, hex);
    OWN_PTR char *name = xstrdup(f->path);
    if (r->verbose)
        fprintf(stderr, "lrun: profile %s, sha256 %s\n", str_line(name), hex);
    if (f->note && !r->quiet)
        fprintf(stderr, "lrun: profile %s: %s\n", str_line(name), str_line(f->note));
}

static int merge(int argc, char **argv, const struct profile_file *f, struct request *r, struct err *err)
{
    struct request made = {0};
    if (cli_begin(argc, argv, &made, err) < 0 || read_profile(f, &made, err) < 0 || cli_parse_line(argc, argv, &made, err) < 0) {
        request_done(&made);
        return -1;
    }
    made.kind = r->kind;
    request_done(r);
    *r = made;
    note(f, r);
    return 0;
}

int profile_use(int argc, char **argv, struct request *r, struct err *err)
{
    struct profile_file file;
    int status = profile_find(r->options, &file, err);
    if (status == 0)
        status = merge(argc, argv, &file, r, err);
    profile_file_done(&file);
    return status;
}
