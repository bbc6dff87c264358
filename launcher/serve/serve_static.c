/* SPDX-License-Identifier: Apache-2.0 */
/* serve_static.c: --static DIR: files beneath it, for requests that no route takes; a path that ends with a slash is its index.html. DIR is
 * open since before root's rights were dropped, and everything else is resolved beneath that descriptor, with the rights lrun has now:
 * neither
 * .. nor a link leads out of it. Names that begin with a dot are not served (but .well-known): people have .env and .git there. */
#include "launcher/serve/server.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "lambda/routes.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>

enum { STATIC_MAX = 16 << 20 /* our choice: a file is read whole */ };

static const char *type_of(const char *path)
{
    static const struct {
        char end[13], type[32]; /* no pointers, which would be written to at every start of lrun */
    } TYPES[] = {
        {".html", "text/html; charset=utf-8"},
        {".htm", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".txt", "text/plain; charset=utf-8"},
        {".md", "text/plain; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},
        {".xml", "application/xml"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},
        {".webp", "image/webp"},
        {".avif", "image/avif"},
        {".ico", "image/x-icon"},
        {".pdf", "application/pdf"},
        {".wasm", "application/wasm"},
        {".woff", "font/woff"},
        {".woff2", "font/woff2"},
        {".ttf", "font/ttf"},
        {".otf", "font/otf"},
        {".mp3", "audio/mpeg"},
        {".mp4", "video/mp4"},
        {".webm", "video/webm"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < COUNT(TYPES); i++)
        if (strcasecmp(dot, TYPES[i].end) == 0)
            return TYPES[i].type;
    return "application/octet-stream";
}

static bool has_hidden(const char *path)
{
    for (const char *c = path; c; c = strchr(c, '/')) {
        c += *c == '/';
        if (*c == '.' && !str_begins(c, ".well-known/"))
            return true;
    }
    return false;
}

/* The path beneath the directory. False: none. */
static bool read_path(const struct http_request *r, struct text *ret)
{
    const char *from = r->head.path.at + strspn(r->head.path.at, "/");
    text_puts(ret, "");
    if (!route_decode(from, strlen(from), ret) || has_hidden(ret->at))
        return false;
    if (!ret->n || ret->at[ret->n - 1] == '/')
        text_puts(ret, "index.html");
    return true;
}

static bool read_file(int dir, const char *path, struct text *ret)
{
    struct stat st;
    struct err err;
    OWN_FD int fd = sys_openat2(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    if (fs_read_all(fd, STATIC_MAX, path, ret, &err) == 0)
        return true;
    err_say(&err, "lrun: --static");
    return false;
}

bool serve_static(const struct server *s, struct http_request *r)
{
    struct text path = {0}, bytes = {0};
    bool asked = strcmp(r->head.method, "GET") == 0 || strcmp(r->head.method, "HEAD") == 0;
    bool found = s->static_dir >= 0 && asked && read_path(r, &path) && read_file(s->static_dir, path.at, &bytes);
    if (found) {
        /* A file that is worked on must not come from a browser's cache, nor be taken for what it is not. */
        OWN_PTR char *headers =
            xasprintf("Content-Type: %s\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n", type_of(path.at));
        http_answer(r, 200, headers, bytes.at ? bytes.at : "", bytes.n);
    }
    text_done(&path);
    text_done(&bytes);
    return found;
}
