/* SPDX-License-Identifier: Apache-2.0 */
/* image_facts.c: how an image is started: from the unpacker's answer, to a file of its tree's entry, and back. The file has a line of
 * words and numbers, then each string with a 0 at its end, as the unpacker sends them; it is lrun's own, in a directory that only its
 * user can write to. */
#include "cache/image.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <string.h>

enum { HEAD_MAX = 256 };

void image_facts_done(struct image_facts *f)
{
    free(f->workdir);
    strv_done(&f->entrypoint);
    strv_done(&f->cmd);
    strv_done(&f->env);
    *f = (struct image_facts){0};
}

static bool is_digest(const char text[DIGEST_HEX + 1])
{
    return memchr(text, 0, DIGEST_HEX + 1) && strspn(text, "0123456789abcdef") == DIGEST_HEX && !text[DIGEST_HEX];
}

static const char *take_strings(const char *at, uint32_t n, struct strv *ret)
{
    for (; n; n--, at += strlen(at) + 1)
        strv_add(ret, xstrdup(at));
    return at;
}

/* strings: as many as the counts say, and a workdir before them, in n bytes that end with a 0. False: they are not. */
static bool take(const char *strings, size_t n, const uint32_t counts[3], struct image_facts *ret)
{
    struct strv *const lists[] = {&ret->entrypoint, &ret->cmd, &ret->env};
    uint64_t wanted = 1 + (uint64_t)counts[0] + counts[1] + counts[2], found = 0;
    for (size_t at = 0; at < n; at++)
        found += !strings[at];
    if (!n || strings[n - 1] || found != wanted)
        return false;
    ret->workdir = xstrdup(strings);
    strings += strlen(strings) + 1;
    for (size_t i = 0; i < COUNT(lists); i++)
        strings = take_strings(strings, counts[i], lists[i]);
    return true;
}

int image_facts_take(const struct unpack_image *from, struct image_facts *ret, struct err *err)
{
    const uint32_t counts[] = {from->entrypoint_n, from->cmd_n, from->env_n};
    *ret = (struct image_facts){.indexed = from->indexed != 0};
    if (!is_digest(from->chain) || !is_digest(from->config) || (from->manifest[0] && !is_digest(from->manifest)) ||
        !memchr(from->architecture, 0, sizeof from->architecture) || from->strings_n > sizeof from->strings ||
        !take(from->strings, from->strings_n, counts, ret))
        return fail(err, 0, NULL, "read the image: the unpacker's answer makes no sense");
    memcpy(ret->chain, from->chain, sizeof ret->chain);
    memcpy(ret->config, from->config, sizeof ret->config);
    memcpy(ret->manifest, from->manifest, sizeof ret->manifest);
    memcpy(ret->architecture, from->architecture, sizeof ret->architecture);
    return 0;
}

static void file_of(const char *config, char name[DIGEST_HEX + 16])
{
    snprintf(name, DIGEST_HEX + 16, "image-%s", config);
}

static void put_strings(struct text *to, const struct strv *v)
{
    for (size_t i = 0; i < v->n; i++)
        text_add(to, v->at[i], strlen(v->at[i]) + 1);
}

int image_facts_keep(int dir, const struct image_facts *f, struct err *err)
{
    struct text text = {0};
    char name[DIGEST_HEX + 16];
    file_of(f->config, name);
    text_printf(&text, "%s %s %zu %zu %zu\n", f->chain, f->architecture[0] ? f->architecture : "-", f->entrypoint.n, f->cmd.n, f->env.n);
    text_add(&text, f->workdir, strlen(f->workdir) + 1);
    put_strings(&text, &f->entrypoint);
    put_strings(&text, &f->cmd);
    put_strings(&text, &f->env);
    int status = fs_replace(dir, name, text.at, text.n, err);
    text_done(&text);
    return status;
}

/* The next word of a line, ended by a 0; NULL: there is none. */
static char *word(char **line)
{
    char *w = strsep(line, " ");
    return w && *w ? w : NULL;
}

static bool parse(char *text, size_t n, struct image_facts *f)
{
    uint32_t counts[3] = {0};
    char *end = memchr(text, '\n', n), *line = text;
    if (!end)
        return false;
    *end = 0;
    const char *chain = word(&line), *architecture = word(&line);
    if (!chain || !architecture || strlen(chain) != DIGEST_HEX || strlen(architecture) >= sizeof f->architecture)
        return false;
    snprintf(f->chain, sizeof f->chain, "%s", chain);
    snprintf(f->architecture, sizeof f->architecture, "%s", architecture);
    for (size_t i = 0; i < COUNT(counts); i++) {
        uint64_t count;
        const char *w = word(&line);
        if (!w || num_plain(w, 10, &count) < 0 || count > IMAGE_STRINGS_MAX)
            return false;
        counts[i] = (uint32_t)count;
    }
    return take(end + 1, n - (size_t)(end + 1 - text), counts, f);
}

int image_facts_of(const struct cache_entry *e, const char *config, struct image_facts *ret, struct err *err)
{
    enum { SIZE = HEAD_MAX + IMAGE_STRINGS_MAX };
    char name[DIGEST_HEX + 16];
    OWN_PTR char *text = xcalloc(1, SIZE);
    *ret = (struct image_facts){0};
    if (!is_digest(config))
        return 0;
    file_of(config, name);
    ssize_t n = fs_read_small(e->lock, name, text, SIZE);
    if (n < 0)
        return errno == ENOENT ? 0 : fail(err, errno, name, "read how the image is started");
    memcpy(ret->config, config, sizeof ret->config);
    if (parse(text, (size_t)n, ret))
        return 1;
    image_facts_done(ret);
    return 0;
}
