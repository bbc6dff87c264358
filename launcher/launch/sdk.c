/* SPDX-License-Identifier: Apache-2.0 */
/* sdk.c: AWS's SDK, which Lambda's managed runtimes have and lrun does not: which modules belong to it, and whether --sdk holds one.
 * It is mounted by mounts/plan_runtime.c; that an import needs it is said by launcher/diagnose. lrun includes none: it is large and
 * AWS's changes every few weeks, so the user names one, laid out as a layer. */
#include "launcher/launch/sdk.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What import finds on Lambda without the package's doing: boto3 and botocore, what they need, and what AWS's client needs.
 * snapshot_restore_py came with SnapStart, in python3.12. */
static const struct brought {
    const char *module;
    unsigned from;
} PYTHON[] = {{"boto3", 0},   {"botocore", 0},   {"s3transfer", 0},          {"jmespath", 0}, {"dateutil", 0}, {"six", 0},
              {"urllib3", 0}, {"simplejson", 0}, {"snapshot_restore_py", 12}};

/* Version 3 of the JavaScript SDK is there from nodejs18.x on; version 2, aws-sdk, was until nodejs16.x. */
static const char *const NODE_SCOPES[] = {"@aws-sdk/", "@smithy/"};
enum { NODE_V3 = 18 };

bool sdk_has(const struct runtime *rt, const char *module)
{
    size_t top = strcspn(module, ".");
    for (size_t i = 0; runtime_language(rt) == LANGUAGE_PYTHON && i < COUNT(PYTHON); i++)
        if (strlen(PYTHON[i].module) == top && strncmp(PYTHON[i].module, module, top) == 0)
            return rt->version >= PYTHON[i].from;
    if (runtime_language(rt) == LANGUAGE_NODE && rt->version < NODE_V3)
        return strcmp(module, "aws-sdk") == 0 || str_begins(module, "aws-sdk/");
    for (size_t i = 0; runtime_language(rt) == LANGUAGE_NODE && i < COUNT(NODE_SCOPES); i++)
        if (str_begins(module, NODE_SCOPES[i]))
            return true;
    return false;
}

bool sdk_is_there(const struct runtime *rt)
{
    return rt->own_bootstrap;
}

void sdk_command(const struct runtime *rt, const char *module, char *ret, size_t size)
{
    static const struct {
        const char *module, *package; /* where pip calls it otherwise */
    } OTHERWISE[] = {
        {"dateutil", "python-dateutil"}, {"snapshot_restore_py", "snapshot-restore-py"}, {"botocore", "boto3"}, {"s3transfer", "boto3"}};
    int n = (int)strcspn(module, runtime_language(rt) == LANGUAGE_PYTHON ? "." : "");
    if (module[0] == '@' && strchr(module, '/')) /* the package, not a file in it */
        n = (int)(strchr(module, '/') - module + 1 + (ptrdiff_t)strcspn(strchr(module, '/') + 1, "/"));
    OWN_PTR char *package = xasprintf("%.*s", n, module);
    const char *name = package;
    for (size_t i = 0; i < COUNT(OTHERWISE); i++)
        if (strcmp(OTHERWISE[i].module, package) == 0)
            name = OTHERWISE[i].package;
    /* The function chose the module's name: it must not add a second command to the one that the reader copies. */
    OWN_PTR char *word = str_quote(name);
    snprintf(ret, size,
             runtime_language(rt) == LANGUAGE_PYTHON ? "pip install --target sdk/python %s" : "npm install --prefix sdk/nodejs %s", word);
}

int sdk_check(struct inputs *in, const struct runtime *rt, struct err *err)
{
    struct stat st;
    char command[256];
    if (!in->sdk.path)
        return 0;
    if (runtime_language(rt) == LANGUAGE_UNKNOWN || sdk_is_there(rt)) {
        strv_add(&in->notes, xasprintf("--sdk is ignored: %s", rt->family == RUNTIME_PROVIDED ? "only managed runtimes have one"
                                                                                              : "the root file system has AWS's own"));
        return 0;
    }
    const char *folder = runtime_language(rt) == LANGUAGE_PYTHON ? SDK_PYTHON : SDK_NODE;
    OWN_PTR char *path = in->sdk.is_dir ? xstrdup(folder) : xasprintf("%s/%s", in->sdk.source.path, folder);
    if (fstatat(in->sdk.is_dir ? in->sdk.fd : AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        return 0;
    sdk_command(rt, runtime_language(rt) == LANGUAGE_PYTHON ? "boto3" : "@aws-sdk/client-s3", command, sizeof command);
    fail_usage(err, "--sdk '%.160s': no directory %s, which %s needs", in->sdk.path, folder, rt->id);
    return fail_hint(err, "an SDK is laid out as a layer: %s", command);
}
