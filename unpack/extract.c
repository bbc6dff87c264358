/* SPDX-License-Identifier: Apache-2.0 */
/* extract.c: unpack what zip.c has located and approved.
 *
 * Every entry's data is known by its place, so workers claim entries one by one and need not agree on anything else.
 * Large files go first, or the last one would leave the other workers idle; small ones are claimed by the dozen, so that
 * two workers seldom meet in one directory. Symbolic links are made last: while files are written no path can lead
 * through one. Modes and times of directories come after their contents. */
#include "unpack/extract.h"

#include "base/fs.h"
#include "base/own.h"
#include "unpack/elf_facts.h"
#include "unpack/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { WORKERS_MAX = 8, DOZEN = 16, LARGE = 256 * 1024, WORTH_THREADS = 128 * 1024, STACK = 512 * 1024, FACTS_MAX = 32 << 20 };

struct extract {
    const struct zip *z;
    const uint8_t *bytes;
    int tree;
    struct unpack_progress *progress;
    uint32_t *order; /* of files: the large ones first */
    size_t n, large;
    atomic_size_t next;  /* in order */
    struct text *elf;    /* by entry: its line of the manifest, if it has one */
    atomic_size_t facts; /* bytes of all lines in elf */
    pthread_t threads[WORKERS_MAX];
    unsigned thread_count;
    atomic_bool failed;
    pthread_mutex_t lock; /* of the two below */
    struct elf_need need;
    struct err err;
};

struct worker {
    struct extract *x;
    struct libdeflate_decompressor *inflater;
    uint8_t *buffer;
    size_t room;
};

static void worker_done(struct worker *w)
{
    libdeflate_free_decompressor(w->inflater);
    if (w->buffer)
        munmap(w->buffer, w->room);
}

static int unreadable(const struct zip_entry *e, const char *why, struct err *err)
{
    fail(err, 0, e->name, "read the archive: " ZIP_UNREADABLE);
    return fail_hint(err, "%s", why);
}

/* Makes the directory and those above it that are missing. Works upwards from the deepest, since an archive of deep paths would
 * otherwise cost a call for each part of each path. path is changed meanwhile. */
static int make_path(int tree, char *path, struct err *err)
{
    size_t n = strlen(path), at = n;
    while (mkdirat(tree, path, 0755) < 0 && errno != EEXIST) {
        char *slash = strrchr(path, '/');
        if (errno != ENOENT || !slash)
            return fail(err, errno, path, "make the directory");
        at = (size_t)(slash - path);
        *slash = 0;
    }
    for (; at < n; at += strlen(path + at)) {
        path[at] = '/';
        if (mkdirat(tree, path, 0755) < 0 && errno != EEXIST)
            return fail(err, errno, path, "make the directory");
    }
    return 0;
}

static int make_directories(const struct zip *z, int tree, struct err *err)
{
    const char *before = ""; /* the path made last: entries of a directory mostly lie together */
    size_t before_n = 0;
    for (size_t i = 0; i < z->n; i++) {
        const struct zip_entry *e = &z->entries[i];
        const char *slash = strrchr(e->name, '/');
        size_t n = e->type == ZIP_DIR ? strlen(e->name) : slash ? (size_t)(slash - e->name) : 0;
        if (n == 0 || (n == before_n && memcmp(before, e->name, n) == 0))
            continue;
        OWN_PTR char *path = strndup(e->name, n);
        if (!path || make_path(tree, path, err) < 0)
            return path ? -1 : fail(err, ENOMEM, e->name, "make the directory");
        before = e->name;
        before_n = n;
    }
    return 0;
}

