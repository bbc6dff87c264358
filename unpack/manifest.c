/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c: writing the manifest, in lrun-unpack. Reading it back, in lrun, is manifest_read.c; the format is in manifest.h. Names
 * come from hostile archives, and the format is lines of words: a name is written with everything escaped that could end a word, a
 * line or a list (space, newline, comma, %). Lines are gathered to 1 MB before each write(2); a package has 10,000s of entries. */
#include "unpack/manifest.h"

#include "base/fs.h"

#include <errno.h>

enum { GATHERED = 1 << 20 };

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

static int write_out(struct manifest *m, size_t above, struct err *err)
{
    if (m->fd < 0 || m->text.n <= above)
        return 0;
    if (fs_write_all(m->fd, m->text.at, m->text.n) < 0)
        return fail(err, errno, "manifest", "write");
    m->text.n = 0;
    return 0;
}

int manifest_add(struct manifest *m, const struct zip_entry *e, const struct text *more, struct err *err)
{
    manifest_entry(&m->text, e);
    if (more && more->n)
        text_add(&m->text, more->at, more->n);
    return write_out(m, GATHERED, err);
}

int manifest_finish(struct manifest *m, struct err *err)
{
    return write_out(m, 0, err);
}
