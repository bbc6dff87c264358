/* SPDX-License-Identifier: Apache-2.0 */
/* aws_download.c: what AWS gave an address for, by curl. The address is in curl's standard input, as a line of a configuration (curl -K -),
 * and so in no list of processes; curl's own words are not repeated, since they may hold it. The user's ~/.curlrc is not read (-q): it may
 * ask for a trace. An address is AWS's word, and still looked at: a character that no address has would add lines to the configuration,
 * and another scheme than https, other than of this machine, would send the code in the clear. */
#include "launcher/launch/aws.h"

#include "base/fs.h"
#include "base/own.h"
#include "cache/progress.h"
#include "launcher/launch/aws_run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* RFC 3986's, and nothing that curl's configuration would take as its own. */
static bool is_address(const char *text)
{
    static const char MARKS[] = "-._~:/?#[]@!$&'()*+,;=%";
    for (const char *c = text; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr(MARKS, *c)))
            return false;
    return true;
}

static bool is_here(const char *text)
{
    static const char *const HERE[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (size_t i = 0; i < COUNT(HERE); i++)
        if (str_begins(text, HERE[i]) && text[strlen(HERE[i])] && strchr(":/", text[strlen(HERE[i])]))
            return true;
    return false;
}

static int check_address(const char *object, const char *text, struct err *err)
{
    if (text && is_address(text) && (str_begins(text, "https://") || is_here(text)))
        return 0;
    fail(err, 0, object, "download: AWS gave an address that lrun does not take");
    return fail_hint(err, "an address begins with https:// and has no blanks, quotes or backslashes; it is not repeated here");
}

/* Its configuration, in memory, at its begin. */
static int make_input(const struct aws_code *code, const char *address, uint64_t largest, struct err *err)
{
    struct text text = {0};
    OWN_FD int fd = memfd_create("curl", MFD_CLOEXEC);
    text_printf(&text,
                "silent\ngloboff\nfail\nmax-redirs = 0\nproto = \"=http,https\"\nconnect-timeout = 60\nspeed-limit = 100\nspeed-time = 60\n"
                "max-filesize = %ju\noutput = \"%s\"\nurl = \"%s\"\n",
                (uintmax_t)largest, code->file, address);
    bool written = fd >= 0 && fs_write_all(fd, text.at, text.n) == 0 && lseek(fd, 0, SEEK_SET) == 0;
    int no = errno;
    explicit_bzero(text.at, text.n);
    text_done(&text);
    return written ? take_fd(&fd) : fail(err, no, code->object, "tell curl what to download for");
}

struct watched {
    const struct aws_code *code;
    struct progress progress;
    int dir;
};

static void ignore(void *to, const char *bytes, size_t n)
{
    (void)to, (void)bytes, (void)n;
}

static void show_bytes(void *to)
{
    struct watched *w = to;
    struct stat st;
    if (fstatat(w->dir, w->code->file, &st, AT_SYMLINK_NOFOLLOW) == 0)
        progress_show(&w->progress, w->code->size, (uint64_t)st.st_size);
}

static const struct {
    int status;
    char why[112];
} REASONS[] = {
    {6, "the host's name is not known: check the network"},
    {7, "the host cannot be reached: check the network"},
    {18, "the connection ended before all of it had come: fetch it again"},
    {22, "the server refuses it: the address that AWS gave may have expired; fetch it again"},
    {23, "it cannot be written: make room"},
    {28, "nothing came for a minute: check the network"},
    {35, "the server's certificate or TLS is not accepted"},
    {47, "the server leads elsewhere, which AWS's does not"},
    {60, "the server's certificate or TLS is not accepted"},
    {63, "it is larger than AWS says"},
};

static int explain(const char *object, int status, struct err *err)
{
    fail(err, 0, object, "download");
    if (WIFSIGNALED(status))
        return fail_hint(err, WTERMSIG(status) == SIGXFSZ ? "it is larger than AWS says" : "curl was ended by signal %d", WTERMSIG(status));
    for (size_t i = 0; i < COUNT(REASONS); i++)
        if (REASONS[i].status == WEXITSTATUS(status))
            return fail_hint(err, "%s", REASONS[i].why);
    return fail_hint(err, "curl ended with status %d", WEXITSTATUS(status));
}

static int run(struct aws *a, const struct aws_code *code, struct outside_job *job, struct err *err)
{
    int status = 0;
    struct strv words = {0}, variables = {0};
    strv_add(&words, xstrdup("curl"));
    strv_add(&words, xstrdup("-q"));
    strv_add(&words, xstrdup("-K"));
    strv_add(&words, xstrdup("-"));
    aws_variables(a, &variables);
    job->words = &words;
    job->variables = &variables;
    int started = outside_run(&a->outside, job, &status, err);
    strv_done(&words);
    strv_done(&variables);
    if (started < 0)
        return -1;
    if (aws_stopped(a))
        return fail(err, EINTR, code->object, "download");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : explain(code->object, status, err);
}

int aws_download(struct aws *a, const struct aws_code *code, struct err *err)
{
    struct watched watched = {.code = code, .progress = progress_begin(a->terminal), .dir = a->dir};
    OWN_PTR char *program = aws_program("curl"), *address = json_shape(code->location) == SHAPE_STRING ? json_plain(code->location) : NULL;
    if (!program) {
        fail(err, ENOENT, "curl", "find in PATH the program that downloads");
        return fail_hint(err, "install it: apt install curl");
    }
    if (check_address(code->object, address, err) < 0 || !address)
        return -1;
    if (code->size > AWS_CODE_MAX)
        return fail(err, EFBIG, code->object, "download: AWS says that it has %ju bytes", (uintmax_t)code->size);
    uint64_t largest = code->size ? code->size : AWS_CODE_MAX;
    OWN_FD int input = make_input(code, address, largest, err), errors = open("/dev/null", O_WRONLY | O_CLOEXEC);
    explicit_bzero(address, strlen(address));
    if (input < 0)
        return -1;
    watched.progress.doing = "fetching";
    struct outside_job job = {
        .name = "curl",
        .program = program,
        .dir = a->dir,
        .input = input,
        .errors = errors,
        .largest = largest,
        .said = ignore,
        .wait = show_bytes,
        .to = &watched,
    };
    int status = run(a, code, &job, err);
    progress_end(&watched.progress);
    return status;
}
