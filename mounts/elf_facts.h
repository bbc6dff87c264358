/* SPDX-License-Identifier: Apache-2.0 */
/* elf_facts.h: what an executable or library needs, for the manifest. The only includer of libelf. */
#ifndef LRUN_ELF_FACTS_H
#define LRUN_ELF_FACTS_H

#include "base/str.h"

/* If fd is an ELF file, adds one line to out:
 *   elf MACHINE CLASS TYPE INTERPRETER|- NEEDED,...|- LIB:VERSION,...|- NAME
 * where VERSION is the highest GLIBC_, GLIBCXX_ or other symbol version asked of that library. */
void elf_facts(int fd, const char *name, struct text *out);

#endif
