/* SPDX-License-Identifier: Apache-2.0 */
/* elf_facts.c: what a program or library asks of the system (loader, libraries, versions of the C library), written as a line of the
 * manifest. Judging those facts is launcher/diagnose/inspect_elf.c, which sees no ELF file but only the manifest. The bytes are
 * hostile: each table has a bound on entries and bytes, strings must end within NAME_MOST, offsets are compared as 64 bits before
 * libelf is asked. A file that libelf cannot read gives no line; it is unpacked all the same, as on Lambda. */
#include "unpack/elf_facts.h"

#include "unpack/manifest.h"

#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A file may repeat one long name a million times, and claim four thousand million headers: what exceeds any program that starts is
 * not looked at. Offsets are not trusted: they are added as uint64_t and compared with the section's size. */
enum {
    INTERPRETER_MOST = 4096,   /* PATH_MAX */
    NAME_MOST = 512,           /* a library's is a file's name, 255 bytes; versions are shorter */
    ENTRIES_MOST = 4096,       /* of a table */
    LIST_MOST = 64 << 10,      /* bytes of a list in the manifest */
    SECTION_MOST = 16 << 20,   /* bytes of a section that libelf may have to copy */
    HEADERS_MOST = 65536 / 56, /* the kernel's own bound, in 64 bits */
};

static const char *name_at(Elf *elf, size_t strings, size_t at)
{
    const char *s = elf_strptr(elf, strings, at);
    return s && strnlen(s, NAME_MOST) < NAME_MOST ? s : NULL;
}

/* The section of a type, with its header; NULL if there is none. */
static Elf_Data *section_data(Elf *elf, unsigned type, GElf_Shdr *ret)
{
    for (Elf_Scn *s = NULL; (s = elf_nextscn(elf, s));) {
        GElf_Shdr strings;
        if (!gelf_getshdr(s, ret) || ret->sh_type != type)
            continue;
        /* libelf would unpack a compressed table of any size. The table of a running program is not compressed. */
        if (ret->sh_flags & SHF_COMPRESSED || ret->sh_size > SECTION_MOST || !gelf_getshdr(elf_getscn(elf, ret->sh_link), &strings) ||
            strings.sh_flags & SHF_COMPRESSED)
            return NULL;
        return elf_getdata(s, NULL);
    }
    return NULL;
}

/* version: NULL for none. */
static void list_item(struct text *out, size_t start, const char *item, const char *version)
{
    if (out->n - start > LIST_MOST)
        return;
    if (out->n > start)
        text_puts(out, ",");
    manifest_name(out, item);
    if (!version)
        return;
    text_puts(out, ":");
    manifest_name(out, version);
}

static void add_needed(Elf *elf, struct text *out)
{
    GElf_Shdr header;
    Elf_Data *data = section_data(elf, SHT_DYNAMIC, &header);
    size_t start = out->n, count = data && header.sh_entsize ? header.sh_size / header.sh_entsize : 0;
    GElf_Dyn dyn;
    for (size_t i = 0; i < count && i < ENTRIES_MOST && gelf_getdyn(data, (int)i, &dyn); i++) {
        const char *name;
        if (dyn.d_tag == DT_NEEDED && (name = name_at(elf, header.sh_link, dyn.d_un.d_val)))
            list_item(out, start, name, NULL);
    }
    if (out->n == start)
        text_puts(out, "-");
}

/* Orders GLIBC_2.9 before GLIBC_2.34. */
static bool version_above(const char *a, const char *b)
{
    return strverscmp(a, b) > 0;
}

/* A version such as GLIBC_2.34 of a library, asked for by file. */
static void note_need(const char *file, const char *library, const char *version, struct elf_need *need)
{
    struct elf_need n = {0};
    if (strncmp(version, "GLIBC_2", 7) != 0)
        return;
    snprintf(n.glibc, sizeof n.glibc, "%s", version + 6);
    snprintf(n.library, sizeof n.library, "%s", library);
    snprintf(n.file, sizeof n.file, "%s", file);
    for (char *c = n.file; *c; c++) /* it becomes part of a line */
        *c = (unsigned char)*c < 0x20 ? '?' : *c;
    elf_need_more(need, &n);
}

