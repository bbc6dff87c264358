/* SPDX-License-Identifier: Apache-2.0 */
/* not_package.c: what people name in place of a package, by its name and its first bytes, and what to name instead. What is wrong with
 * a zip is told by who unpacks it (unpack/zip.c), and an unknown command by names.c. Rows are looked at in order and the first that
 * fits decides. All is done before anything is unpacked or started, and a row must be sure: what may be a package goes on. In the
 * remedies, %1$s is the folder that the file is in, %2$s its name without suffix, %3$s the command where one was named, and %4$s what
 * must follow then. */
#include "launcher/launch/not_package.h"

#include "base/own.h"
#include "launcher/launch/names.h"
#include "launcher/launch/runtime.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct kind {       /* no pointers, which a position-independent program would relocate at every start */
    char names[64]; /* patterns, a blank between two: of the file's name; of the whole word where it names nothing. "": any */
    char has[20];   /* of a file: how its content begins; of a directory: a file in it. "": not looked at */
    unsigned at;    /* where that content begins */
    char is[48], remedy[176];
};

#define SAVE "save it as a file (docker save IMAGE -o image.tar), and give that"
#define NAMED "name one of its functions, with --project DIR before it (lrun project --project DIR lists them)"
#define PROJECT "give the folder or zip that is deployed"
#define BUILD "build it, and give the folder or zip that holds the bootstrap"
#define TARBALL \
    "an image (docker save) must be uncompressed, a file system (docker export) belongs to --rootfs; Lambda takes no image as a layer"

static const struct kind NAMES[] = {
    {"arn:*:lambda:*:layer:*", "", 0, "the ARN of a layer", "give it to --layers, and a function as FUNCTION"},
    {"arn:*:lambda:*", "", 0, "the ARN of a function",
     "have your AWS CLI fetch it: lrun project fetch ARN"},
    {"arn:*", "", 0, "an ARN", "give a folder or a zip on this machine"},
    {"s3://*", "", 0, "an object in S3", "download it first: aws s3 cp"},
    {"http*://*", "", 0, "a URL", "download it first: curl -O"},
    {"*:* public.ecr.aws/* *.dkr.ecr.*.amazonaws.com/*", "", 0, "the name of an image", "docker://IMAGE fetches it, by skopeo; or " SAVE},
};

// clang-format off
static const struct kind FILES[] = {
    {"*template.y*ml packaged.y*ml *template.json", "", 0, "a CloudFormation template", NAMED},
    {"samconfig.*", "", 0, "SAM's configuration", NAMED},
    {"serverless.*", "", 0, "a configuration of the Serverless Framework", NAMED},
    {"cdk.json", "", 0, "the CDK's configuration", NAMED},
    {"cdk.out", "", 0, "the mark of the CDK's output", NAMED},
    {"*.tf", "", 0, "Terraform's configuration", "give the folder or zip that aws_lambda_function names"},
    {"Dockerfile* Containerfile*", "", 0, "the recipe of an image", "build it, and " SAVE},
    {"package.json pyproject.toml requirements*.txt", "", 0, "a project's file", PROJECT},
    {"Cargo.toml", "", 0, "a project's file", BUILD " (cargo lambda build)"},
    {"go.mod pom.xml build.gradle*", "", 0, "a project's file", BUILD},
    {"*.y*ml", "", 0, "a configuration file", PROJECT},
    {"*.json", "", 0, "a JSON file", PROJECT "; an event is given by --event"},
    {"*.py", "", 0, "a Python source file", "give its folder: lrun %3$s--runtime python3 --handler %2$s.lambda_handler %1$s%4$s"},
    {"*.js *.mjs *.cjs", "", 0, "a JavaScript source file", "give its folder: lrun %3$s--runtime nodejs --handler %2$s.handler %1$s%4$s"},
    {"*.ts *.mts", "", 0, "a TypeScript source file", "compile it to JavaScript (tsc, esbuild), and give the folder"},
    {"*.go *.rs *.java *.kt *.cs *.rb *.c *.cpp", "", 0, "a source file", BUILD},
    {"", "ustar", 257, "a tarball", TARBALL},
    {"", "\x1f\x8b", 0, "a gzip file", TARBALL},
    {"", "\x28\xb5\x2f\xfd", 0, "a Zstandard file", TARBALL},
    {"", "\xfd" "7zXZ", 0, "an xz file", TARBALL},
    {"", "7z\xbc\xaf", 0, "a 7z archive", "Lambda takes code as a zip"},
    {"", "\x7f" "ELF", 0, "a program", "name it bootstrap, and give the folder or zip that holds it"},
    {"", "#!", 0, "a script", "name it bootstrap, and give the folder or zip that holds it"},
};
// clang-format on

static const struct kind FOLDERS[] = {
    {"cdk.out", "", 0, "the CDK's output", NAMED},
    {"", "cdk.out", 0, "the CDK's output", NAMED},
    {".aws-sam", "", 0, "sam build's output", "give one function's folder: .aws-sam/build/NAME"},
    {"build", "template.yaml", 0, "sam build's output", "give one function's folder: .aws-sam/build/NAME"},
    {".serverless", "", 0, "serverless package's output", NAMED},
    {"", "oci-layout", 0, "an image", "give one that is whole, with index.json and blobs, as FUNCTION; Lambda takes no image as a layer"},
};

