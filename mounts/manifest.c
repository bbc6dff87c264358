/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts/manifest.h"

#include "base/num.h"

#include <stdlib.h>
#include <string.h>

void manifest_name(struct text *out, const char *name)
{
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (*c > ' ' && *c < 0x7f && *c != '%' && *c != ',')
            text_add(out, c, 1);
        else
            text_printf(out, "%%%02x", *c);
}

void manifest_head(struct text *out, uint64_t size, uint64_t entries, uint64_t replaced)
{
    text_printf(out, "lrun-manifest 1\nsize %ju entries %ju replaced %ju\n", (uintmax_t)size, (uintmax_t)entries, (uintmax_t)replaced);
}

void manifest_entry(struct text *out, const struct zip_entry *e)
{
    static const char LETTERS[] = {[ZIP_FILE] = 'f', [ZIP_DIR] = 'd', [ZIP_LINK] = 'l'};
    text_printf(out, "%c ", LETTERS[e->type]);
    if (e->mode < 0)
        text_puts(out, "-");
    else
        text_printf(out, "%o", (unsigned)e->mode);
    text_printf(out, " %o %ju %08x %jd ", e->type == ZIP_LINK ? 0 : zip_stored_mode(e->type, e->mode), (uintmax_t)e->size, e->crc,
                (intmax_t)e->mtime);
    manifest_name(out, e->name);
    text_puts(out, "\n");
}

static void decode_name(char *name)
{
    char *to = name;
    for (const char *c = name; *c; c++) {
        char hex[3] = {c[0] == '%' ? c[1] : 0, c[0] == '%' && c[1] ? c[2] : 0, 0};
        uint64_t byte;
        if (hex[0] && hex[1] && num_plain(hex, 16, &byte) == 0) {
            *to++ = (char)byte;
            c += 2;
        } else {
            *to++ = *c;
        }
    }
    *to = 0;
}

bool manifest_parse(char *line, struct manifest_line *ret)
{
    char *fields[7], *save = NULL;
    if (!(line[0] && strchr("fdl", line[0]) && line[1] == ' '))
        return false;
    for (size_t i = 0; i < 7; i++)
        if (!(fields[i] = strtok_r(i ? NULL : line, " \n", &save)) && i < 6)
            return false;
    static char root[] = "";
    uint64_t mode, stored, crc;
    *ret = (struct manifest_line){.type = fields[0][0], .mode = -1, .name = fields[6] ? fields[6] : root};
    if (strcmp(fields[1], "-") != 0) {
        if (num_plain(fields[1], 8, &mode) < 0)
            return false;
        ret->mode = (int)mode;
    }
    if (num_plain(fields[2], 8, &stored) < 0 || num_plain(fields[3], 10, &ret->size) < 0 || num_plain(fields[4], 16, &crc) < 0)
        return false;
    ret->stored = (unsigned)stored;
    ret->crc = (uint32_t)crc;
    ret->mtime = strtoll(fields[5], NULL, 10);
    decode_name(ret->name);
    return true;
}
