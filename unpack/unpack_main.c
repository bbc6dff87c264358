/* SPDX-License-Identifier: Apache-2.0 */
/* unpack_main.c: lrun-unpack, started by lrun on a cache miss. unpack.h says how the two talk.
 *
 *   unpack  confine; map the zip; judge it, begin to unpack it; 1 hash it and say so; 2 wait for go; 3 say how it went
 *   unpack-hashed  the same, but nothing is unpacked before go: most likely another lrun has just done so
 *   untar   the same for a tarball, which is unpacked after go
 *   image   the same for a container image: 1 its documents are read, 2, 3
 *   verify  take a user namespace, so that files the owner may not read can be read; compare the entry with its manifest
 *
 * Must not: print. What goes wrong is sent in the result; lrun prints it. */
#include "base/fs.h"
#include "base/own.h"
#include "unpack/confine.h"
#include "unpack/digest.h"
#include "unpack/extract.h"
#include "unpack/image.h"
#include "unpack/manifest.h"
#include "unpack/unpack.h"
#include "unpack/untar.h"
#include "unpack/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* SIGBUS: the archive was truncated while mapped. The process cannot continue. */
static volatile sig_atomic_t hashed; /* lrun has the first message, and waits for the result */
static struct unpack_digest digest;  /* the first message of a zip and a tarball */
static struct unpack_image image;    /* of an image */
static bool is_image;

static int send_first(bool ok)
{
    digest.ok = image.ok = ok;
    return is_image ? fs_write_all(UNPACK_SOCKET, &image, sizeof image) : fs_write_all(UNPACK_SOCKET, &digest, sizeof digest);
}

static _Noreturn void end_with(const char *what)
{
    static atomic_flag ending = ATOMIC_FLAG_INIT;
    static struct unpack_result late;
    struct err *err = hashed ? &late.err : is_image ? &image.err : &digest.err;
    while (atomic_flag_test_and_set(&ending)) /* another worker handles it, and ends all */
        pause();
    fail(err, 0, NULL, "%s", what);
    if (hashed)
        fs_write_all(UNPACK_SOCKET, &late, sizeof late);
    else
        send_first(false);
    _exit(1);
}

static void on_sigbus(int signal)
{
    (void)signal;
    end_with("read the archive: it was cut short while it was being read");
}

static void on_no_memory(void)
{
    end_with("unpack the archive: it needs more memory than the unpacker may take (zip and image 512 MB, tarball 256 MB)");
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

struct job { /* one archive */
    const uint8_t *bytes;
    struct stat st;
    struct unpack_progress *progress;
    int tree;
    struct manifest manifest;
    struct unpack_result result;
    char verb;         /* u: a zip, which is unpacked while it is hashed; z: one that is, like t, a tarball, afterwards; i: an image */
    const char *place; /* of the files below tree/ */
    struct zip zip;
    struct extract *extract; /* NULL: not begun, and result.err says why */
    struct image_reader image;
};

static int make_tree(struct job *j)
{
    struct err *err = &j->result.err;
    char path[PATH_MAX] = UNPACK_TREE "/";
    snprintf(path + strlen(path), sizeof path - strlen(path), "%s/", j->place);
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdirat(UNPACK_INTO, path, 0755) < 0 && errno != EEXIST)
            return fail(err, errno, path, "make the directory");
        *slash = '/';
    }
    j->tree = openat(UNPACK_INTO, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return j->tree < 0 ? fail(err, errno, path, "open the directory") : 0;
}

static void begin_zip(struct job *j)
{
    struct unpack_result *r = &j->result;
    if (zip_read(j->bytes, (size_t)j->st.st_size, &j->zip, &r->err) < 0)
        return;
    r->size = j->zip.size;
    r->entries = j->zip.n;
    r->replaced = j->zip.replaced;
    if (make_tree(j) == 0)
        j->extract = extract_start(&j->zip, j->bytes, j->tree, j->progress);
}

static int finish_zip(struct job *j)
{
    struct unpack_result *r = &j->result;
    if (!j->extract)
        return -1;
    manifest_head(&j->manifest.text, r->size, r->entries, r->replaced);
    return extract_finish(j->extract, &j->manifest, &r->need, &r->err);
}

/* What was unpacked must be what was hashed: the file was mapped all the while and anyone may have written to it. */
static int check_unchanged(const struct job *j, struct err *err)
{
    struct stat after;
    if (fstat(UNPACK_INPUT, &after) == 0 && after.st_size == j->st.st_size &&
        memcmp(&after.st_mtim, &j->st.st_mtim, sizeof after.st_mtim) == 0 &&
        memcmp(&after.st_ctim, &j->st.st_ctim, sizeof after.st_ctim) == 0)
        return 0;
    return fail(err, 0, NULL, "unpack the archive: it changed while it was being read");
}

