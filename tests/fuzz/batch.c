/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c: any bytes as a list of jobs, read in pieces: each line comes out whole, once and in order, one that is too long with its digest;
 * and whatever a line says, a job's names lie beneath the directory of files, and each is there once. */
#include "launcher/batch/job.h"
#include "launcher/batch/lines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_job(const char *line, size_t n)
{
    struct err err;
    struct job j = JOB_NONE;
    if (job_read(line, n, &j, &err) == 0) {
        check(j.file_count <= JOB_FILES_MAX && (!j.argv.n || (j.argv.at[0][0] && !j.argv.at[j.argv.n])));
        for (size_t i = 0; i < j.file_count; i++) {
            const char *name = j.files[i].into.name;
            check(name[0] && name[0] != '/' && name[strlen(name) - 1] != '/' && !strstr(name, "//"));
            check(strcmp(name, "..") != 0 && strncmp(name, "../", 3) != 0 && !strstr(name, "/../"));
            check(!str_ends(name, "/..") && j.files[i].into.fd < 0);
            check(!j.files[i].path != !j.files[i].into.bytes || (!j.files[i].path && !j.files[i].into.size));
            for (size_t k = 0; k < i; k++)
                check(strcmp(name, j.files[k].into.name) != 0);
        }
    }
    job_done(&j);
}

static bool is_blank(const uint8_t *at, size_t n)
{
    while (n && (at[n - 1] == ' ' || at[n - 1] == '\t' || at[n - 1] == '\r'))
        n--;
    return !n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err;
    struct line line;
    const uint8_t *at = data, *end = data + size;
    struct lines l = {.fd = memfd_create("list", MFD_CLOEXEC), .name = "list", .most = MOST};
    check(l.fd >= 0 && write(l.fd, data, size) == (ssize_t)size && lseek(l.fd, 0, SEEK_SET) == 0);
    for (enum lines_got got; (got = lines_next(&l, &line)) != LINES_END;) {
        if (got == LINES_WAIT) {
            check(lines_fill(&l, &err) == 0);
            continue;
        }
        size_t n;
        for (;;) { /* to the line that this one must be */
            const uint8_t *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
            n = (size_t)((stop ? stop : end) - at);
            if (n > MOST || !is_blank(at, n))
                break;
            check(stop != NULL);
            at = stop + 1;
        }
        check(line.too_long == (n > MOST));
        if (line.too_long) {
            struct sha256 s;
            unsigned char digest[SHA256_BYTES];
            sha256_begin(&s);
            sha256_add(&s, at, n);
            sha256_end(&s, digest);
            check(memcmp(digest, line.sha256, sizeof digest) == 0);
        } else {
            check(line.n == n && memcmp(line.at, at, n) == 0);
            check_job(line.at, line.n);
        }
        at += n + (at + n < end);
    }
    while (at < end)
        check(*at == '\n' || *at == ' ' || *at == '\t' || *at == '\r'), at++;
    lines_done(&l);
    close(l.fd);
    check_job((const char *)data, size);
    return 0;
}
