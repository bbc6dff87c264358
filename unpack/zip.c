/* SPDX-License-Identifier: Apache-2.0 */
/* zip.c: locating and reading the central directory, and comparing each local header with it. Names and relations of entries are
 * judged in zip_check.c, data is inflated in extract.c. Layout of the records: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16 and
 * 4.5.3. Order, from the end of the file:
 *   end record (and zip64's)  ->  directory: start, end, entries  ->  each central header  ->  its local header  ->  where its data ends
 * Every number is checked against the bytes that are there before it is used as an offset; subtraction is on the side that cannot
 * wrap. */
#include "unpack/zip_check.h"

#include "base/own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50 };
enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, END64_SIZE = 56, LOCATOR64_SIZE = 20 };
enum { EXTRA_ZIP64 = 0x0001, EXTRA_TIME = 0x5455 };
enum { FLAG_ENCRYPTED = 1, FLAG_DESCRIPTOR = 8, FLAG_PATCH = 0x20, FLAG_STRONG = 0x40, FLAG_MASKED = 0x2000 };

static unsigned u16(const uint8_t *p)
{
    return p[0] | (unsigned)p[1] << 8;
}
static uint32_t u32(const uint8_t *p)
{
    return u16(p) | (uint32_t)u16(p + 2) << 16;
}
static uint64_t u64(const uint8_t *p)
{
    return u32(p) | (uint64_t)u32(p + 4) << 32;
}

int zip_unreadable(const char *name, const char *why, struct err *err)
{
    fail(err, 0, name, "read the archive: " ZIP_UNREADABLE);
    return fail_hint(err, "%s", why);
}

int zip_too_many_names(struct err *err)
{
    fail(err, 0, NULL, "unpack the archive: the names of its entries are longer than %d MB together", ZIP_MAX_NAMES >> 20);
    return fail_hint(err, "shorten the paths, or pack the directories with the most files as an archive inside");
}

int zip_count_implied(uint64_t *n, struct err *err)
{
    if (++*n <= ZIP_MAX_IMPLIED)
        return 0;
    fail(err, 0, NULL, "unpack the archive: more than %d of its directories have no entry of their own", ZIP_MAX_IMPLIED);
    return fail_hint(err, "make it anew with entries for directories, as zip -r, tar and docker build do");
}

struct directory { /* where the central directory lies */
    uint64_t start, end, entries;
};

static int read_end64(const uint8_t *bytes, uint64_t end, struct directory *d, struct err *err)
{
    if (end < LOCATOR64_SIZE || u32(bytes + end - LOCATOR64_SIZE) != LOCATOR64)
        return zip_unreadable(NULL, "its zip64 end record is missing", err);
    uint64_t at = u64(bytes + end - LOCATOR64_SIZE + 8);
    if (end - LOCATOR64_SIZE < END64_SIZE || at > end - LOCATOR64_SIZE - END64_SIZE || u32(bytes + at) != END64)
        return zip_unreadable(NULL, "its zip64 end record is not where its locator says", err);
    d->entries = u64(bytes + at + 32);
    d->start = u64(bytes + at + 48);
    d->end = d->start + u64(bytes + at + 40);
    if (u32(bytes + at + 16) || u32(bytes + at + 20) || d->entries != u64(bytes + at + 24) || d->end != at || d->start > at)
        return zip_unreadable(NULL, "its zip64 end record disagrees with its directory", err);
    return 0;
}

/* The end record is the last thing in the file, followed by its comment only. A signature inside that comment, or
 * bytes before the first header that shift every offset, make two readers see two archives: both are refused. */
static int find_directory(const uint8_t *bytes, uint64_t n, struct directory *d, struct err *err)
{
    if (n < END_SIZE)
        return zip_unreadable(NULL, "it is too short to be a zip", err);
    uint64_t lowest = n > END_SIZE + 0xffff ? n - END_SIZE - 0xffff : 0, at = n - END_SIZE;
    while (u32(bytes + at) != END && at > lowest)
        at--;
    if (u32(bytes + at) != END)
        return zip_unreadable(NULL, "it has no end-of-central-directory record", err);
    if (at + END_SIZE + u16(bytes + at + 20) != n)
        return zip_unreadable(NULL, "its end record is ambiguous: a comment that holds another one, or bytes after it", err);
    const uint8_t *end = bytes + at;
    d->entries = u16(end + 10);
    d->start = u32(end + 16);
    d->end = d->start + u32(end + 12);
    if (d->entries == 0xffff || d->start == 0xffffffff || u32(end + 12) == 0xffffffff)
        return read_end64(bytes, at, d, err);
    if (u16(end + 4) || u16(end + 6) || d->entries != u16(end + 8))
        return zip_unreadable(NULL, "archives split over several files cannot be read", err);
    if (d->end != at)
        return zip_unreadable(NULL, "its directory is not where its end record says (bytes before or after it)", err);
    return 0;
}

