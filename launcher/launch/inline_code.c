/* SPDX-License-Identifier: Apache-2.0 */
/* inline_code.c: a zip of one stored file. The package goes the way of all others from there: checked, hashed and unpacked by
 * lrun-unpack, kept in the cache by its content. The file is always "index", whose ending the runtime tells (AWS::Lambda::Function Code,
 * ZipFile). */
#include "launcher/launch/inline_code.h"

#include "base/crc32.h"
#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

static void put(struct text *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        text_add(out, &(const char){(char)(value >> 8 * i & 0xff)}, 1);
}

/* What the local and the central header have in common: version, flags, method, time (1980-01-01), digest, sizes, length of the name. */
static void put_header(struct text *out, const char *name, const char *code, size_t n)
{
    put(out, 20, 2);
    put(out, 0, 2);
    put(out, 0, 2);
    put(out, 0, 2);
    put(out, 1 << 5 | 1, 2);
    put(out, crc32_more(0, code, n), 4);
    put(out, n, 4);
    put(out, n, 4);
    put(out, strlen(name), 2);
    put(out, 0, 2);
}

static void put_zip(struct text *out, const char *name, const char *code, size_t n)
{
    enum { UNIX = 3 << 8 | 20, MODE = 0100644 };
    put(out, 0x04034b50, 4);
    put_header(out, name, code, n);
    text_puts(out, name);
    text_add(out, code, n);
    size_t central = out->n;
    put(out, 0x02014b50, 4);
    put(out, UNIX, 2);
    put_header(out, name, code, n);
    put(out, 0, 6); /* comment, disk, internal attributes */
    put(out, (uint64_t)MODE << 16, 4);
    put(out, 0, 4);
    text_puts(out, name);
    size_t end = out->n;
    put(out, 0x06054b50, 4);
    put(out, 0, 4);
    put(out, 1, 2);
    put(out, 1, 2);
    put(out, end - central, 4);
    put(out, central, 4);
    put(out, 0, 2);
}

int inline_code_open(const struct request *r, const char *name, struct input *ret, struct err *err)
{
    const char *file = r->runtime && str_begins(r->runtime, "nodejs") ? "index.js" : "index.py";
    if (!r->runtime || !(str_begins(r->runtime, "nodejs") || str_begins(r->runtime, "python"))) {
        fail(err, 0, name, "use code that stands in a template with runtime %.40s", r->runtime ? r->runtime : "(none)");
        return fail_hint(err, "only Node.js and Python have inline code: put it into a file");
    }
    struct text zip = {0};
    OWN_FD int fd = memfd_create("inline", MFD_CLOEXEC);
    put_zip(&zip, file, r->part.code, strlen(r->part.code));
    int status =
        fd < 0 || fs_write_all(fd, zip.at, zip.n) < 0 || lseek(fd, 0, SEEK_SET) < 0 ? fail(err, errno, name, "keep the code of") : 0;
    text_done(&zip);
    if (status < 0)
        return -1;
    *ret = (struct input){.path = name, .fd = take_fd(&fd), .source = {.tree = -1}};
    return 0;
}
