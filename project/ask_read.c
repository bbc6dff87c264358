/* SPDX-License-Identifier: Apache-2.0 */
/* ask_read.c: reading lrun's question. See ask_read.h for its form. It is read before the program encloses itself, since it comes from lrun
 * and tells nothing that a project chose: names and values are copied as they are, and what is missing has Lambda's and SAM's usual
 * default. */
#include "project/ask_read.h"

#include "base/fs.h"
#include "base/json_scan.h"
#include "base/own.h"

#include <stdio.h>

enum { ASK_MAX = 8 << 20 };

static const char *text_of(struct arena *a, struct slice v)
{
    if (json_shape(v) != SHAPE_STRING)
        return NULL;
    struct text t = json_plain_text(v);
    const char *kept = arena_text(a, t.at ? t.at : "", t.n);
    text_done(&t);
    return kept;
}

static struct ask_pairs pairs_of(struct arena *a, struct slice object)
{
    struct ask_pairs ret = {0};
    struct slice key, value;
    size_t n = 0;
    for (struct json_walk w = json_walk_as(object, SHAPE_OBJECT); json_next(&w, &key, &value);)
        n++;
    ret.at = arena_zeroed(a, n + 1, sizeof *ret.at);
    for (struct json_walk w = json_walk_as(object, SHAPE_OBJECT); json_next(&w, &key, &value);)
        ret.at[ret.n++] = (struct ask_pair){.name = text_of(a, key), .value = text_of(a, value)};
    return ret;
}

static const char *given_or(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

int ask_read(int fd, struct arena *a, struct ask *ret, struct err *err)
{
    struct text bytes = {0};
    struct slice top;
    if (fs_read_all(fd, ASK_MAX, "the question", &bytes, err) < 0)
        return -1;
    OWN_PTR char *owned = bytes.at;
    if (json_document(owned, bytes.n, "the question", &top, err) < 0)
        return -1;
    *ret = (struct ask){
        .template = text_of(a, json_find(top, "template")),
        .root_path = text_of(a, json_find(top, "rootPath")),
        .region = given_or(text_of(a, json_find(top, "region")), "us-east-1"),
        .account = given_or(text_of(a, json_find(top, "account")), "123456789012"),
        .config_env = given_or(text_of(a, json_find(top, "configEnv")), "default"),
        .stage = text_of(a, json_find(top, "stage")),
        .parameters = pairs_of(a, json_find(top, "parameters")),
        .imports = pairs_of(a, json_find(top, "imports")),
        .variables = pairs_of(a, json_find(top, "variables")),
    };
    return ret->template ? 0 : fail(err, 0, NULL, "read the question: it names no template");
}