/* Finds an extra field; NULL if absent. A field that runs over the end counts as absent. */
static const uint8_t *extra(const uint8_t *fields, size_t n, unsigned id, size_t *ret_n)
{
    for (size_t at = 0; at + 4 <= n;) {
        size_t length = u16(fields + at + 2);
        if (length > n - at - 4)
            return NULL;
        if (u16(fields + at) == id) {
            *ret_n = length;
            return fields + at + 4;
        }
        at += 4 + length;
    }
    return NULL;
}

/* Replaces the 32-bit values that say "see the zip64 field", in the order the field holds them. */
static int zip64_values(const uint8_t *fields, size_t n, uint64_t *values[], size_t count)
{
    size_t left;
    const uint8_t *at = extra(fields, n, EXTRA_ZIP64, &left);
    for (size_t i = 0; i < count; i++) {
        if (*values[i] != 0xffffffff)
            continue;
        if (!at || left < 8)
            return -1;
        *values[i] = u64(at);
        at += 8;
        left -= 8;
    }
    return 0;
}

static int64_t dos_time(unsigned date, unsigned t)
{
    struct tm tm = {.tm_year = (int)(date >> 9) + 80,
                    .tm_mon = (int)(date >> 5 & 15) - 1,
                    .tm_mday = (int)(date & 31),
                    .tm_hour = (int)(t >> 11),
                    .tm_min = (int)(t >> 5 & 63),
                    .tm_sec = (int)(t & 31) * 2};
    return (int64_t)timegm(&tm);
}

static int entry_type(const uint8_t *central, const char *name, size_t n, struct zip_entry *e, struct err *err)
{
    unsigned host = u16(central + 4) >> 8, attributes = u32(central + 38) >> 16;
    bool slash = n && name[n - 1] == '/';
    bool known = (host == 3 || host == 19) && attributes && attributes != 0xffff; /* Unix or macOS; all ones: directories, by Maven */
    e->mode = known ? (int)(attributes & 07777) : -1;
    unsigned format = e->mode < 0 ? 0 : attributes & S_IFMT;
    if (format != 0 && format != S_IFREG && format != S_IFDIR && format != S_IFLNK) {
        fail(err, 0, name, "unpack the entry: it is a device, pipe or socket");
        return fail_hint(err, "a package may hold files, directories and symbolic links only");
    }
    e->type = slash || format == S_IFDIR ? ZIP_DIR : format == S_IFLNK ? ZIP_LINK : ZIP_FILE;
    if (e->type == ZIP_DIR && (e->size || format == S_IFLNK))
        return zip_unreadable(name, "this entry is both a directory and something with content", err);
    return 0;
}

/* For a streamed entry the local header may hold 0 here: the data descriptor after the data has the values. */
static bool says(uint64_t local, uint64_t central, bool descriptor)
{
    return local == central || (descriptor && local == 0);
}

/* The local header must equal the central one, or a reader that prefers it unpacks something else. */
static int check_local(const uint8_t *bytes, uint64_t limit, const uint8_t *central, struct zip_entry *e, uint64_t *ret_end,
                       struct err *err)
{
    const char *why = NULL;
    if (e->offset > limit || limit - e->offset < LOCAL_SIZE || u32(bytes + e->offset) != LOCAL)
        return zip_unreadable(e->name, "its local header is not where the directory says", err);
    const uint8_t *local = bytes + e->offset;
    size_t name_n = u16(local + 26), extra_n = u16(local + 28);
    uint64_t data = e->offset + LOCAL_SIZE + name_n + extra_n, packed = u32(local + 18), size = u32(local + 22);
    if (data > limit || e->packed > limit - data)
        return zip_unreadable(e->name, "its data runs over the end", err);
    bool descriptor = u16(local + 6) & FLAG_DESCRIPTOR;
    uint64_t *values[] = {&size, &packed};
    if (zip64_values(local + LOCAL_SIZE + name_n, extra_n, values, 2) < 0 && !descriptor)
        why = "its local header lacks the zip64 sizes";
    if (name_n != u16(central + 28) || memcmp(local + LOCAL_SIZE, central + CENTRAL_SIZE, name_n) != 0)
        why = "its local and central headers give different names";
    else if (u16(local + 8) != e->method || (u16(local + 6) ^ u16(central + 8)) & (FLAG_DESCRIPTOR | FLAG_ENCRYPTED))
        why = "its local and central headers give different methods or flags";
    else if (!why && !(descriptor && u32(local + 18) == 0xffffffff) &&
             !(says(u32(local + 14), e->crc, descriptor) && says(packed, e->packed, descriptor) && says(size, e->size, descriptor)))
        why = "its local and central headers give different sizes or checksums";
    e->data = data;
    *ret_end = data + e->packed;
    return why ? zip_unreadable(e->name, why, err) : 0;
}

