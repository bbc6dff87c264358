/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_read.c: reading a line of the manifest, in lrun and in verify.c. Writing it is manifest.c. The line is changed in place and
 * names are decoded there: a decoded name is never longer than its escaped form. A line of a kind that is not known is no error but no
 * line: a newer lrun may add kinds. */
#include "unpack/manifest.h"

#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool manifest_parse_elf(char *line, struct manifest_elf *ret)
{
    char *fields[7], *save = NULL;
    uint64_t numbers[3];
    if (strncmp(line, "elf ", 4) != 0)
        return false;
    for (size_t i = 0; i < 7; i++)
        if (!(fields[i] = strtok_r(i ? NULL : line + 4, " \n", &save)))
            return false;
    for (size_t i = 0; i < 3; i++)
        if (num_plain(fields[i], 10, &numbers[i]) < 0)
            return false;
    *ret = (struct manifest_elf){.machine = (unsigned)numbers[0],
                                 .bits = (unsigned)numbers[1],
                                 .type = (unsigned)numbers[2],
                                 .interpreter = fields[3],
                                 .needed = fields[4],
                                 .versions = fields[5],
                                 .name = fields[6]};
    decode_name(ret->interpreter);
    decode_name(ret->name);
    return true;
}

bool manifest_parse_numbers(const char *line, const char *word, uint64_t *ret, size_t n)
{
    char copy[64], *save = NULL, *field;
    if (strlen(line) >= sizeof copy || !str_begins(line, word))
        return false;
    snprintf(copy, sizeof copy, "%s", line);
    if (strcmp(strtok_r(copy, " ", &save), word) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!(field = strtok_r(NULL, " ", &save)) || num_plain(field, 10, &ret[i]) < 0)
            return false;
    return true;
}
