/* SPDX-License-Identifier: Apache-2.0 */
/* The central directory, byte by byte: each archive is made whole, and then one field of it is changed. */
#include "base/own.h"
#include "unpack/zip_check.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

Test(zip, stored_modes_give_the_owner_what_other_had)
{
    static const struct {
        enum zip_type type;
        int mode;
        unsigned stored;
    } rows[] = {{ZIP_FILE, 0644, 0644},  {ZIP_FILE, 0755, 0755}, {ZIP_FILE, 0600, 0200}, {ZIP_FILE, 0640, 0240}, {ZIP_FILE, 0777, 0777},
                {ZIP_FILE, 06755, 0755}, {ZIP_FILE, 0, 0200},    {ZIP_FILE, 0444, 0644}, {ZIP_FILE, -1, 0644},   {ZIP_FILE, 0711, 0311},
                {ZIP_DIR, -1, 0755},     {ZIP_DIR, 0700, 0755},  {ZIP_DIR, 0755, 0755},  {ZIP_DIR, 01777, 0777}, {ZIP_DIR, 0711, 0311}};
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(zip_stored_mode(rows[i].type, rows[i].mode), rows[i].stored, "%o -> %o", (unsigned)rows[i].mode,
                     zip_stored_mode(rows[i].type, rows[i].mode));
}

static void put(struct text *t, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        const char byte = (char)(value >> (8 * i));
        text_add(t, &byte, 1);
    }
}

static void put_fields(struct text *t, const uint64_t (*fields)[2], size_t n) /* value, bytes */
{
    for (size_t i = 0; i < n; i++)
        put(t, fields[i][0], (unsigned)fields[i][1]);
}

enum { CENTRAL_SIZE = 46, LOCAL_SIZE = 30, END_SIZE = 22 };

struct part { /* an entry of the archive: stored, and of nothing but x */
    const char *name;
    unsigned size, attributes; /* Unix mode with its type; 0: none is stored */
};

struct archive {
    struct text bytes;
    size_t local[800], central[800], end; /* where the headers lie */
};

static void put_local(struct text *t, const struct part *p)
{
    const size_t n = strlen(p->name);
    const uint64_t fields[][2] = {{0x04034b50, 4}, {20, 2},      {0, 2},       {0, 2}, {0, 2}, {0x21, 2},
                                  {7, 4},          {p->size, 4}, {p->size, 4}, {n, 2}, {0, 2}};
    put_fields(t, fields, COUNT(fields));
    text_puts(t, p->name);
    for (unsigned i = 0; i < p->size; i++)
        text_puts(t, "x");
}

static void put_central(struct text *t, const struct part *p, size_t offset)
{
    const size_t n = strlen(p->name);
    const uint64_t fields[][2] = {
        {0x02014b50, 4}, {3 << 8 | 20, 2}, {20, 2}, {0, 2}, {0, 2}, {0, 2}, {0x21, 2}, {7, 4},
        {p->size, 4},    {p->size, 4},     {n, 2},  {0, 2}, {0, 2}, {0, 2}, {0, 2},    {(uint64_t)p->attributes << 16, 4},
        {offset, 4}};
    put_fields(t, fields, COUNT(fields));
    text_puts(t, p->name);
}

static struct archive make(const struct part *parts, size_t n)
{
    struct archive a = {.end = 0};
    for (size_t i = 0; i < n; i++) {
        a.local[i] = a.bytes.n;
        put_local(&a.bytes, &parts[i]);
    }
    const size_t start = a.bytes.n;
    for (size_t i = 0; i < n; i++) {
        a.central[i] = a.bytes.n;
        put_central(&a.bytes, &parts[i], a.local[i]);
    }
    a.end = a.bytes.n;
    const uint64_t end[][2] = {{0x06054b50, 4}, {0, 2}, {0, 2}, {n, 2}, {n, 2}, {a.end - start, 4}, {start, 4}, {0, 2}};
    put_fields(&a.bytes, end, COUNT(end));
    return a;
}

/* Reads a copy of exactly that size, so that a sanitizer sees a byte too many. The hint, or what was refused; "" if nothing was. */
static const char *read_zip(const struct text *bytes, struct zip *z)
{
    static struct err err;
    OWN_PTR uint8_t *exact = xcalloc(bytes->n, 1);
    memcpy(exact, bytes->at, bytes->n);
    err = (struct err){.no = 0};
    *z = (struct zip){.n = 0};
    return zip_read(exact, bytes->n, z, &err) == 0 ? "" : err.hint[0] ? err.hint : err.what;
}