/* The entry's data in the worker's buffer; no more and no less than the headers promised. */
static int inflate(struct worker *w, const struct zip_entry *e, const uint8_t **ret, struct err *err)
{
    const uint8_t *packed = w->x->bytes + e->data;
    size_t in = 0, out = 0;
    if (e->method == 0) {
        *ret = packed;
    } else {
        if (!w->buffer || w->room <= e->size) { /* mapped anew, not grown: nothing in it is worth a copy */
            if (w->buffer)
                munmap(w->buffer, w->room);
            w->room = e->size + 1 > 1u << 20 ? e->size + 1 : 1u << 20;
            w->buffer = mmap(NULL, w->room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (w->buffer == MAP_FAILED) {
                w->buffer = NULL;
                w->room = 0;
                return fail(err, ENOMEM, e->name, "unpack the file");
            }
            madvise(w->buffer, w->room, MADV_HUGEPAGE);
        }
        enum libdeflate_result got = libdeflate_deflate_decompress_ex(w->inflater, packed, e->packed, w->buffer, e->size, &in, &out);
        if (got == LIBDEFLATE_INSUFFICIENT_SPACE)
            return unreadable(e, "its data is longer than its size", err);
        if (got != LIBDEFLATE_SUCCESS)
            return unreadable(e, "its data is damaged", err);
        if (out != e->size)
            return unreadable(e, "its data is shorter than its size", err);
        if (in != e->packed)
            return unreadable(e, "its packed data is not as long as its header says", err);
        *ret = w->buffer;
    }
    return libdeflate_crc32(0, *ret, e->size) == e->crc ? 0 : unreadable(e, "its checksum is wrong", err);
}

static int note_elf(struct extract *x, size_t index, const uint8_t *data, struct err *err)
{
    const struct zip_entry *e = &x->z->entries[index];
    struct elf_need need = {0};
    if (!data || e->size < 52 || memcmp(data, "\177ELF", 4) != 0)
        return 0;
    elf_facts(data, e->size, e->name, &x->elf[index], &need);
    pthread_mutex_lock(&x->lock);
    elf_need_more(&x->need, &need);
    pthread_mutex_unlock(&x->lock);
    if (atomic_fetch_add(&x->facts, x->elf[index].n) + x->elf[index].n <= FACTS_MAX)
        return 0;
    return fail(err, 0, e->name, "unpack the archive: its libraries need an implausible number of others");
}

static int extract_file(struct worker *w, size_t index, struct err *err)
{
    const struct zip_entry *e = &w->x->z->entries[index];
    const uint8_t *data = NULL;
    if (inflate(w, e, &data, err) < 0)
        return -1;
    OWN_FD int fd = openat(w->x->tree, e->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, zip_stored_mode(ZIP_FILE, e->mode));
    if (fd < 0)
        return fail(err, errno, e->name, "create the unpacked file");
    if (fs_write_all(fd, data, e->size) < 0)
        return fail(err, errno, e->name, "write the unpacked file");
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
    if (futimens(fd, times) < 0)
        return fail(err, errno, e->name, "set the time of the unpacked file");
    if (note_elf(w->x, index, data, err) < 0)
        return -1;
    atomic_fetch_add_explicit(&w->x->progress->done, e->size, memory_order_relaxed);
    return 0;
}

static void keep_err(struct extract *x, const struct err *err)
{
    pthread_mutex_lock(&x->lock);
    if (!atomic_exchange(&x->failed, true))
        x->err = *err;
    pthread_mutex_unlock(&x->lock);
}

/* Claims the next entries of order for this worker: one large file, or a dozen small ones. */
static size_t claim(struct extract *x, size_t *ret_first)
{
    size_t at = atomic_load(&x->next), n;
    do {
        if (at >= x->n)
            return 0;
        n = at < x->large ? 1 : x->n - at < DOZEN ? x->n - at : DOZEN;
    } while (!atomic_compare_exchange_weak(&x->next, &at, at + n));
    *ret_first = at;
    return n;
}

static void *work(void *to)
{
    struct extract *x = to;
    struct worker w = {.x = x, .inflater = libdeflate_alloc_decompressor()};
    struct err err;
    size_t first, n;
    while (w.inflater && !atomic_load(&x->failed) && (n = claim(x, &first)) > 0)
        for (size_t i = first; i < first + n && !atomic_load(&x->failed); i++)
            if (extract_file(&w, x->order[i], &err) < 0)
                keep_err(x, &err);
    if (!w.inflater) {
        fail(&err, ENOMEM, NULL, "unpack the archive");
        keep_err(x, &err);
    }
    worker_done(&w);
    return NULL;
}

static int larger_first(const void *a, const void *b, void *to)
{
    const struct zip *z = to;
    uint64_t x = z->entries[*(const uint32_t *)a].size, y = z->entries[*(const uint32_t *)b].size;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Large files by size, then the small ones as they lie in the archive. */
static void put_in_order(struct extract *x)
{
    const struct zip *z = x->z;
    x->order = xcalloc(z->n, sizeof *x->order);
    for (int small = 0; small < 2; small++) {
        for (size_t i = 0; i < z->n; i++)
            if (z->entries[i].type == ZIP_FILE && !z->entries[i].replaced && (z->entries[i].size < LARGE) == small)
                x->order[x->n++] = (uint32_t)i;
        if (!small) {
            x->large = x->n;
            qsort_r(x->order, x->n, sizeof *x->order, larger_first, (void *)(uintptr_t)z);
        }
    }
}

struct extract *extract_start(const struct zip *z, const uint8_t *bytes, int tree, struct unpack_progress *progress)
{
    struct extract *x = xcalloc(1, sizeof *x);
    cpu_set_t cpus;
    *x = (struct extract){
        .z = z,
        .bytes = bytes,
        .tree = tree,
        .progress = progress,
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    x->elf = xcalloc(z->n, sizeof *x->elf);
    atomic_store_explicit(&progress->total, z->size, memory_order_relaxed);
    put_in_order(x);
    if (make_directories(z, tree, &x->err) < 0)
        atomic_store(&x->failed, true);
    int want = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    if (z->size < WORTH_THREADS)
        want = 0;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK); /* stacks count against the unpacker's memory */
    for (int i = 0; i < want && i < WORKERS_MAX; i++)
        if (pthread_create(&x->threads[x->thread_count], &small, work, x) == 0)
            x->thread_count++;
    pthread_attr_destroy(&small);
    return x;
}

/* ---- after the files ---- */

static int make_link(struct worker *w, const struct zip_entry *e, struct err *err)
{
    const uint8_t *data = NULL;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
    if (e->size == 0 || e->size >= PATH_MAX)
        return unreadable(e, "a symbolic link's target must have 1 to 4095 bytes", err);
    if (inflate(w, e, &data, err) < 0)
        return -1;
    OWN_PTR char *target = xasprintf("%.*s", (int)e->size, (const char *)data);
    if (strlen(target) != e->size)
        return unreadable(e, "its target holds a NUL byte", err);
    if (symlinkat(target, w->x->tree, e->name) < 0 || utimensat(w->x->tree, e->name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(err, errno, e->name, "make the symbolic link");
    return 0;
}

static int make_links(struct extract *x, struct err *err)
{
    struct worker w = {.x = x, .inflater = libdeflate_alloc_decompressor()};
    int status = w.inflater ? 0 : fail(err, ENOMEM, NULL, "unpack the archive");
    for (size_t i = 0; i < x->z->n && status == 0; i++)
        if (x->z->entries[i].type == ZIP_LINK && !x->z->entries[i].replaced)
            status = make_link(&w, &x->z->entries[i], err);
    worker_done(&w);
    return status;
}

static int finish_directories(const struct zip *z, int tree, struct err *err)
{
    for (size_t i = 0; i < z->n; i++) {
        const struct zip_entry *e = &z->entries[i];
        if (e->type != ZIP_DIR || e->replaced || !e->name[0])
            continue;
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
        if (utimensat(tree, e->name, times, 0) < 0 || fchmodat(tree, e->name, zip_stored_mode(ZIP_DIR, e->mode), 0) < 0)
            return fail(err, errno, e->name, "set mode and time of the directory");
    }
    return 0;
}

static int write_lines(const struct extract *x, struct manifest *manifest, struct err *err)
{
    for (size_t i = 0; i < x->z->n; i++)
        if (!x->z->entries[i].replaced && manifest_add(manifest, &x->z->entries[i], &x->elf[i], err) < 0)
            return -1;
    return 0;
}

int extract_finish(struct extract *x, struct manifest *manifest, struct elf_need *ret_need, struct err *err)
{
    work(x); /* what the workers have left; all of it where there are none */
    for (unsigned i = 0; i < x->thread_count; i++)
        pthread_join(x->threads[i], NULL);
    int status = 0;
    if (atomic_load(&x->failed)) {
        *err = x->err;
        status = -1;
    }
    if (status == 0 && (make_links(x, err) < 0 || finish_directories(x->z, x->tree, err) < 0))
        status = -1;
    if (status == 0)
        status = write_lines(x, manifest, err);
    *ret_need = x->need;
    for (size_t i = 0; i < x->z->n; i++)
        text_done(&x->elf[i]);
    free(x->elf);
    free(x->order);
    free(x);
    return status;
}
