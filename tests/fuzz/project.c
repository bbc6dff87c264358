/* SPDX-License-Identifier: Apache-2.0 */
/* project.c: any files as a project: the first byte chooses the tool, NUL stands between the files, whose names are the tool's. Whatever is
 * read, the answer is JSON in which no name stands twice, and no path in it leads out of the root. */
#include "base/json.h"
#include "base/own.h"
#include "project/kind.h"
#include "project/model_print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES = 3 };

static const char *const TOOLS[][FILES] = {
    {"template.yaml", "samconfig.toml", "child.yaml"},
    {".aws-sam/build/template.yaml", "samconfig.toml", "template.yaml"},
    {"cdk.out/manifest.json", "cdk.out/Shop.template.json", "cdk.out/Shop.assets.json"},
    {".serverless/serverless-state.json", ".serverless/cloudformation-template-update-stack.json", "serverless.yml"},
    {"serverless.yml", "config.yml", "config.json"},
    {"plan.json", "other.json", "more.json"},
};

static int make_root(void)
{
    static const char *const DIRS[] = {".aws-sam", ".aws-sam/build", "cdk.out", "cdk.out/asset.0", ".serverless", "src"};
    static const char *const EMPTY[] = {"src/app.py", "fn.zip", "cdk.out/asset.0/index.js", ".serverless/shop.zip"};
    char path[4096];
    snprintf(path, sizeof path, "%s/lrun-fuzz-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(path))
        abort();
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < COUNT(DIRS); i++)
        if (mkdirat(root, DIRS[i], 0755) < 0)
            abort();
    for (size_t i = 0; i < COUNT(EMPTY); i++)
        close(openat(root, EMPTY[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    return root;
}

static void put(int root, const char *name, const uint8_t *bytes, size_t n)
{
    OWN_FD int fd = openat(root, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        abort();
}

static void put_files(int root, const char *const *names, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < FILES; i++) {
        const uint8_t *end = n ? memchr(bytes, 0, n) : NULL;
        size_t length = end ? (size_t)(end - bytes) : n;
        unlinkat(root, names[i], 0);
        if (n || !i)
            put(root, names[i], bytes, length);
        bytes += length + (end != NULL);
        n -= length + (end != NULL);
    }
}

/* Beneath the root, and clean. */
static void check_path(struct arena *a, struct slice path)
{
    OWN_PTR char *plain = json_plain(path);
    const char *clean = plain && plain[0] != '/' ? files_join(a, "", plain, NULL) : NULL;
    if (json_shape(path) == SHAPE_STRING && (!clean || (strcmp(clean, plain) != 0 && strcmp(plain, ".") != 0)))
        abort();
}

static void check(struct arena *a, const struct text *answer)
{
    struct slice top, key, function, none, layer, seen;
    struct err err;
    if (json_document(answer->at, answer->n, "answer", &top, &err) < 0)
        abort();
    for (struct json_walk w = json_walk(json_find(top, "functions")); json_next(&w, &key, &function);) {
        check_path(a, json_find(function, "code"));
        if (!json_find(function, "code").at && !json_find(function, "inline").at)
            abort();
        for (struct json_walk l = json_walk_as(json_find(function, "layers"), SHAPE_ARRAY); json_next(&l, &none, &layer);) {
            OWN_PTR char *plain = json_plain(layer);
            if (plain && strncmp(plain, "arn:", 4) != 0)
                check_path(a, layer);
        }
    }
    for (struct json_walk w = json_walk(json_find(json_find(top, "project"), "files")); json_next(&w, &none, &seen);) {
        struct json_walk row = json_walk(seen);
        struct slice path;
        if (!json_next(&row, &none, &path))
            abort();
        check_path(a, path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int root = -1;
    static struct ask_pair parameters[] = {{"Stage", "prod"}, {"stage", "x"}}, imports[] = {{"shared", "v"}}, variables[] = {{"NAME", "n"}};
    struct arena a = {0};
    struct err err = {0};
    struct text answer = {0};
    if (root < 0)
        root = make_root();
    if (!size)
        return 0;
    const char *const *names = TOOLS[*data % COUNT(TOOLS)];
    const struct ask ask = {.template = names[0],
                            .root_path = "/home/me/shop",
                            .region = "us-east-1",
                            .account = "123456789012",
                            .config_env = "default",
                            .parameters = {parameters, COUNT(parameters)},
                            .imports = {imports, COUNT(imports)},
                            .variables = {variables, COUNT(variables)}};
    put_files(root, names, data + 1, size - 1);
    struct files files = {.arena = &a, .root = root};
    struct model model = {.arena = &a, .source = names[0]};
    model_reader *reader = kind_reader(&files, names[0], &model, &err);
    if (reader && reader(&ask, &files, names[0], &model, &err) == 0) {
        model_print(&model, &files, &answer);
        check(&a, &answer);
    } else if (!err.what[0]) {
        abort();
    }
    text_done(&answer);
    arena_done(&a);
    return 0;
}
