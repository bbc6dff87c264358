/* SPDX-License-Identifier: Apache-2.0 */
/* project_find.c: where a project is: the file that says what it is, and the directory beneath which all its files lie. Without --project
 * only the current directory is looked at, by a few names: no directory above it, which may be a stranger's. What tools have built lies in
 * directories of fixed names, and the project is the directory that holds them. */
#include "launcher/command/project.h"

#include "base/own.h"
#include "base/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* In order of trust: what is built says what is deployed, its source only what is meant. */
static const char *const FILES[] = {"lrun.json",
                                    ".aws-sam/build/template.yaml",
                                    "cdk.out/manifest.json",
                                    ".serverless/serverless-state.json",
                                    "template.yaml",
                                    "template.yml",
                                    "template.json",
                                    "serverless.yml",
                                    "serverless.yaml",
                                    "serverless.json"};
/* Directories of what is built: the project is the one that holds them. */
static const char *const BUILT[] = {"/.aws-sam/build", "/cdk.out", "/.serverless"};

static char *path_of(int dir)
{
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0)
        return NULL;
    path[n] = 0;
    return xstrdup(path);
}

static int open_dir(const char *path, int *ret_dir, char **ret_path, struct err *err)
{
    OWN_FD int dir = place_open(path, O_RDONLY | O_DIRECTORY, 0, "open the project's directory", err);
    if (dir < 0)
        return -1;
    char *real = path_of(dir);
    if (!real)
        return fail(err, errno, path, "find out where the project's directory is");
    *ret_dir = take_fd(&dir);
    *ret_path = real;
    return 0;
}

/* path, beneath a directory of this path; NULL: it is not. */
static const char *beneath(const char *dir, const char *path)
{
    size_t n = strlen(dir) > 1 ? strlen(dir) : 0;
    return strncmp(dir, path, n) == 0 && (path[n] == '/' || !path[n]) ? path + n + (path[n] == '/') : NULL;
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The file that says what a project is; NULL: the directory has none. */
static const char *file_in(int dir)
{
    for (size_t i = 0; i < COUNT(FILES); i++)
        if (faccessat(dir, FILES[i], F_OK, 0) == 0)
            return FILES[i];
    return NULL;
}

/* The directory that a template is for, from the directory that it is in. */
static void leave_built(char *dir)
{
    for (size_t i = 0; i < COUNT(BUILT); i++)
        if (str_ends(dir, BUILT[i]) && strlen(dir) > strlen(BUILT[i])) {
            dir[strlen(dir) - strlen(BUILT[i])] = 0;
            return;
        }
}

/* real: the absolute path of the template, or of its directory where file is false. */
static int set_root(const struct request *r, const char *real, bool file, struct project_place *ret, struct err *err)
{
    OWN_PTR char *dir = xstrdup(real);
    if (file)
        *strrchr(dir, '/') = 0;
    leave_built(dir);
    if (open_dir(r->project_root ? r->project_root : dir[0] ? dir : "/", &ret->root, &ret->root_path, err) < 0)
        return -1;
    const char *rest = beneath(ret->root_path, real);
    if (!rest) {
        fail_usage(err, "--project '%.160s' lies outside of --project-root '%.160s'", real, ret->root_path);
        return fail_hint(err, "name a directory that holds both");
    }
    if (file) {
        ret->file = xstrdup(rest);
        return 0;
    }
    OWN_FD int at = rest[0] ? openat(ret->root, rest, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : fcntl(ret->root, F_DUPFD_CLOEXEC, 3);
    const char *found = at < 0 ? NULL : file_in(at);
    ret->file = found ? xasprintf("%s%s%s", rest, rest[0] ? "/" : "", found) : NULL;
    return 0;
}

static int find_named(const struct request *r, struct project_place *ret, struct err *err)
{
    bool dir = is_dir(r->project);
    const char *slash = strrchr(r->project, '/'), *base = slash ? slash + 1 : r->project;
    OWN_PTR char *of = dir     ? xstrdup(r->project)
                       : slash ? xasprintf("%.*s", slash > r->project ? (int)(slash - r->project) : 1, r->project)
                               : xstrdup(".");
    OWN_FD int fd = -1;
    OWN_PTR char *real = NULL;
    if (open_dir(of, &fd, &real, err) < 0 || !real)
        return -1;
    OWN_PTR char *path = dir ? xstrdup(real) : xasprintf("%s/%s", real[1] ? real : "", base);
    if (!dir && faccessat(fd, base, F_OK, 0) < 0)
        return fail(err, errno, r->project, "open the project's file");
    if (set_root(r, path, !dir, ret, err) < 0)
        return -1;
    if (ret->file)
        return PROJECT_FOUND;
    fail(err, ENOENT, r->project, "find a project in");
    return fail_hint(err,
                     "expected one of lrun.json, template.yaml, serverless.yml, or what sam build, cdk synth and serverless package make");
}

int project_find(const struct request *r, struct project_place *ret, struct err *err)
{
    if (r->project)
        return find_named(r, ret, err);
    const char *found = file_in(AT_FDCWD);
    if (!found)
        return PROJECT_NONE;
    OWN_FD int fd = -1;
    OWN_PTR char *real = NULL;
    if (open_dir(".", &fd, &real, err) < 0 || !real)
        return -1;
    OWN_PTR char *path = xasprintf("%s/%s", real[1] ? real : "", found);
    return set_root(r, path, true, ret, err) < 0 ? -1 : PROJECT_FOUND;
}
