/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_layer_fetch.c: lrun layer fetch ARN: the user's own AWS CLI says where the version lies, curl downloads it, and it is kept as a
 * layer that was added. What is fetched, and that it is the one that AWS means (CodeSha256), is told before anything looks into it. The
 * download lies in a work directory of the store, which goes whatever happens to lrun. */
#include "base/json_scan.h"
#include "base/own.h"
#include "lambda/layer_arn.h"
#include "launcher/command/commands.h"
#include "launcher/command/layer_add.h"
#include "launcher/launch/aws.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int take_answer(struct layer_adding *a, struct aws *aws, struct slice top, bool quiet, struct err *err)
{
    struct slice content = json_find(top, "Content"), sha256 = json_find(content, "CodeSha256");
    struct aws_code code = {.object = a->layer.arn, .location = json_find(content, "Location"), .file = LAYER_FILE};
    OWN_PTR char *wanted = json_shape(sha256) == SHAPE_STRING ? json_plain(sha256) : NULL;
    if (!wanted || json_shape(code.location) != SHAPE_STRING)
        return fail(err, 0, a->layer.arn, "fetch: AWS's answer has no Content with Location and CodeSha256");
    json_unsigned(json_find(content, "CodeSize"), 1, UINT64_MAX, &code.size);
    if (!quiet)
        fprintf(stderr, "lrun: fetching %s: %.1f MB\n", a->layer.arn, (double)code.size / 1e6);
    return aws_download(aws, &code, err) < 0 ? -1 : layer_add_file(a, a->layer.arn, wanted, err);
}

static int fetch(struct layer_adding *a, struct aws *aws, const struct request *r, struct err *err)
{
    struct layer_arn parts;
    struct text answer = {0};
    struct slice top;
    const char *const words[] = {"get-layer-version-by-arn", "--arn", a->layer.arn, NULL};
    layer_arn_parse(a->layer.arn, &parts);
    const struct aws_call call = {.object = a->layer.arn, .words = words, .region = parts.region};
    aws->terminal = a->cache.terminal;
    int status = aws_begin(aws, a->work, err) < 0 || aws_ask(aws, &call, &answer, &top, err) < 0 ? -1 : 0;
    if (status == 0)
        status = take_answer(a, aws, top, r->quiet, err);
    aws_forget(&answer);
    return status;
}

int cmd_layer_fetch(const struct request *r, struct err *err)
{
    struct layer_adding a = LAYER_ADDING_NONE;
    struct aws aws = AWS_NONE;
    struct identity id;
    if (layer_add_arn(&a, r->words.at[1], "AWS", err) < 0 || identity_choose(&id, err) < 0)
        return -1;
    int status = aws_prepare(&aws, &id, err) < 0 || layer_add_begin(&a, r, &id, err) < 0 ? -1 : fetch(&a, &aws, r, err);
    layer_add_done(&a);
    aws_end(&aws);
    return status;
}