struct versions { /* a table of versions asked for */
    Elf *elf;
    Elf_Data *data;
    size_t strings; /* section */
    int left;       /* entries that are still looked at */
};

/* Whether an entry may begin at this offset: libelf takes offsets as int. */
static bool within(struct versions *v, uint64_t at)
{
    return v->left-- > 0 && at < v->data->d_size && at <= INT_MAX;
}

/* The highest version required of one library; NULL: none. */
static const char *highest_version(struct versions *v, uint64_t at, unsigned count)
{
    const char *highest = NULL;
    GElf_Vernaux aux;
    for (; count > 0 && within(v, at) && gelf_getvernaux(v->data, (int)at, &aux); count--) {
        const char *version = name_at(v->elf, v->strings, aux.vna_name);
        if (version && !strstr(version, "PRIVATE") && (!highest || version_above(version, highest)))
            highest = version;
        if (!aux.vna_next)
            break;
        at += aux.vna_next;
    }
    return highest;
}

static void add_versions(Elf *elf, const char *name, struct text *out, struct elf_need *ret_need)
{
    GElf_Shdr header;
    struct versions v = {.elf = elf, .data = section_data(elf, SHT_GNU_verneed, &header), .left = ENTRIES_MOST};
    size_t start = out->n;
    uint64_t at = 0;
    GElf_Verneed need;
    v.strings = v.data ? header.sh_link : 0;
    while (v.data && within(&v, at) && gelf_getverneed(v.data, (int)at, &need)) {
        const char *library = name_at(elf, v.strings, need.vn_file), *highest = highest_version(&v, at + need.vn_aux, need.vn_cnt);
        if (library && highest) {
            note_need(name, library, highest, ret_need);
            list_item(out, start, library, highest);
        }
        if (!need.vn_next)
            break;
        at += need.vn_next;
    }
    if (out->n == start)
        text_puts(out, "-");
}

static void add_interpreter(Elf *elf, struct text *out)
{
    size_t size = 0;
    const char *raw = elf_rawfile(elf, &size);
    GElf_Phdr p;
    for (int i = 0; i < HEADERS_MOST && gelf_getphdr(elf, i, &p); i++) {
        if (p.p_type != PT_INTERP)
            continue;
        if (raw && p.p_offset < size && p.p_filesz > 1 && p.p_filesz <= INTERPRETER_MOST && p.p_filesz <= size - p.p_offset &&
            raw[p.p_offset] && !raw[p.p_offset + p.p_filesz - 1]) {
            manifest_name(out, raw + p.p_offset);
            return;
        }
    }
    text_puts(out, "-");
}

/* No section count in the header means that it stands elsewhere and has more than 16 bits. libelf takes memory for each
 * section, and only object files have so many. */
static bool counts_sections(const uint8_t *bytes, size_t n)
{
    Elf64_Ehdr e64;
    Elf32_Ehdr e32;
    if (n < sizeof e64) /* no program is so short, not even a 32-bit one */
        return false;
    memcpy(&e64, bytes, sizeof e64); /* they may lie anywhere in an archive */
    memcpy(&e32, bytes, sizeof e32);
    return bytes[EI_CLASS] == ELFCLASS64 ? e64.e_shnum || !e64.e_shoff : e32.e_shnum || !e32.e_shoff;
}

void elf_facts(const uint8_t *bytes, size_t n, const char *name, struct text *out, struct elf_need *ret_need)
{
    GElf_Ehdr header;
    if (elf_version(EV_CURRENT) == EV_NONE || !counts_sections(bytes, n))
        return;
    Elf *elf = elf_memory((char *)(uintptr_t)bytes, n); /* read only: nothing here asks for a change */
    if (elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header)) {
        text_printf(out, "elf %u %d %u ", header.e_machine, gelf_getclass(elf) == ELFCLASS64 ? 64 : 32, header.e_type);
        add_interpreter(elf, out);
        text_puts(out, " ");
        add_needed(elf, out);
        text_puts(out, " ");
        add_versions(elf, name, out, ret_need);
        text_puts(out, " ");
        manifest_name(out, name);
        text_puts(out, "\n");
    }
    elf_end(elf);
}