static int read_entry(const uint8_t *bytes, const struct directory *d, uint64_t *at, struct zip_entry *e, uint64_t *ret_end,
                      struct err *err)
{
    const uint8_t *c = bytes + *at;
    if (d->end - *at < CENTRAL_SIZE || u32(c) != CENTRAL)
        return zip_unreadable(NULL, "its directory is damaged", err);
    size_t name_n = u16(c + 28), extra_n = u16(c + 30), all = CENTRAL_SIZE + name_n + extra_n + u16(c + 32);
    if (d->end - *at < all)
        return zip_unreadable(NULL, "its directory is cut off", err);
    const char *raw = (const char *)c + CENTRAL_SIZE;
    const uint8_t *fields = c + CENTRAL_SIZE + name_n;
    e->method = (uint16_t)u16(c + 10);
    e->crc = u32(c + 16);
    e->packed = u32(c + 20);
    e->size = u32(c + 24);
    e->offset = u32(c + 42);
    uint64_t *values[] = {&e->size, &e->packed, &e->offset};
    OWN_PTR char *shown = strndup(raw, name_n);
    if (zip64_values(fields, extra_n, values, 3) < 0)
        return zip_unreadable(shown, "this entry lacks its zip64 sizes", err);
    if (zip_name(raw, name_n, &e->name, err) < 0 || entry_type(c, shown ? shown : "", name_n, e, err) < 0)
        return -1;
    if (u16(c + 8) & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED | FLAG_PATCH))
        return zip_unreadable(e->name, "this entry is encrypted", err);
    if ((e->method != 0 && e->method != 8) || (e->method == 0 && e->packed != e->size))
        return zip_unreadable(e->name, "this entry is neither stored nor deflated", err);
    if (e->size / ZIP_MAX_RATIO > e->packed)
        return zip_unreadable(e->name, "this entry claims to be packed tighter than deflate can", err);
    size_t length;
    const uint8_t *ut = extra(fields, extra_n, EXTRA_TIME, &length);
    e->mtime = ut && length >= 5 && (ut[0] & 1) ? (int32_t)u32(ut + 1) : dos_time(u16(c + 14), u16(c + 12));
    *at += all;
    return check_local(bytes, d->start, c, e, ret_end, err);
}

static int read_entries(const uint8_t *bytes, const struct directory *d, struct zip *z, uint64_t *ends, struct err *err)
{
    uint64_t at = d->start, names = 0;
    for (uint64_t i = 0; i < d->entries; i++) {
        struct zip_entry *e = &z->entries[z->n];
        const uint8_t *central = bytes + at;
        e->index = (uint32_t)i;
        z->n++;
        if (read_entry(bytes, d, &at, e, &ends[i], err) < 0)
            return z->size > ZIP_MAX_SIZE ? zip_too_large(z, err) : -1;
        if ((names += u16(central + 28)) > ZIP_MAX_NAMES)
            return z->size > ZIP_MAX_SIZE ? zip_too_large(z, err) : zip_too_many_names(err);
        z->size = z->size > UINT64_MAX - e->size ? UINT64_MAX : z->size + e->size; /* the rest is read to say what takes the room */
    }
    if (z->size > ZIP_MAX_SIZE)
        return zip_too_large(z, err);
    return at == d->end ? 0 : zip_unreadable(NULL, "its directory holds more than its end record counts", err);
}

int zip_read(const uint8_t *bytes, uint64_t n, struct zip *ret, struct err *err)
{
    struct directory d = {0};
    if (n == 0)
        return fail(err, 0, NULL, "read the archive: Uploaded file must be a non-empty zip");
    if (find_directory(bytes, n, &d, err) < 0)
        return -1;
    if (d.entries == 0)
        return fail(err, 0, NULL, "read the archive: Uploaded file must be a non-empty zip");
    if (d.entries > ZIP_MAX_ENTRIES || d.entries > (d.end - d.start) / CENTRAL_SIZE) {
        fail(err, 0, NULL, "unpack the archive: it claims %ju entries", (uintmax_t)d.entries);
        return fail_hint(err, "at most %d are accepted, and each needs its header", ZIP_MAX_ENTRIES);
    }
    struct zip z = {.entries = xcalloc(d.entries, sizeof *z.entries)};
    OWN_PTR uint64_t *ends = xcalloc(d.entries, sizeof *ends);
    if (read_entries(bytes, &d, &z, ends, err) < 0 || zip_check(&z, ends, err) < 0) {
        zip_done(&z);
        return -1;
    }
    *ret = z;
    return 0;
}

void zip_done(struct zip *z)
{
    for (size_t i = 0; i < z->n; i++)
        free(z->entries[i].name);
    free(z->entries);
    *z = (struct zip){0};
}

unsigned zip_stored_mode(enum zip_type type, int mode)
{
    if (type == ZIP_DIR && (mode < 0 || !(mode & 01))) /* AWS, since 2026: directories other cannot enter become 755 */
        return 0755;
    if (mode < 0)
        return 0644;
    return ((unsigned)mode & 0077) | ((unsigned)mode & 05) << 6 | 0200;
}
