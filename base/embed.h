/* SPDX-License-Identifier: Apache-2.0 */
/* embed.h: files that are part of the program. EMBED(symbol, path) declares symbol as the text of the file, a NUL after it; path is
 * relative to the top of the tree, and its dependency is the Makefile's to state. */
#ifndef LRUN_EMBED_H
#define LRUN_EMBED_H

// clang-format off
#define EMBED(symbol, path)      \
    extern const char symbol[];  \
    __asm__(".pushsection .rodata\n.global " #symbol "\n" #symbol ":\n.incbin \"" path "\"\n.byte 0\n.popsection\n")
// clang-format on

#endif
