/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fs.h"
#include "base/own.h"
#include "unpack/elf_need.h"
#include "unpack/manifest.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

Test(manifest, lines_survive_being_written_and_read)
{
    struct zip_entry e = {
        .name = (char *)(uintptr_t) "d ir/%\n,\xff", .type = ZIP_FILE, .mode = 04711, .crc = 0xdeadbeef, .size = 123, .mtime = -5};
    struct text t = {0};
    struct manifest_line m;
    manifest_entry(&t, &e);
    cr_assert(manifest_parse(t.at, &m));
    cr_expect_str_eq(m.name, e.name);
    cr_expect(m.type == 'f' && m.mode == 04711 && m.stored == 0311 && m.size == 123 && m.crc == 0xdeadbeef && m.mtime == -5);
    text_done(&t);
    char other[] = "elf 62 64 3 - - - x";
    cr_expect(!manifest_parse(other, &m));
}

Test(manifest, names_of_any_bytes_come_back_without_a_space_or_a_line_in_them)
{
    char name[256] = "";
    struct text t = {0};
    for (int c = 1; c < 256; c++)
        name[c - 1] = (char)c;
    manifest_name(&t, name);
    for (size_t i = 0; i < t.n; i++)
        cr_assert(t.at[i] > ' ' && t.at[i] < 0x7f, "%02x", (unsigned char)t.at[i]);
    OWN_PTR char *line = xasprintf("l 777 0 3 1f 0 %s\n", t.at);
    struct manifest_line m;
    cr_assert(manifest_parse(line, &m));
    cr_expect_str_eq(m.name, name);
    text_done(&t);
}

Test(manifest, other_lines_are_none)
{
    static const struct {
        const char *line;
        bool good;
    } ROWS[] = {{"f 644 644 1 ff 0 a", true},
                {"d - 755 0 0 0", true}, /* the root */
                {"f - 644 1 ff -1 a", true},
                {"", false},
                {"f", false},
                {"x 644 644 1 ff 0 a", false},
                {"f644 644 1 ff 0 a", false},
                {"f 644 644 1 ff", false},
                {"f 888 644 1 ff 0 a", false},
                {"f -1 644 1 ff 0 a", false},
                {"f 644 9 1 ff 0 a", false},
                {"f 644 644 -1 ff 0 a", false},
                {"f 644 644 18446744073709551616 ff 0 a", false},
                {"f 644 644 1 fg 0 a", false},
                {"size 1 entries 1 replaced 0", false},
                {"lrun-manifest 1", false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *line = xstrdup(ROWS[i].line);
        struct manifest_line m;
        cr_expect_eq(manifest_parse(line, &m), ROWS[i].good, "%s", ROWS[i].line);
    }
}

Test(manifest, lines_of_elf_files)
{
    static const struct {
        const char *line;
        bool good;
    } ROWS[] = {{"elf 62 64 3 /lib64/ld%20x - libc.so.6:GLIBC_2.34 a%2cb", true},
                {"elf 62 64 3 - - -", false},
                {"elf x 64 3 - - - a", false},
                {"elf62 64 3 - - - a", false},
                {"f 644 644 1 ff 0 a", false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *line = xstrdup(ROWS[i].line);
        struct manifest_elf e;
        cr_assert_eq(manifest_parse_elf(line, &e), ROWS[i].good, "%s", ROWS[i].line);
        cr_expect(!ROWS[i].good ||
                      (e.machine == 62 && e.bits == 64 && e.type == 3 && strcmp(e.interpreter, "/lib64/ld x") == 0 &&
                       strcmp(e.needed, "-") == 0 && strcmp(e.versions, "libc.so.6:GLIBC_2.34") == 0 && strcmp(e.name, "a,b") == 0),
                  "%s", e.name);
    }
}

Test(manifest, a_large_one_is_written_piece_by_piece)
{
    enum { ENTRIES = 60000 };
    OWN_FD int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    struct manifest m = {.fd = fd};
    struct err err;
    struct text all = {0};
    size_t most = 0, lines = 0;
    cr_assert(fd >= 0);
    manifest_head(&m.text, 7, ENTRIES, 1);
    for (unsigned i = 0; i < ENTRIES; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-%u", i);
        const struct zip_entry e = {.name = name, .type = ZIP_FILE, .mode = 0644};
        cr_assert_eq(manifest_add(&m, &e, NULL, &err), 0);
        most = m.text.n > most ? m.text.n : most;
    }
    cr_expect_eq(manifest_finish(&m, &err), 0);
    cr_expect(lseek(fd, 0, SEEK_SET) == 0 && fs_read_all(fd, 1 << 24, "m", &all, &err) == 0);
    for (size_t i = 0; i < all.n; i++)
        lines += all.at[i] == '\n';
    cr_expect(lines == ENTRIES + 2 && most < all.n * 2 / 3 &&
                  strncmp(all.at, "lrun-manifest 1\nsize 7 entries 60000 replaced 1\n", 48) == 0,
              "%zu %zu", lines, most);
    text_done(&all), text_done(&m.text);
}

Test(manifest, the_newest_c_library_counts_and_numbers_are_numbers)
{
    struct elf_need need = {.glibc = ""};
    static const struct {
        const char *glibc, *most;
    } ROWS[] = {{"2.9", "2.9"}, {"2.34", "2.34"}, {"2.17", "2.34"}, {"", "2.34"}, {"2.34.1", "2.34.1"}, {"3.0", "3.0"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct elf_need other = {.glibc = ""};
        snprintf(other.glibc, sizeof other.glibc, "%s", ROWS[i].glibc);
        elf_need_more(&need, &other);
        cr_expect_str_eq(need.glibc, ROWS[i].most);
    }
}

Test(manifest, lines_of_an_images_layers_are_a_word_and_numbers)
{
    static const struct {
        const char *line, *word;
        size_t n;
        bool is;
    } ROWS[] = {
        {"layer 3", "layer", 1, true},
        {"given 12 18446744073709551615", "given", 2, true},
        {"layers 3", "layer", 1, false},
        {"layer", "layer", 1, false},
        {"layer ", "layer", 1, false},
        {"layer -1", "layer", 1, false},
        {"given 1", "given", 2, false},
        {"given 1 18446744073709551616", "given", 2, false},
        {"layer 0000000000000000000000000000000000000000000000000000000000001", "layer", 1, false},
        {"", "layer", 1, false},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        uint64_t n[2];
        cr_expect_eq(manifest_parse_numbers(ROWS[i].line, ROWS[i].word, n, ROWS[i].n), ROWS[i].is, "%s", ROWS[i].line);
    }
}