static const struct part THREE[] = {{"bootstrap", 5, 0100755}, {"lib/", 0, 040700}, {"lib/x.py", 3, 0}};

Test(zip, entries_are_what_the_directory_says)
{
    struct archive a = make(THREE, COUNT(THREE));
    struct zip z;
    cr_assert(!*read_zip(&a.bytes, &z));
    cr_expect(z.n == 3 && z.size == 8 && z.replaced == 0);
    const struct zip_entry *e = z.entries;
    cr_expect(strcmp(e[0].name, "bootstrap") == 0 && e[0].type == ZIP_FILE && e[0].mode == 0755 && e[0].size == 5 && e[0].packed == 5);
    cr_expect(e[0].crc == 7 && e[0].method == 0 && e[0].offset == 0 && e[0].data == LOCAL_SIZE + 9 && e[0].mtime == 315532800);
    cr_expect(strcmp(e[1].name, "lib") == 0 && e[1].type == ZIP_DIR && e[1].mode == 0700);
    cr_expect(strcmp(e[2].name, "lib/x.py") == 0 && e[2].type == ZIP_FILE && e[2].mode == -1 && e[2].index == 2);
    zip_done(&z);
    text_done(&a.bytes);
}

/* One field of an archive that was good. */
Test(zip, what_two_readers_could_read_differently_is_refused)
{
    enum base { LOCAL_0, CENTRAL_0, CENTRAL_1, CENTRAL_2, END_RECORD };
    static const struct {
        enum base base;
        size_t at;
        uint64_t value;
        unsigned bytes;
        const char *says; /* "": it is good still */
    } ROWS[] = {
        {LOCAL_0, 0, 0x04034b51, 4, "local header is not where"},
        {LOCAL_0, 8, 8, 2, "different methods or flags"},
        {LOCAL_0, 6, 1, 2, "different methods or flags"},
        {LOCAL_0, 14, 8, 4, "different sizes or checksums"},
        {LOCAL_0, 18, 6, 4, "different sizes or checksums"},
        {LOCAL_0, 22, 6, 4, "different sizes or checksums"},
        {LOCAL_0, 22, 0xffffffff, 4, "lacks the zip64 sizes"},
        {LOCAL_0, 26, 8, 2, "different names"},
        {LOCAL_0, 26, 0xffff, 2, "runs over the end"},
        {LOCAL_0, 30, 'B', 1, "different names"},
        {CENTRAL_0, 0, 0, 4, "directory is damaged"},
        {CENTRAL_0, 8, 1, 2, "is encrypted"},
        {CENTRAL_0, 8, 0x20, 2, "is encrypted"},
        {CENTRAL_0, 8, 0x40, 2, "is encrypted"},
        {CENTRAL_0, 8, 0x2000, 2, "is encrypted"},
        {CENTRAL_0, 10, 8, 2, "different methods or flags"},
        {CENTRAL_0, 10, 9, 2, "neither stored nor deflated"},
        {CENTRAL_0, 20, 4, 4, "neither stored nor deflated"},
        {CENTRAL_0, 24, 0xffffffff, 4, "lacks its zip64 sizes"},
        {CENTRAL_0, 28, 0, 2, "rebuild the archive"},
        {CENTRAL_0, 28, 0xffff, 2, "is cut off"},
        {CENTRAL_0, 30, 0xffff, 2, "is cut off"},
        {CENTRAL_0, 32, 0xffff, 2, "is cut off"},
        {CENTRAL_0, 38, 0xffff0000, 4, ""},
        {CENTRAL_0, 38, 020644u << 16, 4, "files, directories and symbolic links only"},
        {CENTRAL_0, 38, 010644u << 16, 4, "files, directories and symbolic links only"},
        {CENTRAL_0, 38, 0140644u << 16, 4, "files, directories and symbolic links only"},
        {CENTRAL_0, 38, 0120777u << 16, 4, ""},
        {CENTRAL_0, 38, 040755u << 16, 4, "both a directory and something with content"},
        {CENTRAL_0, 42, 1, 4, "local header is not where"},
        {CENTRAL_0, 42, 0xfffffffe, 4, "local header is not where"},
        {CENTRAL_1, 38, 0120777u << 16, 4, "both a directory and something with content"},
        {CENTRAL_2, 42, 0, 4, "different names"},
        {END_RECORD, 4, 1, 2, "split over several files"},
        {END_RECORD, 6, 1, 2, "split over several files"},
        {END_RECORD, 8, 2, 2, "split over several files"},
        {END_RECORD, 10, 2, 2, "split over several files"},
        {END_RECORD, 10, 0xffff, 2, "zip64 end record is missing"},
        {END_RECORD, 12, 1, 4, "not where its end record says"},
        {END_RECORD, 16, 0, 4, "not where its end record says"},
        {END_RECORD, 16, 0xffffffff, 4, "zip64 end record is missing"},
        {END_RECORD, 20, 1, 2, "end record is ambiguous"},
        {END_RECORD, 0, 0, 4, "no end-of-central-directory record"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct archive a = make(THREE, COUNT(THREE));
        const size_t bases[] = {a.local[0], a.central[0], a.central[1], a.central[2], a.end};
        struct zip z;
        for (unsigned k = 0; k < ROWS[i].bytes; k++)
            a.bytes.at[bases[ROWS[i].base] + ROWS[i].at + k] = (char)(ROWS[i].value >> (8 * k));
        const char *says = read_zip(&a.bytes, &z);
        cr_expect(*ROWS[i].says ? strstr(says, ROWS[i].says) != NULL : !*says, "%zu: '%s'", i, says);
        zip_done(&z);
        text_done(&a.bytes);
    }
}

Test(zip, is_whole_and_nothing_is_before_or_after_it)
{
    struct archive a = make(THREE, COUNT(THREE));
    struct text more = {0};
    struct zip z;
    for (size_t n = 0; n < a.bytes.n; n++) {
        const struct text cut = {.at = a.bytes.at, .n = n};
        cr_expect(*read_zip(&cut, &z), "%zu bytes", n);
    }
    text_add(&more, a.bytes.at, a.bytes.n);
    text_puts(&more, "x");
    cr_expect(strstr(read_zip(&more, &z), "ambiguous"));
    more.n = 0;
    text_puts(&more, "x");
    text_add(&more, a.bytes.at, a.bytes.n);
    cr_expect(strstr(read_zip(&more, &z), "not where its end record says"));
    more.n = 0; /* a comment, and one that holds an end record */
    text_add(&more, a.bytes.at, a.bytes.n);
    text_puts(&more, "comment");
    more.at[a.end + 20] = 7;
    cr_expect(!*read_zip(&more, &z));
    zip_done(&z);
    more.n = a.bytes.n;
    text_add(&more, a.bytes.at + a.end, END_SIZE);
    more.at[a.end + 20] = END_SIZE;
    cr_expect(*read_zip(&more, &z));
    text_done(&more);
    text_done(&a.bytes);
}

Test(zip, entries_may_not_meet)
{
    static const struct {
        struct part parts[3];
        const char *says;
    } ROWS[] = {
        {{{"a", 1, 0}, {"b", 1, 0}, {"c", 1, 0}}, ""},
        {{{"a", 1, 0}, {"a", 2, 0}, {"c", 1, 0}}, ""},
        {{{"a", 1, 0}, {"a/", 0, 0}, {"c", 1, 0}}, "both a file and a directory"},
        {{{"a", 1, 0}, {"./a", 2, 0}, {"a//b", 1, 0}}, "leads through a file"},
        {{{"a/b/c", 1, 0}, {"a", 3, 0120777}, {"d", 1, 0}}, "leads through a symbolic link"},
        {{{"a/", 0, 0}, {"a/b", 1, 0}, {"a/b/c", 1, 0}}, "leads through a file"},
        {{{"a", 1, 0}, {"a.b/c", 2, 0}, {"a-b/c", 1, 0}}, ""},
        {{{"./", 0, 0}, {"a", 2, 0}, {"b", 1, 0}}, ""},
        {{{".", 1, 0}, {"a", 2, 0}, {"b", 1, 0}}, "cannot be the archive's root"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct archive a = make(ROWS[i].parts, 3);
        struct zip z;
        const char *says = read_zip(&a.bytes, &z);
        cr_expect(*ROWS[i].says ? strstr(says, ROWS[i].says) != NULL : !*says, "%zu: '%s'", i, says);
        zip_done(&z);
        text_done(&a.bytes);
    }
}

Test(zip, of_one_name_the_last_in_the_directory_wins)
{
    static const struct part PARTS[] = {{"a", 1, 0}, {"b", 1, 0}, {"./a", 2, 0}};
    struct archive a = make(PARTS, 3);
    struct zip z;
    cr_assert(!*read_zip(&a.bytes, &z));
    cr_expect(z.entries[0].replaced && !z.entries[1].replaced && !z.entries[2].replaced && z.replaced == 1 && z.size == 4);
    zip_done(&z);
    text_done(&a.bytes);
}

Test(zip, data_that_two_entries_share_is_refused)
{
    static const struct part PARTS[] = {{"a", 60, 0}, {"b", 1, 0}};
    struct archive a = make(PARTS, 2);
    struct zip z;
    struct text inner = {0};
    put_local(&inner, &PARTS[1]);
    memcpy(a.bytes.at + a.local[0] + LOCAL_SIZE + 1, inner.at, inner.n); /* b again, in a's data */
    a.bytes.at[a.central[1] + 42] = LOCAL_SIZE + 1;
    cr_expect(strstr(read_zip(&a.bytes, &z), "overlaps"));
    text_done(&inner);
    text_done(&a.bytes);
}

/* Sizes that only a zip64 field holds, and what a time field says. */
Test(zip, extra_fields)
{
    static const struct part ONE[] = {{"a", 5, 0100644}};
    static const struct {
        uint64_t fields[4][2];
        uint64_t size; /* in the central header */
        const char *says;
        int64_t mtime;
    } ROWS[] = {{{{0x0001, 2}, {8, 2}, {5, 8}}, 0xffffffff, "", 315532800},
                {{{0x0001, 2}, {4, 2}, {5, 4}}, 0xffffffff, "lacks its zip64 sizes", 0},
                {{{0x0001, 2}, {9, 2}, {5, 8}}, 0xffffffff, "lacks its zip64 sizes", 0},
                {{{0x0001, 2}, {8, 2}, {UINT64_MAX, 8}}, 0xffffffff, "neither stored nor deflated", 0},
                {{{0x5455, 2}, {5, 2}, {1, 1}, {1000000000, 4}}, 5, "", 1000000000},
                {{{0x5455, 2}, {5, 2}, {1, 1}, {0xffffffff, 4}}, 5, "", -1},
                {{{0x5455, 2}, {5, 2}, {2, 1}, {1000000000, 4}}, 5, "", 315532800},
                {{{0x5455, 2}, {4, 2}, {1, 1}, {1000, 3}}, 5, "", 315532800}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct archive a = make(ONE, 1);
        struct text whole = {0}, extra = {0};
        struct zip z;
        put_fields(&extra, ROWS[i].fields, 4);
        text_add(&whole, a.bytes.at, a.end);
        text_add(&whole, extra.at, extra.n);
        text_add(&whole, a.bytes.at + a.end, END_SIZE);
        whole.at[a.central[0] + 30] = (char)extra.n;
        for (unsigned k = 0; k < 4; k++)
            whole.at[a.central[0] + 24 + k] = (char)(ROWS[i].size >> (8 * k));
        whole.at[a.end + extra.n + 12] = (char)(CENTRAL_SIZE + 1 + extra.n);
        const char *says = read_zip(&whole, &z);
        cr_expect(*ROWS[i].says ? strstr(says, ROWS[i].says) != NULL : !*says, "%zu: '%s'", i, says);
        cr_expect(*ROWS[i].says || (z.n == 1 && z.entries[0].size == 5 && z.entries[0].mtime == ROWS[i].mtime), "%zu", i);
        zip_done(&z);
        text_done(&whole), text_done(&extra), text_done(&a.bytes);
    }
}

Test(zip, names_stay_in_the_tree)
{
    static char part[NAME_MAX + 2], long_name[PATH_MAX + 2], deep[2 * (ZIP_MAX_DEPTH + 1) + 1];
    static const struct {
        const char *raw, *name; /* NULL: refused */
    } ROWS[] = {{"a", "a"},           {"a/b/", "a/b"},
                {"./a//./b", "a/b"},  {"a/./", "a"},
                {"./", ""},           {".a/..b/...", ".a/..b/..."},
                {"\xff\n", "\xff\n"}, {"C:\\a", "C:\\a"},
                {"", NULL},           {"/a", NULL},
                {"..", NULL},         {"a/..", NULL},
                {"a/../b", NULL},     {"../a", NULL},
                {".wh.a", NULL},      {"a/.wh..wh..opq", NULL},
                {".wh", ".wh"},       {"a.wh.b", "a.wh.b"}};
    struct err err;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *name = NULL;
        cr_expect_eq(zip_name(ROWS[i].raw, strlen(ROWS[i].raw), &name, &err), ROWS[i].name ? 0 : -1, "%s", ROWS[i].raw);
        cr_expect(ROWS[i].name ? name && strcmp(name, ROWS[i].name) == 0 : !name, "%s", ROWS[i].raw);
    }
    OWN_PTR char *nul = NULL;
    cr_expect_eq(zip_name("a\0b", 3, &nul, &err), -1);
    for (size_t n = NAME_MAX; n <= NAME_MAX + 1; n++) {
        OWN_PTR char *name = NULL;
        memset(part, 'x', n);
        cr_expect_eq(zip_name(part, n, &name, &err), n == NAME_MAX ? 0 : -1, "a part of %zu", n);
    }
    for (size_t n = PATH_MAX - 1; n <= PATH_MAX; n++) {
        OWN_PTR char *name = NULL;
        for (size_t i = 0; i < n; i++)
            long_name[i] = i % 200 == 199 ? '/' : 'x';
        cr_expect_eq(zip_name(long_name, n, &name, &err), n == PATH_MAX - 1 ? 0 : -1, "%zu", n);
    }
    for (size_t n = ZIP_MAX_DEPTH; n <= ZIP_MAX_DEPTH + 1; n++) {
        OWN_PTR char *name = NULL;
        for (size_t i = 0; i < n; i++)
            memcpy(deep + 2 * i, "d/", 2);
        cr_expect_eq(zip_name(deep, 2 * n, &name, &err), n == ZIP_MAX_DEPTH ? 0 : -1, "%zu deep", n);
    }
}

/* Sizes are only claimed, deflated: 262,144,000 bytes together are taken, one more is not; nor is what deflate cannot reach. */
Test(zip, sizes_are_bounded)
{
    static const struct {
        uint64_t packed, size;
        const char *says;
    } ROWS[] = {{262144000 / ZIP_MAX_RATIO + 1, ZIP_MAX_SIZE, ""},
                {262144000 / ZIP_MAX_RATIO + 1, ZIP_MAX_SIZE + 1, "250 MB"},
                {100, 100 * ZIP_MAX_RATIO, ""},
                {100, 101 * ZIP_MAX_RATIO - 1, ""},
                {100, 101 * ZIP_MAX_RATIO, "tighter than deflate can"},
                {0, ZIP_MAX_RATIO, "tighter than deflate can"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct part one = {"a", (unsigned)ROWS[i].packed, 0100644};
        struct archive a = make(&one, 1);
        struct zip z;
        a.bytes.at[a.local[0] + 8] = a.bytes.at[a.central[0] + 10] = 8;
        for (unsigned k = 0; k < 4; k++)
            a.bytes.at[a.local[0] + 22 + k] = a.bytes.at[a.central[0] + 24 + k] = (char)(ROWS[i].size >> (8 * k));
        const char *says = read_zip(&a.bytes, &z);
        cr_expect(*ROWS[i].says ? *says != 0 : !*says, "%zu: '%s'", i, says);
        zip_done(&z);
        text_done(&a.bytes);
    }
}

Test(zip, directories_without_an_entry_are_counted)
{
    enum { NAMES = 794, DEEP = 126, LAST = ZIP_MAX_IMPLIED - (NAMES - 1) * DEEP, LONGEST = 2 * ZIP_MAX_DEPTH + 8 };
    static char names[NAMES][LONGEST];
    static struct part parts[NAMES + 1] = {[NAMES] = {"0/", 0, 040755}};
    for (int i = 0; i < NAMES; i++) {
        int n = snprintf(names[i], LONGEST, "%d/", i);
        for (int depth = 1; depth < (i == NAMES - 1 ? LAST : DEEP); depth++)
            n += snprintf(names[i] + n, (size_t)(LONGEST - n), "d/");
        snprintf(names[i] + n, (size_t)(LONGEST - n), "f");
        parts[i] = (struct part){names[i], 0, 0};
    }
    for (int more = 0; more < 3; more++) { /* one deeper; then one of them has an entry */
        struct archive a = make(parts, NAMES + (more == 2));
        struct zip z;
        const char *said = read_zip(&a.bytes, &z);
        cr_expect(more == 1 ? strstr(said, "entries for directories") != NULL : !*said, "%d: %s", more, said);
        zip_done(&z);
        text_done(&a.bytes);
        if (more == 0)
            snprintf(names[NAMES - 1] + strlen(names[NAMES - 1]) - 1, 4, "d/f");
    }
}