/* Projects, unless something in them can be started. */
static const struct kind PROJECTS[] = {
    {"", "template.yaml", 0, "a project with a CloudFormation template", NAMED},
    {"", "template.yml", 0, "a project with a CloudFormation template", NAMED},
    {"", "serverless.yml", 0, "a project of the Serverless Framework", NAMED},
    {"", "cdk.json", 0, "a project of the CDK", "run cdk synth, and " NAMED},
    {"", "Cargo.toml", 0, "a project's folder", BUILD " (cargo lambda build)"},
    {"", "go.mod", 0, "a project's folder", BUILD},
    {"", "pom.xml", 0, "a project's folder", BUILD},
};

/* Of any case; * is any text. fnmatch(3) with its tables would make every launch touch more pages. */
static bool matches(const char *pattern, const char *end, const char *text)
{
    const char *star = NULL, *from = text;
    while (*text) {
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (pattern < end && tolower((unsigned char)*pattern) == tolower((unsigned char)*text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

static bool is_named(const struct kind *k, const char *text)
{
    for (const char *c = k->names, *end; *c; c = end + (*end == ' ')) {
        end = c + strcspn(c, " ");
        if (matches(c, end, text))
            return true;
    }
    return !k->names[0];
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int refuse(const struct request *r, const struct kind *k, const char *path, struct err *err)
{
    const char *base = base_of(path), *dot = strrchr(base, '.');
    OWN_PTR char *folder = base == path ? xstrdup(".") : xasprintf("%.*s", base - path > 1 ? (int)(base - path - 1) : 1, path);
    OWN_PTR char *stem = xasprintf("%.*s", (int)(dot ? dot - base : (long)strlen(base)), base);
    OWN_PTR char *folder_word = str_quote(folder), *stem_word = str_quote(stem);
    OWN_PTR char *command = r->command == CMD_DEFAULT ? xstrdup("") : xasprintf("%s ", COMMANDS[r->command].name);
    char remedy[sizeof err->hint];
    snprintf(remedy, sizeof remedy, k->remedy, folder_word, stem_word, command, COMMANDS[r->command].takes_command ? " -- CMD..." : "");
    fail_usage(err, "'%.160s' is %s", path, k->is);
    return fail_hint(err, "%s", remedy);
}

int not_package_name(const struct request *r, const char *path, enum package_role role, struct err *err)
{
    bool is_path =
        path[0] == '/' || path[0] == '.'; /* neither an ARN, a URL nor an image's name begins so, and a file's name may hold a colon */
    for (size_t i = 0; i < COUNT(NAMES) && !is_path; i++)
        if (is_named(&NAMES[i], path))
            return refuse(r, &NAMES[i], path, err);
    bool may_be_command = role == ROLE_FUNCTION && !r->named && *path && !strpbrk(path, "./");
    return may_be_command ? name_unknown_command(path, err) : -1;
}

static bool begins(int fd, const struct kind *k)
{
    char bytes[16];
    size_t n = strlen(k->has);
    return pread(fd, bytes, n, k->at) == (ssize_t)n && memcmp(bytes, k->has, n) == 0;
}

static bool holds(int dir, const char *name)
{
    return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static const struct kind *find(const struct kind *kinds, size_t n, const char *base, int fd, bool is_dir)
{
    for (size_t i = 0; i < n; i++) {
        const struct kind *k = &kinds[i];
        if (is_named(k, base) && (!k->has[0] || (is_dir ? holds(fd, k->has) : begins(fd, k))))
            return k;
    }
    return NULL;
}

/* Whether the command starts something that nothing but the package itself can bring. */
static bool needs_entry(const struct request *r)
{
    return r->kind->invokes && !r->runtime && !r->handler && r->layers.n == 0 && !r->rootfs;
}

static const struct kind *find_folder(const struct request *r, const char *base, int fd)
{
    static const char *const ENTRIES[] = {"bootstrap", RUNTIME_DEFAULT_FILES};
    const struct kind *k = find(FOLDERS, COUNT(FOLDERS), base, fd, true);
    for (size_t i = 0; !k && i < COUNT(ENTRIES); i++)
        if (holds(fd, ENTRIES[i]))
            return NULL;
    return k || !needs_entry(r) ? k : find(PROJECTS, COUNT(PROJECTS), base, fd, true);
}

/* An OCI layout with its parts, or a tarball, of which the unpacker says whether it holds an image. Where a zip begins with other bytes, as
 * one that unpacks itself does, it is no tarball. */
static bool is_image(const struct kind *k, bool is_dir, int fd)
{
    return is_dir ? strcmp(k->has, "oci-layout") == 0 && holds(fd, "index.json") && holds(fd, "blobs") : strcmp(k->has, "ustar") == 0;
}

int not_package_check(const struct request *r, const char *path, bool is_dir, int fd, enum package_role role, struct err *err)
{
    static const struct kind ZIP = {"", "PK", 0, "", ""};
    if (!is_dir && str_ends(path, ".zip"))
        return 0; /* as nearly all: whoever unpacks it says what is wrong with it */
    OWN_PTR char *name = xstrdup(path);
    while (name[0] && name[strlen(name) - 1] == '/')
        name[strlen(name) - 1] = 0;
    const struct kind *k = NULL;
    if (is_dir)
        k = role == ROLE_FUNCTION ? find_folder(r, base_of(name), fd) : find(FOLDERS, COUNT(FOLDERS), base_of(name), fd, true);
    else if (!begins(fd, &ZIP))
        k = find(FILES, COUNT(FILES), base_of(name), fd, false);
    if (k && role == ROLE_FUNCTION && is_image(k, is_dir, fd))
        return 1;
    return k ? refuse(r, k, path, err) : 0;
}
