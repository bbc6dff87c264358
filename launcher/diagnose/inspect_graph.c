/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_graph.c: function and layers as a picture (SVG): a row for each directory, a column for each that brings something, and what
 * is seen of it at the end. The same as text is inspect_text.c, for programs inspect_json.c. Directories are opened where several
 * bring something or something is hidden, the most telling first, until ROWS_MAX. Names are the archive's: they are escaped for XML
 * and reduced to printable ASCII. */
#include "launcher/diagnose/inspect.h"

#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    PARTS = MAX_LAYERS + 1,
    ROWS_MAX = 60,
    CHILDREN_MAX = 12,
    LABEL_MAX = 46,
    ROW = 22,
    LABEL = 360,
    COLUMN = 180,
    SEEN = 240,
    TOP = 96
};

/* Told apart by people who see colours differently as well (Okabe and Ito's). */
static const char *const COLOURS[PARTS] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"};

struct cell { /* what one part has beneath a row */
    unsigned files, hidden;
    uint64_t bytes; /* of what is seen */
};

struct line {
    char *path;      /* owned */
    size_t from, to; /* its files in merged; none of a line that stands for several */
    unsigned depth;
    bool opened;
    struct cell cells[PARTS];
};

struct picture {
    const struct inspection *i;
    unsigned parts;
    struct line lines[ROWS_MAX + CHILDREN_MAX + 1];
    size_t n;
    struct text out;
};

/* ---- columns: the parts, or an image's layers, of which the lowest share one if there are many ---- */

static unsigned column_count(const struct inspection *i)
{
    if (!inspection_image(i))
        return (unsigned)i->package.inputs->layer_count + 1;
    return i->image_layer_count < PARTS ? (unsigned)i->image_layer_count : PARTS;
}

static unsigned column_of(const struct picture *p, const struct merged_file *f)
{
    if (!inspection_image(p->i))
        return f->part;
    const size_t shared = p->i->image_layer_count - p->parts;
    return f->layer < shared ? 0 : (unsigned)(f->layer - shared);
}

static const char *column_name(const struct picture *p, unsigned column, char *text, size_t size)
{
    if (!inspection_image(p->i))
        return package_provider(&p->i->package, column, text, size);
    const size_t shared = p->i->image_layer_count - p->parts;
    if (column == 0 && shared)
        snprintf(text, size, "layers 0 to %zu", shared);
    else
        snprintf(text, size, "image layer %zu", column + shared);
    return text;
}

/* ---- which rows ---- */

static void count_line(const struct picture *p, struct line *l)
{
    for (size_t k = l->from; k < l->to; k++) {
        const struct merged_file *f = &p->i->package.merged.files[k];
        struct cell *c = &l->cells[column_of(p, f)];
        if (f->type == 'd')
            continue;
        c->files++;
        c->hidden += f->hidden;
        c->bytes += f->hidden ? 0 : f->size;
    }
}

static uint64_t bytes_of(const struct line *l)
{
    uint64_t all = 0;
    for (unsigned k = 0; k < PARTS; k++)
        all += l->cells[k].bytes;
    return all;
}

/* Lines with hidden files first, then those of several providers, then large ones. 0: not worth opening. */
static double interest(const struct line *l)
{
    unsigned hidden = 0, providers = 0;
    for (unsigned k = 0; k < PARTS; k++) {
        hidden += l->cells[k].hidden;
        providers += l->cells[k].files > 0;
    }
    return hidden * 1e12 + (providers > 1) * 1e11 + (double)bytes_of(l);
}

static bool worth_opening(const struct picture *p, const struct line *l)
{
    bool has_children = l->to > l->from && strlen(p->i->package.merged.files[l->to - 1].path) > strlen(l->path);
    return !l->opened && has_children && (interest(l) >= 1e11 || l->depth < 2);
}

/* The end of the name that follows the directory's path in a file's path. */
static size_t name_end(const char *path, size_t dir)
{
    return dir + 1 + strcspn(path + dir + 1, "/");
}

