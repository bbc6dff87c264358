/* SPDX-License-Identifier: Apache-2.0 */
/* elf_need.h: the newest C library that any file in an archive needs. */
#ifndef LRUN_ELF_NEED_H
#define LRUN_ELF_NEED_H

#include <string.h>

struct elf_need {     /* all zero: nothing */
    char glibc[16];   /* the highest GLIBC_ version asked for: "2.34" */
    char library[32]; /* of this library: "libc.so.6" */
    char file[240];   /* by this file */
};

/* Keeps the higher of the two in need. strverscmp puts 2.9 before 2.34. */
static inline void elf_need_more(struct elf_need *need, const struct elf_need *other)
{
    if (other->glibc[0] && (!need->glibc[0] || strverscmp(other->glibc, need->glibc) > 0))
        *need = *other;
}

#endif
