/* SPDX-License-Identifier: Apache-2.0 */
/* aws.c: asking the AWS CLI. What it may see of the caller:
 *   an ordinary user's   environment, HOME and all, as if started by hand: profiles, SSO and credential processes are its own to find
 *   root's               PATH, AWS_*, what names proxies and certificates; the files of ~/.aws that root has opened, by descriptor
 * PATH is searched, as the shell does: the AWS CLI is installed in many places. Its last word is the reason of a failure; it never holds
 * the address of a download, which is in its answer alone. Downloading is aws_download.c's. */
#include "launcher/launch/aws.h"

#include "base/own.h"
#include "launcher/launch/aws_run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { ANSWER_MAX = 8 << 20 };

/* ---- root's own files ---- */

/* What the AWS CLI looks for is another user's to read when root starts lrun: it gets copies. */
static const struct {
    enum aws_file file;
    char variable[28], tail[20];
} ROOTS[] = {
    {AWS_CREDENTIALS, "AWS_SHARED_CREDENTIALS_FILE", ""},
    {AWS_CREDENTIALS, "HOME", "/.aws/credentials"},
    {AWS_CONFIG, "AWS_CONFIG_FILE", ""},
    {AWS_CONFIG, "HOME", "/.aws/config"},
};

int aws_prepare(struct aws *a, const struct identity *id, struct err *err)
{
    a->from_root = id->from_root;
    for (size_t i = 0; i < COUNT(ROOTS) && a->from_root; i++) {
        const char *start = getenv(ROOTS[i].variable);
        if (!start || start[0] != '/' || a->files[ROOTS[i].file] >= 0)
            continue;
        OWN_PTR char *path = xasprintf("%s%s", start, ROOTS[i].tail);
        a->files[ROOTS[i].file] = outside_copy(path, err);
        if (a->files[ROOTS[i].file] < 0 && err->no != ENOENT && err->no != ENOTDIR)
            return -1;
    }
    return 0;
}

int aws_begin(struct aws *a, int dir, struct err *err)
{
    a->dir = dir;
    return outside_begin(&a->outside, err);
}

bool aws_stopped(struct aws *a)
{
    return outside_stopped(&a->outside);
}

void aws_end(struct aws *a)
{
    for (size_t i = 0; i < COUNT(a->files); i++)
        own_close(&a->files[i]);
    outside_end(&a->outside);
}

/* ---- how both are called ---- */

