/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c: any bytes as an archive, unpacked as the worker does it. What was unpacked is what the directory said, and nothing
 * is beside it. */
#include "base/fs.h"
#include "unpack/extract.h"

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
    snprintf(name, sizeof name, "%s/unpack.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(name) || (place = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zip z;
    struct err err = {0}, ignored;
    struct unpack_progress progress = {0};
    struct manifest manifest = {.fd = -1};
    struct elf_need need = {0};
    struct stat st;
    if (place < 0)
        make_place();
    if (zip_read(data, size, &z, &err) < 0)
        return 0;
    if (z.size > 1 << 20 || mkdirat(place, "tree", 0755) < 0) { /* large ones only cost time here */
        zip_done(&z);
        return 0;
    }
    int tree = openat(place, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = extract_finish(extract_start(&z, data, tree, &progress), &manifest, &need, &err);
    for (size_t i = 0; status == 0 && i < z.n; i++) {
        const struct zip_entry *e = &z.entries[i];
        if (e->replaced || !e->name[0])
            continue;
        if (fstatat(tree, e->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            abort();
        mode_t type = e->type == ZIP_DIR ? S_IFDIR : e->type == ZIP_LINK ? S_IFLNK : S_IFREG;
        if ((st.st_mode & S_IFMT) != type || (type == S_IFREG && (uint64_t)st.st_size != e->size) || st.st_mode & 07000)
            abort();
    }
    if (status < 0 && !err.what[0])
        abort();
    close(tree);
    if (fs_remove_tree(place, "tree", &ignored) < 0)
        abort();
    zip_done(&z);
    text_done(&manifest.text);
    return 0;
}
