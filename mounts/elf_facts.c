/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts/elf_facts.h"

#include "mounts/manifest.h"

#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>

/* A file may name one long name a million times, and four thousand million headers that it does not have: what is more than any that
 * starts is not looked at. */
enum { NAME_MOST = 4096, ENTRIES_MOST = 4096, HEADERS_MOST = 65536 / 56 /* the kernel's own bound, in 64 bits */ };

static const char *name_at(Elf *elf, size_t strings, size_t at)
{
    const char *s = elf_strptr(elf, strings, at);
    return s && strnlen(s, NAME_MOST) < NAME_MOST ? s : NULL;
}

/* The section of a type, with its header; NULL if there is none. */
static Elf_Data *section_data(Elf *elf, unsigned type, GElf_Shdr *ret)
{
    for (Elf_Scn *s = NULL; (s = elf_nextscn(elf, s));)
        if (gelf_getshdr(s, ret) && ret->sh_type == type)
            return elf_getdata(s, NULL);
    return NULL;
}

static void list_item(struct text *out, size_t start, const char *item)
{
    if (out->n > start)
        text_puts(out, ",");
    manifest_name(out, item);
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
            list_item(out, start, name);
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

static void add_versions(Elf *elf, const char *name, struct text *out, struct elf_need *ret_need)
{
    GElf_Shdr header;
    Elf_Data *data = section_data(elf, SHT_GNU_verneed, &header);
    size_t start = out->n;
    GElf_Verneed need;
    for (int at = 0, left = ENTRIES_MOST; data && left > 0 && gelf_getverneed(data, at, &need); at += (int)need.vn_next, left--) {
        const char *library = name_at(elf, header.sh_link, need.vn_file), *highest = NULL;
        GElf_Vernaux aux;
        for (int a = at + (int)need.vn_aux, n = need.vn_cnt; n > 0 && left > 0 && gelf_getvernaux(data, a, &aux); a += (int)aux.vna_next, n--, left--) {
            const char *version = name_at(elf, header.sh_link, aux.vna_name);
            if (version && !strstr(version, "PRIVATE") && (!highest || version_above(version, highest)))
                highest = version;
            if (!aux.vna_next)
                break;
        }
        if (library && highest) {
            note_need(name, library, highest, ret_need);
            list_item(out, start, library);
            text_puts(out, ":");
            manifest_name(out, highest);
        }
        if (!need.vn_next)
            break;
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
        if (raw && p.p_offset < size && p.p_filesz > 1 && p.p_filesz <= NAME_MOST && p.p_filesz <= size - p.p_offset && raw[p.p_offset] && !raw[p.p_offset + p.p_filesz - 1]) {
            manifest_name(out, raw + p.p_offset);
            return;
        }
    }
    text_puts(out, "-");
}

void elf_facts(const uint8_t *bytes, size_t n, const char *name, struct text *out, struct elf_need *ret_need)
{
    GElf_Ehdr header;
    if (elf_version(EV_CURRENT) == EV_NONE)
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
