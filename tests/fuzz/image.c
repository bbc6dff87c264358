/* SPDX-License-Identifier: Apache-2.0 */
/* image.c: any bytes as an image. The first byte says what the others are: an image's archive (0); index, manifest, config and a
 * layer (2), or layers alone (else), each after its length in two bytes. Digests in the documents of the second, which stand there as 64 of
 * m, c, l or d, are filled in, and checksums of tar headers are made right: nearly every change of a byte would end at them. Nothing is
 * beside the tree afterwards, nothing beside it was changed, and what is in it is a file, a directory or a link without set-id bits. */
#include "unpack/image.h"
#include "base/fs.h"
#include "base/own.h"
#include "unpack/digest.h"
#include "unpack/layer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int place = -1;

static void make_place(void) /* in TMPDIR, which whoever starts this clears */
{
    char name[256];
    struct err ignored;
    snprintf(name, sizeof name, "%s/image.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(name) || (place = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 || mkdirat(place, "outside", 0755) < 0 ||
        fs_write_new(place, "outside/keep", 0600, "x", 1, &ignored) < 0)
        abort();
}

static void mend_checksums(uint8_t *bytes, size_t n)
{
    for (size_t at = 0; at + 512 <= n; at += 512) {
        unsigned sum = 8 * ' ';
        char text[16];
        if (memcmp(bytes + at + 257, "ustar", 5) != 0)
            continue;
        for (size_t i = 0; i < 512; i++)
            sum += i < 148 || i >= 156 ? bytes[at + i] : 0;
        snprintf(text, sizeof text, "%06o", sum & 0777777);
        memcpy(bytes + at + 148, text, 7);
        bytes[at + 155] = ' ';
    }
}

/* The next piece, after its length. */
static struct text next_piece(const uint8_t **data, size_t *size)
{
    struct text piece = {0};
    size_t n = *size > 2 ? (*data)[0] | (size_t)(*data)[1] << 8 : 0;
    n = *size <= 2 ? 0 : n < *size - 2 ? n : *size - 2;
    text_add(&piece, n ? (const void *)(*data + 2) : "", n);
    *data += *size > 2 ? 2 + n : *size;
    *size -= *size > 2 ? 2 + n : *size;
    return piece;
}

/* Puts the digest of a piece where another has 64 of the letter. */
static void fill_in(struct text *in, char letter, const struct text *of)
{
    char hex[DIGEST_HEX + 1], mark[DIGEST_HEX + 1] = "";
    struct err err;
    if (digest_of(of->at, of->n, hex, &err) < 0)
        abort();
    memset(mark, letter, DIGEST_HEX);
    for (char *at = in->at; in->n >= DIGEST_HEX && (at = memmem(at, in->n - (size_t)(at - in->at), mark, DIGEST_HEX)); at += DIGEST_HEX)
        memcpy(at, hex, DIGEST_HEX);
}

static void add_file(struct text *tar, const char *name, const struct text *piece)
{
    static const char ZEROS[512];
    char header[512] = "";
    snprintf(header, 100, "%s", name);
    snprintf(header + 100, 8, "%07o", 0644u);
    snprintf(header + 124, 12, "%011zo", piece->n);
    header[156] = '0';
    memcpy(header + 257, "ustar\00000", 8);
    text_add(tar, header, sizeof header);
    text_add(tar, piece->at, piece->n);
    text_add(tar, ZEROS, (512 - piece->n % 512) % 512);
}

static void add_blob(struct text *tar, const struct text *piece)
{
    char hex[DIGEST_HEX + 1];
    struct err err;
    if (digest_of(piece->at, piece->n, hex, &err) < 0)
        abort();
    OWN_PTR char *name = xasprintf("blobs/sha256/%s", hex);
    add_file(tar, name, piece);
}