/* Finds the children of a directory. Returns how many fit; the rest is counted into one more. */
static size_t children(const struct picture *p, const struct line *dir, struct line *ret)
{
    const struct merged *m = &p->i->package.merged;
    size_t n = 0, at = strlen(dir->path), rest = 0;
    struct line others = {.depth = dir->depth + 1, .opened = true};
    for (size_t k = dir->from, end; k < dir->to; k = end) {
        const char *path = m->files[k].path;
        end = k + 1;
        if (!path[at]) /* the directory itself */
            continue;
        size_t length = name_end(path, at);
        while (end < dir->to && strncmp(m->files[end].path, path, length) == 0 &&
               (m->files[end].path[length] == '/' || !m->files[end].path[length]))
            end++;
        struct line child =
                        {
                            .path = xasprintf("%.*s", (int)length, path),
                            .from = k,
                            .to = end,
                            .depth = dir->depth + 1,
                        },
                    *least = ret;
        count_line(p, &child);
        if (n < CHILDREN_MAX) {
            ret[n++] = child;
            continue;
        }
        for (size_t c = 1; c < n; c++)
            least = interest(&ret[c]) < interest(least) ? &ret[c] : least;
        struct line away = child;
        if (interest(&child) > interest(least)) { /* in the order of names: it goes to the end */
            away = *least;
            memmove(least, least + 1, (size_t)(ret + n - least - 1) * sizeof *least);
            ret[n - 1] = child;
        }
        rest++;
        for (unsigned c = 0; c < PARTS; c++) {
            others.cells[c].files += away.cells[c].files;
            others.cells[c].hidden += away.cells[c].hidden;
            others.cells[c].bytes += away.cells[c].bytes;
        }
        free(away.path);
    }
    if (rest) {
        others.path = xasprintf("%s/and %zu more", dir->path, rest);
        ret[n++] = others;
    }
    return n;
}

static bool open_one(struct picture *p)
{
    struct line found[CHILDREN_MAX + 1], *best = NULL;
    for (size_t k = 0; k < p->n; k++)
        if (worth_opening(p, &p->lines[k]) && (!best || interest(&p->lines[k]) > interest(best)))
            best = &p->lines[k];
    if (!best || p->n >= ROWS_MAX)
        return false;
    best->opened = true;
    size_t n = children(p, best, found), after = (size_t)(best - p->lines) + 1;
    memmove(p->lines + after + n, p->lines + after, (p->n - after) * sizeof *p->lines);
    if (n)
        memcpy(p->lines + after, found, n * sizeof *found);
    p->n += n;
    return true;
}

static void choose_lines(struct picture *p)
{
    const struct merged *m = &p->i->package.merged;
    for (size_t k = 0, end; k < m->n; k = end) {
        size_t root = strlen(m->parts[m->files[k].part].at);
        for (end = k + 1; end < m->n && strncmp(m->files[end].path, m->files[k].path, root + 1) == 0;)
            end++;
        p->lines[p->n] = (struct line){.path = xasprintf("%.*s", (int)root, m->files[k].path), .from = k, .to = end};
        count_line(p, &p->lines[p->n++]);
    }
    while (open_one(p))
        ;
}

/* ---- drawing ---- */

static void put_text(struct text *out, const char *text) /* names are the archive's: bytes that are not ASCII, and XML's own, by number */
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c >= 0x7f)
            text_puts(out, "?");
        else if (strchr("<>&\"'", *c))
            text_printf(out, "&#%d;", *c);
        else
            text_add(out, c, 1);
}

static void put_label(struct text *out, double x, double y, const char *style, const char *text)
{
    text_printf(out, "<text x=\"%.1f\" y=\"%.1f\"%s%s>", x, y, *style ? " " : "", style);
    put_text(out, text);
    text_puts(out, "</text>\n");
}

static void size_text(uint64_t bytes, char *ret, size_t size)
{
    static const char *const UNITS[] = {"B", "kB", "MB", "GB"};
    double n = (double)bytes;
    unsigned u = 0;
    for (; n >= 1000 && u + 1 < COUNT(UNITS); u++)
        n /= 1000;
    snprintf(ret, size, u && n < 10 ? "%.1f %s" : "%.0f %s", n, UNITS[u]);
}

static void put_box(struct text *out, double x, double y, double w, double h, const char *fill)
{
    text_printf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, w, h, fill);
}

static void put_cell(struct picture *p, const struct cell *c, unsigned part, double x, double y, uint64_t all)
{
    char text[64], size[16];
    if (!c->files)
        return;
    put_box(&p->out, x, y + ROW - 6, all ? (COLUMN - 12) * (double)c->bytes / (double)all : 0, 3, COLOURS[part]);
    size_text(c->bytes, size, sizeof size);
    snprintf(text, sizeof text, "%u file%s, %s", c->files - c->hidden, c->files - c->hidden == 1 ? "" : "s", size);
    if (c->files > c->hidden)
        put_label(&p->out, x, y + 12, "", text);
    snprintf(text, sizeof text, "%u hidden", c->hidden);
    if (c->hidden)
        put_label(&p->out, x + COLUMN - 12, y + 12, "class=\"hidden\"", text);
}

