/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack/manifest.h"

#include <criterion/criterion.h>
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
