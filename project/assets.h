/* SPDX-License-Identifier: Apache-2.0 */
/* assets.h: why something that a build should have beside its template is not there. The reader of templates only knows that it is in a
 * bucket; the readers of CDK's and Serverless's output know more, and say it in its place. */
#ifndef LRUN_PROJECT_ASSETS_H
#define LRUN_PROJECT_ASSETS_H

#include "project/model.h"

struct asset_missing {
    const char *key; /* in the bucket */
    const char *what, *remedy;
};

struct assets_missing {
    struct asset_missing *at;
    size_t n;
};

/* The path as a build names it, if there is something; else NULL, and it is kept why. dir: of the build; built_by: sam build. */
const char *assets_path(struct files *files, struct assets_missing *kept, const char *key, const char *dir, const char *path,
                        const char *root_path, const char *built_by);
/* Puts what is kept into the refusals that name one of the keys. */
void assets_explain(struct model *m, const struct assets_missing *kept);

#endif
