/* SPDX-License-Identifier: Apache-2.0 */
/* case_files.c: from the paths of a command line to a list of cases with names that differ: files, the *.json of directories, arrays in
 * files. What a case says is case.c's. Directories are not descended into: what lies in a directory of its own beside the cases is theirs,
 * events for example. */
#include "launcher/test/case_state.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/own.h"
#include "base/place.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

/* Bad files are the user's: the exit status of usage, as for a bad option. */
static int as_usage(struct err *err)
{
    char text[ERR_TEXT_SIZE];
    if (err->usage)
        return -1;
    err_text(err, text, sizeof text);
    return fail_usage(err, "%.500s", text);
}

static struct test_case *add(struct cases *c)
{
    c->at = xrealloc(c->at, c->n + 1, sizeof *c->at);
    c->at[c->n] = (struct test_case){0};
    return &c->at[c->n++];
}

/* cases/orders.json: "orders"; the second of an array there: "orders/2". */
static void name_by_file(struct test_case *t, size_t number)
{
    const char *slash = strrchr(t->file, '/'), *base = slash ? slash + 1 : t->file;
    int n = (int)strlen(base) - (str_ends(base, ".json") ? 5 : 0);
    if (!t->name)
        t->name = str_line(number ? xasprintf("%.*s/%zu", n, base, number) : xasprintf("%.*s", n, base));
}

static int add_one(struct reading *x, struct slice v, size_t number, struct cases *ret)
{
    if (ret->n >= CASES_MAX)
        return fail_usage(x->err, "%.160s: more than %d cases", x->file, CASES_MAX);
    x->made = add(ret);
    x->made->file = xstrdup(x->file);
    if (case_read(x, v) < 0)
        return -1;
    name_by_file(x->made, number);
    return 0;
}

int cases_add(const char *file, const char *bytes, size_t n, int dir, const struct identity *id, struct cases *ret, struct err *err)
{
    struct text copy = {0};
    struct slice top, none, v;
    text_add(&copy, bytes, n);
    strv_add(&ret->files, copy.at);
    struct reading x = {.file = file, .bytes = copy.at, .dir = dir, .id = id, .err = err, .counted = copy.at, .line = 1};
    if (json_document(copy.at, n, file, &top, err) < 0)
        return as_usage(err);
    if (json_shape(top) != SHAPE_ARRAY)
        return add_one(&x, top, 0, ret);
    size_t number = 0;
    for (struct json_walk w = json_walk(top); json_next(&w, &none, &v);)
        if (add_one(&x, v, ++number, ret) < 0)
            return -1;
    return 0;
}

static int read_file(const char *path, const struct identity *id, struct cases *ret, struct err *err)
{
    struct text bytes = {0};
    const char *slash = strrchr(path, '/');
    OWN_PTR char *parent = slash ? xasprintf("%.*s", (int)(slash - path) + 1, path) : xstrdup(".");
    OWN_FD int dir = place_open(parent, O_RDONLY | O_DIRECTORY, 0, "open the directory of cases", err);
    if (dir < 0 || place_read(path, CASE_FILE_MAX, "open the file of cases", &bytes, err) < 0)
        return as_usage(err);
    OWN_PTR char *owned = bytes.at;
    return cases_add(path, owned ? owned : "", bytes.n, dir, id, ret, err);
}

static int read_directory(int dir, const char *path, const struct identity *id, struct cases *ret, struct err *err)
{
    struct strv names = {0};
    size_t before = ret->n, length = strlen(path);
    int status = 0;
    if (fs_list(dir, ".", &names) < 0) {
        fail(err, errno, path, "list the directory of cases");
        return as_usage(err);
    }
    for (size_t i = 0; status == 0 && i < names.n; i++) {
        if (!str_ends(names.at[i], ".json") || names.at[i][0] == '.')
            continue;
        OWN_PTR char *file = xasprintf("%s%s%s", path, path[length - 1] == '/' ? "" : "/", names.at[i]);
        status = read_file(file, id, ret, err);
    }
    strv_done(&names);
    if (status < 0 || ret->n > before)
        return status;
    fail_usage(err, "%.160s: no cases: no *.json lies in it", path);
    return fail_hint(err, "a case is {\"event\": {...}, \"expect\": {\"result\": {...}}}: see man lrun, TESTING");
}

static int by_name(const void *a, const void *b)
{
    const struct test_case *const *x = a, *const *y = b;
    int order = strcmp((*x)->name, (*y)->name);
    return order ? order : *x < *y ? -1 : *x > *y;
}

/* Two of one name could not be told apart in any report. */
static int check_names(const struct cases *c, struct err *err)
{
    const struct test_case **sorted = xcalloc(c->n + 1, sizeof(struct test_case *));
    int status = 0;
    for (size_t i = 0; i < c->n; i++)
        sorted[i] = &c->at[i];
    qsort(sorted, c->n, sizeof(struct test_case *), by_name);
    for (size_t i = 1; status == 0 && i < c->n; i++)
        if (strcmp(sorted[i]->name, sorted[i - 1]->name) == 0)
            status = fail_usage(err, "two cases have the name '%.80s': %.120s:%u and %.120s:%u", sorted[i]->name, sorted[i - 1]->file,
                                sorted[i - 1]->line, sorted[i]->file, sorted[i]->line);
    free(sorted);
    return status;
}

int cases_read(const struct strv *paths, const struct identity *id, struct cases *ret, struct err *err)
{
    for (size_t i = 0; i < paths->n; i++) {
        const char *path = paths->at[i];
        OWN_FD int dir = place_open(path, O_RDONLY | O_DIRECTORY, 0, "open the cases", err);
        if (dir < 0 && err->no != ENOTDIR)
            return as_usage(err);
        if ((dir >= 0 ? read_directory(dir, path, id, ret, err) : read_file(path, id, ret, err)) < 0)
            return -1;
    }
    return check_names(ret, err);
}

static void case_done(struct test_case *t)
{
    free(t->name), free(t->file), free(t->skip), free(t->expect.why);
    text_done(&t->event);
    strv_done(&t->env);
}

static bool is_wanted(const struct test_case *t, const struct strv *words)
{
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->at[i];
        if (strpbrk(word, "*?[") ? fnmatch(word, t->name, 0) == 0 : strstr(t->name, word) != NULL)
            return true;
    }
    return !words->n;
}

void cases_filter(struct cases *c, const struct strv *words)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (is_wanted(&c->at[i], words))
            c->at[n++] = c->at[i];
        else
            case_done(&c->at[i]);
    }
    c->n = n;
}

void cases_done(struct cases *c)
{
    for (size_t i = 0; i < c->n; i++)
        case_done(&c->at[i]);
    free(c->at);
    strv_done(&c->files);
}
