/* SPDX-License-Identifier: Apache-2.0 */
/* zip.h: our own reading of a zip's central directory.
 *
 * Lambda reads the central directory; libarchive prefers local headers, and parsers that disagree are how one file
 * is reviewed and another unpacked. So this pass decides what the archive holds, refuses every archive whose two
 * sets of headers differ, and says where each entry's data lies. Pure: it reads memory and writes nothing. */
#ifndef LRUN_ZIP_H
#define LRUN_ZIP_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum zip_type { ZIP_FILE, ZIP_DIR, ZIP_LINK };

struct zip_entry {
    char *name;         /* normalised: no empty and no "." component, no slash at either end; raw bytes else; owned */
    enum zip_type type; /* nothing else is accepted */
    int mode;           /* Unix permission bits as stored, or -1 if the archive holds none */
    uint16_t method;    /* 0 or 8 */
    uint32_t crc;
    uint64_t packed, size, offset; /* offset: of the local header */
    uint64_t data;                 /* where the packed bytes begin */
    int64_t mtime;                 /* seconds since 1970: the UT field, else the DOS time taken as UTC */
    uint32_t index;                /* place in the central directory */
    bool replaced;                 /* a later central entry has the same name and wins */
};

struct zip {
    struct zip_entry *entries; /* by local offset */
    size_t n;
    uint64_t size; /* sum of all sizes, replaced entries included: what AWS counts */
    size_t replaced;
};

enum {
    ZIP_MAX_ENTRIES = 100000, /* ours: a bomb of names costs inodes, not bytes */
    ZIP_MAX_IMPLIED = 100000, /* ours: directories that only names of entries below them tell of; one name may hold 127 */
    ZIP_MAX_DEPTH = 128,      /* ours */
    ZIP_MAX_NAMES = 32 << 20, /* ours: bytes of all names together, as the archive spells them; they are kept in memory */
};
#define ZIP_MAX_SIZE UINT64_C(262144000) /* AWS: function and layers unzipped */
#define ZIP_MAX_RATIO 1032               /* deflate cannot reach more */

/* The text of CreateFunction for an archive that Lambda cannot read. */
#define ZIP_UNREADABLE "Could not unzip uploaded file. Please check your file, then try to upload again."

/* Reads and judges the archive in bytes. An err names the entry. */
int zip_read(const uint8_t *bytes, uint64_t n, struct zip *ret, struct err *err);
void zip_done(struct zip *z);

/* The mode a file or directory gets in the cache: the sandbox has one uid, so the owner must be able to do what
 * Lambda's function, which is "other", can do; and may always write, since the mount is read-only and EROFS comes
 * before EACCES then. No set-id and no sticky bits. */
unsigned zip_stored_mode(enum zip_type type, int mode);

#endif
