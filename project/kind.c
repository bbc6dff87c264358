/* SPDX-License-Identifier: Apache-2.0 */
/* kind.c: THE TABLE of files that projects have, by the members at their top. The first row that fits decides. A file's name tells less:
 * people name templates as they like, and a plan of Terraform's has no name of its own. */
#include "project/kind.h"

#include "base/own.h"
#include "base/str.h"

#include <string.h>

static const struct {
    const char *first, *second; /* members that it has; NULL: none */
    const char *in;             /* what its path ends with or holds; NULL: any */
    const char *name;
    model_reader *reader;
} ROWS[] = {
    {"artifacts", "version", NULL, "cdk", read_cdk},
    {"service", "package", ".serverless/", "serverless-package", read_serverless_package},
    {"Resources", NULL, ".serverless/", "serverless-package", read_serverless_package},
    {"terraform_version", NULL, NULL, "terraform", read_terraform},
    {"planned_values", NULL, NULL, "terraform", read_terraform},
    {"Resources", NULL, ".aws-sam/build/", "sam-built", read_sam},
    {"Transform", NULL, NULL, "sam", read_sam},
    {"Resources", NULL, NULL, "cloudformation", read_sam},
    {"AWSTemplateFormatVersion", NULL, NULL, "cloudformation", read_sam},
    {"service", "provider", NULL, "serverless", read_serverless},
    {"provider", "functions", NULL, "serverless", read_serverless},
};

model_reader *kind_reader(struct files *f, const char *path, struct model *m, struct err *err)
{
    const struct node *top = files_document(f, path, err);
    if (!top)
        return NULL;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        if (!node_find(top, ROWS[i].first) || (ROWS[i].second && !node_find(top, ROWS[i].second)))
            continue;
        if (ROWS[i].in && !strstr(path, ROWS[i].in))
            continue;
        m->reader = ROWS[i].name;
        return ROWS[i].reader;
    }
    fail(err, 0, path, "find a project in");
    fail_hint(err,
              "expected SAM's or CloudFormation's template, cdk.out/manifest.json, .serverless/serverless-state.json, serverless.yml, or "
              "what terraform show -json prints");
    return NULL;
}