static void put_line(struct picture *p, size_t k)
{
    const struct line *l = &p->lines[k];
    const char *slash = strrchr(l->path, '/'), *name = l->depth ? slash + 1 : *l->path ? l->path : "/";
    double y = TOP + (double)k * ROW, x = LABEL + COLUMN * p->parts;
    uint64_t all = bytes_of(l), most = 1;
    char label[LABEL_MAX + 8], size[16];
    for (size_t r = 0; r < p->n; r++)
        most = p->lines[r].depth == 0 && bytes_of(&p->lines[r]) > most ? bytes_of(&p->lines[r]) : most;
    if (k % 2)
        put_box(&p->out, 0, y, x + SEEN, ROW, "#f4f4f4");
    text_puts(&p->out, "<g><title>");
    put_text(&p->out, l->path);
    text_puts(&p->out, "</title>\n");
    snprintf(label, sizeof label, strlen(name) > LABEL_MAX ? "%.*s..." : "%.*s", LABEL_MAX, name);
    put_label(&p->out, 10 + l->depth * 14.0, y + 15, l->opened ? "class=\"open\"" : "", label);
    for (unsigned part = 0; part < p->parts; part++)
        put_cell(p, &l->cells[part], part, LABEL + COLUMN * part, y, all);
    for (unsigned part = 0; part < p->parts; part++) {
        double w = (SEEN - 80) * (double)l->cells[part].bytes / (double)most;
        if (w > 0)
            put_box(&p->out, x, y + 5, w, ROW - 10, COLOURS[part]);
        x += w;
    }
    size_text(all, size, sizeof size);
    put_label(&p->out, x + 4, y + 15, "", size);
    text_puts(&p->out, "</g>\n");
}

static void put_head(struct picture *p)
{
    put_label(&p->out, 10, 24, "class=\"title\"", "What the function sees, and who provides it");
    put_label(&p->out, 10, 44, "",
              "In each cell: files and bytes that are seen; what a later layer hides of it. Bars: shares of the bytes.");
    for (unsigned part = 0; part < p->parts; part++) {
        char who[256], short_name[24];
        column_name(p, part, who, sizeof who);
        snprintf(short_name, sizeof short_name, strlen(who) > 20 ? "%.18s..." : "%.20s", who);
        put_box(&p->out, LABEL + COLUMN * part, TOP - 30, 12, 12, COLOURS[part]);
        put_label(&p->out, LABEL + COLUMN * part + 17, TOP - 19, "class=\"open\"", short_name);
    }
    put_label(&p->out, LABEL + COLUMN * p->parts, TOP - 19, "class=\"open\"", "seen");
}

static void put_modules(struct picture *p, double y)
{
    const struct inspection *i = p->i;
    if (i->module_count)
        put_label(&p->out, 10, y, "class=\"open\"", "Modules in several versions; the last is the one that is found, if they share a path");
    for (size_t k = 0; k < i->module_count; k++) {
        const struct module *m = &i->modules[k];
        y += 18;
        put_label(&p->out, 24, y, "", m->name);
        put_box(&p->out, LABEL + COLUMN * m->part, y - 10, 8, 8, COLOURS[m->part]);
        put_label(&p->out, LABEL + COLUMN * m->part + 14, y, "", m->version);
    }
}

int inspect_graph(const struct inspection *i, int fd, struct err *err)
{
    static struct picture p; /* large */
    p = (struct picture){.i = i, .parts = column_count(i)};
    choose_lines(&p);
    int height = TOP + (int)p.n * ROW + 40 + (int)i->module_count * 18 + (i->module_count ? 20 : 0),
        width = LABEL + COLUMN * (int)p.parts + SEEN;
    text_printf(&p.out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
                "font-size=\"12\">\n",
                width, height, width, height);
    text_puts(&p.out,
              "<style>.title{font-size:17px;font-weight:bold}.open{font-weight:bold}.hidden{fill:#b00020;text-anchor:end}</style>\n");
    put_box(&p.out, 0, 0, width, height, "#ffffff");
    put_head(&p);
    for (size_t k = 0; k < p.n; k++)
        put_line(&p, k);
    put_modules(&p, TOP + (double)p.n * ROW + 28);
    text_puts(&p.out, "</svg>\n");
    for (size_t k = 0; k < p.n; k++)
        free(p.lines[k].path);
    int status = ftruncate(fd, 0) < 0 && errno != EINVAL ? -1 : fs_write_all(fd, p.out.at, p.out.n);
    text_done(&p.out);
    return status < 0 ? fail(err, errno, i->launch->request->graph, "write the graph to") : 0;
}