static int finish_files(struct job *j)
{
    struct unpack_result *r = &j->result;
    if (j->verb == 'z')
        begin_zip(j);
    if (j->verb == 'u' || j->verb == 'z')
        return finish_zip(j);
    if (make_tree(j) < 0)
        return -1;
    return j->verb == 't' ? untar(j->bytes, (size_t)j->st.st_size, j->tree, j->progress, &j->manifest, r, &r->err)
                          : image_unpack(&j->image, j->tree, j->progress, &j->manifest, r, &r->err);
}

static int hash_manifest(int fd, char hex[DIGEST_HEX + 1], struct err *err)
{
    struct stat st;
    void *bytes = fstat(fd, &st) < 0 ? MAP_FAILED : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return fail(err, errno, "manifest", "map the file into memory");
    int status = digest_of(bytes, (size_t)st.st_size, hex, err);
    munmap(bytes, (size_t)st.st_size);
    return status;
}

static int finish(struct job *j)
{
    struct err *err = &j->result.err;
    OWN_FD int fd = openat(UNPACK_INTO, "manifest", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail(err, errno, "manifest", "make the file");
    j->manifest.fd = fd;
    int status = finish_files(j);
    if (status == 0)
        status = manifest_finish(&j->manifest, err);
    if (status == 0)
        status = hash_manifest(fd, j->result.manifest, err);
    return status == 0 && j->verb != 'i' ? check_unchanged(j, err) : status; /* an image's layers are known by their digests */
}

static struct unpack_progress *map_progress(void)
{
    static struct unpack_progress own;
    void *shared = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, UNPACK_SHARED, 0);
    return shared == MAP_FAILED ? &own : shared;
}

/* Confines the process, and only then reads. */
static int begin(struct job *j, char *const words[], struct err *err)
{
    bool dir = j->verb == 'i' && S_ISDIR(j->st.st_mode);
    struct confinement c = {
        .dir = UNPACK_INTO,
        .source = dir ? UNPACK_INPUT : -1,
        .memory = j->verb == 't'   ? UNTAR_MEMORY
                  : j->verb == 'i' ? IMAGE_MEMORY
                                   : UNPACK_MEMORY,
        .image = j->verb == 'i',
    };
    if (confine(&c, err) < 0 || (!dir && map_archive(&j->st, &j->bytes, err) < 0))
        return -1;
    if (j->verb == 'i')
        return image_read(&j->image, c.source, j->bytes, (size_t)j->st.st_size, words[0], words[1], &image, err);
    if (j->verb == 'u')
        begin_zip(j);
    return digest_of(j->bytes, (size_t)j->st.st_size, digest.hex, err);
}

/* words: of an image, its architecture and its name. */
static int unpack_main(char verb, const char *place, char *const words[])
{
    static struct job j;
    struct err *err = verb == 'i' ? &image.err : &digest.err;
    char go = 0;
    j.verb = verb;
    j.place = place;
    is_image = verb == 'i';
    setlocale(LC_CTYPE, "C.UTF-8"); /* before confinement: it opens files. Outside UTF-8, libarchive loses names */
    j.progress = map_progress();
    int status = fstat(UNPACK_INPUT, &j.st) < 0 ? fail(err, errno, NULL, "look at the archive") : begin(&j, words, err);
    if (send_first(status == 0) < 0 || status < 0)
        return 1;
    hashed = 1;
    if (read(UNPACK_SOCKET, &go, 1) != 1 || go != 'g')
        _exit(0); /* with its workers, wherever they are */
    return send_result(&j.result, finish(&j));
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* if that signal is missed, the closed socket ends us at the next message */
    umask(0);                         /* files are made with their modes */
    signal(SIGBUS, on_sigbus);
    str_when_out_of_memory(on_no_memory);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    static const struct {
        const char *word;
        char verb;
    } VERBS[] = {{"unpack", 'u'}, {"unpack-hashed", 'z'}, {"untar", 't'}};
    for (size_t i = 0; argc == 3 && i < COUNT(VERBS); i++)
        if (strcmp(argv[1], VERBS[i].word) == 0)
            return unpack_main(VERBS[i].verb, argv[2], argv + 3);
    if (argc == 5 && strcmp(argv[1], "image") == 0 && strlen(argv[3]) < sizeof image.architecture)
        return unpack_main('i', argv[2], argv + 3);
    if (argc == 4 && strcmp(argv[1], "verify") == 0) {
        static struct unpack_result r;
        return send_result(&r, verify_entry(UNPACK_INPUT, argv[2], argv[3], r.manifest, &r.err));
    }
    static const char text[] = "lrun-unpack: started by lrun only; it unpacks archives into lrun's cache\n";
    return fs_write_all(2, text, sizeof text - 1) < 0 ? 1 : 2;
}