char *aws_program(const char *name)
{
    const char *path = getenv("PATH");
    for (const char *c = path ? path : "/usr/local/bin:/usr/bin:/bin"; *c;) {
        size_t n = strcspn(c, ":");
        struct stat st;
        OWN_PTR char *file = xasprintf("%.*s/%s", (int)n, c, name);
        if (*c == '/' && access(file, X_OK) == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
            return take_ptr(&file);
        c += n + (c[n] == ':');
    }
    return NULL;
}

static bool passes(const char *variable)
{
    static const char *const ROOTS_TOO[] = {
        "PATH=",       "AWS_",         "HTTP_PROXY=", "HTTPS_PROXY=", "NO_PROXY=",      "ALL_PROXY=",
        "http_proxy=", "https_proxy=", "no_proxy=",   "all_proxy=",   "SSL_CERT_FILE=", "SSL_CERT_DIR="};
    for (size_t i = 0; i < COUNT(ROOTS_TOO); i++)
        if (str_begins(variable, ROOTS_TOO[i]))
            return true;
    return false;
}

/* Nothing of ours waits for a key at a pager, or asks. */
void aws_variables(const struct aws *a, struct strv *ret)
{
    static const char *const OURS[] = {"AWS_PAGER=", "AWS_CLI_AUTO_PROMPT=", "AWS_SHARED_CREDENTIALS_FILE=", "AWS_CONFIG_FILE="};
    const size_t ours = a->from_root ? COUNT(OURS) : 2;
    for (char **v = environ; *v; v++) {
        bool own = false;
        for (size_t i = 0; i < ours; i++)
            own = own || str_begins(*v, OURS[i]);
        if (!own && (!a->from_root || passes(*v)))
            strv_add(ret, xstrdup(*v));
    }
    strv_add(ret, xstrdup("AWS_PAGER="));
    strv_add(ret, xstrdup("AWS_CLI_AUTO_PROMPT=off"));
    if (!a->from_root)
        return;
    strv_add(ret, xstrdup("HOME=/proc/self/cwd"));
    if (a->files[AWS_CREDENTIALS] >= 0)
        strv_add(ret, xasprintf("AWS_SHARED_CREDENTIALS_FILE=/proc/self/fd/%d", a->files[AWS_CREDENTIALS]));
    if (a->files[AWS_CONFIG] >= 0)
        strv_add(ret, xasprintf("AWS_CONFIG_FILE=/proc/self/fd/%d", a->files[AWS_CONFIG]));
}

/* ---- asking ---- */

/* Of its errors, by a part of them; the first that fits. */
static const struct {
    char part[36], remedy[160];
} REMEDIES[] = {
    {"Unable to locate credentials", "log in first (aws configure, aws sso login), or name a profile: AWS_PROFILE=NAME"},
    {"The config profile", "AWS_PROFILE names a profile that ~/.aws/config does not have"},
    {"xpired", "log in again: aws sso login, or new keys"},
    {"UnrecognizedClientException", "the keys are not valid: aws sts get-caller-identity shows whose they are"},
    {"InvalidSignatureException", "the secret key is not that of the key id"},
    {"AccessDenied",
     "it must be shared with your account, and your user be allowed to read it (lambda:GetLayerVersion, lambda:GetFunction)"},
    {"ResourceNotFound", "check name, version and region: what was deleted cannot be fetched"},
    {"Could not connect to the endpoint", "AWS cannot be reached: check the network and the region"},
    {"You must specify a region", "name the region: AWS_REGION=us-east-1"},
};

/* The last line that says something; a line of an address is none. In place. */
static char *last_line(char *text)
{
    char *last = text + strlen(text);
    while (last > text) {
        while (last > text && (last[-1] == '\n' || last[-1] == ' '))
            *--last = 0;
        char *newline = strrchr(text, '\n');
        last = newline ? newline + 1 : text;
        if (*last && !strstr(last, "X-Amz-") && !strstr(last, "x-amz-"))
            return last;
        *last = 0;
    }
    return last;
}

static int explain(const char *object, int errors, struct err *err)
{
    enum { SHOWN = 190 };
    char text[8192] = "";
    struct stat st;
    off_t from = fstat(errors, &st) == 0 && st.st_size >= (off_t)sizeof text ? st.st_size - (off_t)sizeof text + 1 : 0;
    ssize_t n = pread(errors, text, sizeof text - 1, from);
    text[n > 0 ? n : 0] = 0;
    char *said = str_line(last_line(text));
    const char *remedy = NULL;
    for (size_t i = 0; i < COUNT(REMEDIES) && !remedy; i++)
        remedy = strstr(said, REMEDIES[i].part) ? REMEDIES[i].remedy : NULL;
    fail(err, 0, object, "ask AWS for");
    return remedy ? fail_hint(err, "%s; aws says: %.140s", remedy, said)
                  : fail_hint(err, "aws says: %.*s", SHOWN, *said ? said : "nothing");
}

static void add_piece(void *to, const char *bytes, size_t n)
{
    struct text *answer = to;
    if (answer->n < ANSWER_MAX)
        text_add(answer, bytes, n);
}

static int run(struct aws *a, const struct aws_call *call, const struct outside_job *with, struct strv *words, int *ret_status,
               struct err *err)
{
    struct outside_job job = *with;
    struct strv variables = {0};
    strv_add(words, xstrdup("aws"));
    strv_add(words, xstrdup("lambda"));
    for (const char *const *w = call->words; *w; w++)
        strv_add(words, xstrdup(*w));
    strv_add(words, xstrdup("--output=json"));
    if (call->region[0])
        strv_add(words, xasprintf("--region=%s", call->region));
    aws_variables(a, &variables);
    job.words = words;
    job.variables = &variables;
    int status = outside_run(&a->outside, &job, ret_status, err);
    strv_done(&variables);
    return status;
}

void aws_forget(struct text *answer)
{
    if (answer->n)
        explicit_bzero(answer->at, answer->n);
    text_done(answer);
}

static int read_answer(const char *object, const struct text *answer, struct slice *ret, struct err *err)
{
    struct json_fault fault;
    if (answer->n < ANSWER_MAX && json_scan(answer->n ? answer->at : "", answer->n, ret, &fault) && json_shape(*ret) == SHAPE_OBJECT)
        return 0;
    fail(err, 0, object, "ask AWS for: what aws printed is no JSON object");
    return fail_hint(err, "is the program aws in PATH the AWS CLI?");
}

int aws_ask(struct aws *a, const struct aws_call *call, struct text *ret, struct slice *ret_top, struct err *err)
{
    int status = 0;
    struct strv words = {0};
    OWN_PTR char *program = aws_program("aws");
    OWN_FD int errors = memfd_create("aws", MFD_CLOEXEC);
    if (!program) {
        fail(err, ENOENT, "aws", "find in PATH the AWS CLI");
        return fail_hint(err, "install it (https://aws.amazon.com/cli/), or have somebody send you the zip: lrun layer add ARN FILE");
    }
    if (errors < 0)
        return fail(err, errno, NULL, "make room for aws's messages");
    struct outside_job job = {
        .name = "aws",
        .program = program,
        .dir = a->dir,
        .keep = a->files,
        .keep_n = COUNT(a->files),
        .input = -1,
        .errors = errors,
        .largest = AWS_CODE_MAX,
        .said = add_piece,
        .to = ret,
    };
    int started = run(a, call, &job, &words, &status, err);
    strv_done(&words);
    if (started < 0)
        return -1;
    if (aws_stopped(a))
        return fail(err, EINTR, call->object, "fetch");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return explain(call->object, errors, err);
    return read_answer(call->object, ret, ret_top, err);
}
