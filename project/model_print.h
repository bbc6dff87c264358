/* SPDX-License-Identifier: Apache-2.0 */
/* model_print.h: the model as lrun.json (docs/config.schema.json): "functions" that can run, "apis", and "project":
 *
 *   {"reader": "sam", "source": "template.yaml",
 *    "names": {"Hello": ["shop-hello", "arn:aws:lambda:us-east-1:123456789012:function:shop-hello"]},
 *    "refused": {"Other": {"what": "…", "source": "template.yaml", "line": 7, "remedy": "…"}},
 *    "facts": {"Hello": {"source": "template.yaml", "line": 5, "name": "shop-hello", "architecture": "arm64", "image": "…",
 *              "mounts": ["/mnt/data"], "url-auth": "iam", "url-cors": {…}, "application-log-level": "…", "system-log-level": "…",
 *              "log-group": "…", "layer-ids": ["Shared", ""]}},
 *    "notes": [{"text": "…", "loud": true, "api": true, "source": "…", "line": 3}],
 *    "files": [[path, "absent"|"file"|"dir"|"other", inode, bytes, mtime seconds, nanoseconds, ctime seconds, nanoseconds], …]}
 *
 * names: of all functions, those that are refused too. facts: what no member of "functions" is for. */
#ifndef LRUN_MODEL_PRINT_H
#define LRUN_MODEL_PRINT_H

#include "base/str.h"
#include "project/model.h"

/* Adds it to out, on one line. */
void model_print(const struct model *m, const struct files *f, struct text *out);

#endif
