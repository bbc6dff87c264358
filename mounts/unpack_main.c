/* SPDX-License-Identifier: Apache-2.0 */
/* unpack_main.c: lrun-unpack, started by lrun on a cache miss. unpack.h says how the two talk.
 *
 *   unpack  confine; map the archive; 1 hash it and say so; 2 wait for go; judge it; unpack it; 3 say how it went
 *   verify  take a user namespace, so that files the owner may not read can be read; compare the entry with its manifest
 *
 * Must not: print. What goes wrong is sent in the result; lrun prints it. */
#include "base/fs.h"
#include "base/own.h"
#include "mounts/confine.h"
#include "mounts/extract.h"
#include "mounts/manifest.h"
#include "mounts/unpack.h"
#include "mounts/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* The archive was cut short while mapped: the kernel sends SIGBUS, and there is no way back. */
static void on_sigbus(int signal)
{
    (void)signal;
    static struct unpack_result result;
    fail(&result.err, 0, NULL, "read the archive: it was cut short while it was being read");
    fs_write_all(UNPACK_SOCKET, &result, sizeof result);
    _exit(1);
}

static int send_result(struct unpack_result *r, int status)
{
    r->ok = status == 0;
    return fs_write_all(UNPACK_SOCKET, r, sizeof *r) == 0 && status == 0 ? 0 : 1;
}

static int map_archive(const struct stat *st, const uint8_t **ret, struct err *err)
{
    if (st->st_size == 0)
        return fail(err, 0, NULL, "read the archive: Uploaded file must be a non-empty zip");
    void *bytes = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_PRIVATE, UNPACK_INPUT, 0);
    if (bytes == MAP_FAILED)
        return fail(err, errno, NULL, "map the archive into memory");
    madvise(bytes, (size_t)st->st_size, MADV_SEQUENTIAL);
    *ret = bytes;
    return 0;
}

static int digest(const uint8_t *bytes, size_t n, char hex[DIGEST_HEX + 1], struct err *err)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_Digest(bytes, n, raw, &length, EVP_sha256(), NULL) != 1 || length != 32)
        return fail(err, 0, NULL, "hash the archive: libcrypto refused");
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", raw[i]);
    return 0;
}

static int unpack(const uint8_t *bytes, const struct stat *before, struct unpack_result *r)
{
    struct zip z = {0};
    struct text manifest = {0};
    struct stat after;
    size_t n = (size_t)before->st_size;
    if (zip_read(bytes, n, &z, &r->err) < 0)
        return -1;
    r->size = z.size;
    r->entries = z.n;
    r->replaced = z.replaced;
    if (mkdirat(UNPACK_INTO, "tree", 0755) < 0)
        return fail(&r->err, errno, "tree", "make the directory");
    OWN_FD int tree = openat(UNPACK_INTO, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tree < 0)
        return fail(&r->err, errno, "tree", "open the directory");
    manifest_head(&manifest, &z);
    int status = extract(&z, bytes, n, tree, &manifest, &r->err);
    if (status == 0)
        status = fs_write_new(UNPACK_INTO, "manifest", 0644, manifest.at, manifest.n, &r->err);
    /* What was unpacked must be what was hashed: the file was mapped all the while and anyone may have written to it. */
    if (status == 0 && (fstat(UNPACK_INPUT, &after) < 0 || after.st_size != before->st_size ||
                        memcmp(&after.st_mtim, &before->st_mtim, sizeof after.st_mtim) != 0 ||
                        memcmp(&after.st_ctim, &before->st_ctim, sizeof after.st_ctim) != 0))
        status = fail(&r->err, 0, NULL, "unpack the archive: it changed while it was being read");
    text_done(&manifest);
    zip_done(&z);
    return status;
}

static int unpack_main(void)
{
    static struct unpack_digest d;
    static struct unpack_result r;
    struct stat st = {0};
    const uint8_t *bytes = NULL;
    char go = 0;
    setlocale(LC_CTYPE, "C.UTF-8"); /* before confinement: it opens files. Outside UTF-8, libarchive loses names */
    int status = fstat(UNPACK_INPUT, &st) < 0 ? fail(&d.err, errno, NULL, "look at the archive") : 0;
    if (status == 0)
        status = confine(UNPACK_INTO, &d.err);
    if (status == 0)
        status = map_archive(&st, &bytes, &d.err);
    if (status == 0)
        status = digest(bytes, (size_t)st.st_size, d.hex, &d.err);
    d.ok = status == 0;
    if (fs_write_all(UNPACK_SOCKET, &d, sizeof d) < 0 || status < 0)
        return 1;
    if (read(UNPACK_SOCKET, &go, 1) != 1 || go != 'g')
        return 0;
    return send_result(&r, unpack(bytes, &st, &r));
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* and should that be missed: the socket's end ends us at the next message */
    umask(022);
    signal(SIGBUS, on_sigbus);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "unpack") == 0)
        return unpack_main();
    if (argc == 2 && strcmp(argv[1], "verify") == 0) {
        static struct unpack_result r;
        return send_result(&r, verify_entry(UNPACK_INPUT, &r.err));
    }
    static const char text[] = "lrun-unpack: started by lrun only; it unpacks archives into lrun's cache\n";
    return fs_write_all(2, text, sizeof text - 1) < 0 ? 1 : 2;
}