/* An archive of the pieces. */
static struct text archive_of(const uint8_t *data, size_t size)
{
    struct text tar = {0}, piece[4];
    for (int i = 0; i < 4; i++)
        piece[i] = next_piece(&data, &size);
    mend_checksums((uint8_t *)piece[3].at, piece[3].n);
    fill_in(&piece[2], 'd', &piece[3]);
    fill_in(&piece[1], 'l', &piece[3]);
    fill_in(&piece[1], 'c', &piece[2]);
    for (int i = 1; i < 4; i++)
        fill_in(&piece[0], "mcl"[i - 1], &piece[i]);
    for (int i = 1; i < 4; i++)
        add_blob(&tar, &piece[i]);
    add_file(&tar, piece[0].n && piece[0].at[0] == '[' ? "manifest.json" : "index.json", &piece[0]);
    mend_checksums((uint8_t *)tar.at, tar.n);
    for (int i = 0; i < 4; i++)
        text_done(&piece[i]);
    return tar;
}

static size_t check_tree(int dir)
{
    size_t n = 0;
    struct stat st;
    OWN_DIR DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!d)
        abort();
    for (struct dirent *e; (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || (st.st_mode & 07000 && !S_ISLNK(st.st_mode)) ||
            !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode)))
            abort();
        n++;
        if (!S_ISDIR(st.st_mode))
            continue;
        fchmodat(dir, e->d_name, 0755, 0);
        OWN_FD int sub = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub < 0)
            abort();
        n += check_tree(sub);
    }
    return n;
}

static void check_outside(void)
{
    struct stat st;
    int n = 0;
    OWN_FD int outside = openat(place, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        OWN_DIR DIR *d = fdopendir(openat(i ? outside : place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        for (struct dirent *e; d && (e = readdir(d));)
            n++;
    }
    if (n != 4 + 3 || fstatat(outside, "keep", &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size != 1 || st.st_nlink != 1 ||
        (st.st_mode & 07777) != 0600)
        abort();
}

static int put_layers(const uint8_t *data, size_t size, int tree, struct manifest *manifest, struct err *err)
{
    struct layers l = {.progress = NULL};
    char hex[DIGEST_HEX + 1];
    uint64_t unpacked;
    int status = layer_tree_start(&l.tree, tree, err);
    while (status == 0 && size > 2) {
        struct text piece = next_piece(&data, &size);
        mend_checksums((uint8_t *)piece.at, piece.n);
        struct tar *tar = tar_open_layer((uint8_t *)piece.at, piece.n, 1 << 20, err);
        status = tar && layer_apply(&l, tar, err) == 0 ? tar_finish(tar, hex, &unpacked, err) : -1;
        tar_done(tar);
        text_done(&piece);
    }
    if (status == 0)
        status = layer_tree_finish(&l.tree, manifest, err);
    layer_tree_done(&l.tree);
    return status;
}

static int put_image(const uint8_t *data, size_t size, int tree, struct manifest *manifest, struct err *err)
{
    static struct unpack_image image;
    struct unpack_result result = {.ok = 0};
    struct image_reader r;
    if (image_read(&r, -1, data, size, "amd64", "", &image, err) < 0)
        return -1;
    if (image.strings_n > sizeof image.strings || strlen(image.chain) != DIGEST_HEX || strlen(image.config) != DIGEST_HEX)
        abort();
    int status = image_unpack(&r, tree, NULL, manifest, &result, err);
    image_close(&r);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0}, ignored;
    struct manifest manifest = {.fd = -1};
    if (size < 2)
        return 0;
    if (place < 0)
        make_place();
    if (mkdirat(place, "tree", 0755) < 0)
        abort();
    OWN_FD int tree = openat(place, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint8_t *copy = malloc(size - 1); /* of its exact size, so that a read past the end is seen */
    memcpy(copy, data + 1, size - 1);
    int status;
    if (data[0] == 2) {
        struct text tar = archive_of(copy, size - 1);
        status = put_image((uint8_t *)tar.at, tar.n, tree, &manifest, &err);
        text_done(&tar);
    } else if (data[0] == 0) {
        mend_checksums(copy, size - 1);
        status = put_image(copy, size - 1, tree, &manifest, &err);
    } else {
        status = put_layers(copy, size - 1, tree, &manifest, &err);
    }
    if (status < 0 && !err.what[0])
        abort(); /* refused without a word */
    size_t lines = 0, found = check_tree(tree);
    for (const char *at = manifest.text.at; at && (at = strchr(at, '\n')); at++)
        lines++;
    if (status == 0 && lines < found)
        abort();
    check_outside();
    if (fs_remove_tree(place, "tree", &ignored) < 0)
        abort();
    text_done(&manifest.text);
    free(copy);
    return 0;
}
