/* SPDX-License-Identifier: Apache-2.0 */
/* elf.c: any bytes as an ELF file: one line of facts at most, which its own reader takes. */
#include "unpack/elf_facts.h"
#include "unpack/manifest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text line = {0};
    struct elf_need need = {0};
    struct manifest_elf e;
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    elf_facts(copy, size, "a name\n", &line, &need);
    if (line.n) {
        if (line.at[line.n - 1] != '\n' || memchr(line.at, '\n', line.n) != line.at + line.n - 1)
            abort();
        if (!manifest_parse_elf(line.at, &e) || strcmp(e.name, "a name\n") != 0)
            abort();
    }
    free(copy);
    text_done(&line);
    return 0;
}
