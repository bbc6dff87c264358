/* SPDX-License-Identifier: Apache-2.0 */
/* elf_facts.h: what an executable or library needs, for the manifest. The only includer of libelf. */
#ifndef LRUN_ELF_FACTS_H
#define LRUN_ELF_FACTS_H

#include "base/str.h"
#include "unpack/elf_need.h"

#include <stdint.h>

/* If the n bytes are an ELF file, adds one line to out and fills ret_need:
 *   elf MACHINE CLASS TYPE INTERPRETER|- NEEDED,...|- LIB:VERSION,...|- NAME
 * where VERSION is the highest GLIBC_, GLIBCXX_ or other symbol version asked of that library. */
void elf_facts(const uint8_t *bytes, size_t n, const char *name, struct text *out, struct elf_need *ret_need);

#endif
