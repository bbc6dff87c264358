/* SPDX-License-Identifier: Apache-2.0 */
/* api_route.c: which route of which API takes a request.
 *   segment     a literal, {name} for one segment that is not empty, or at the end {name+} for all that is left
 *   precedence  segment by segment a literal before {name} before {name+}; $default last; then a method of its own before ANY
 * In a REST API the path chooses the resource, and a method that it lacks is refused though a wider path has it; in an HTTP API only
 * routes whose method fits are compared. The stage is no part of the path, as in SAM; where no route takes a path that begins with
 * /STAGE, the path behind it is tried: clients often have the deployed API's address (ours). A REST API ignores one slash at the end of
 * the path (ours). */
#include "lambda/api_authorizer.h"

#include "base/json.h"
#include "base/own.h"
#include "lambda/routes.h"

#include <string.h>

const char API_ID[] = "1234567890", API_ACCOUNT[] = "123456789012", API_DEFAULT_STAGE[] = "$default";

void api_done(struct api *api)
{
    for (size_t i = 0; i < api->route_n; i++) {
        char *own[] = {api->routes[i].method, api->routes[i].path, api->routes[i].function, api->routes[i].operation};
        for (size_t k = 0; k < COUNT(own); k++)
            free(own[k]);
    }
    for (size_t i = 0; i < api->authorizer_n; i++) {
        struct api_authorizer *a = &api->authorizers[i];
        if (a->expression)
            regfree(a->expression);
        free(a->expression);
        free(a->name);
        free(a->function);
        free(a->header);
        strv_done(&a->identity);
    }
    char *own[] = {api->name, api->stage, api->variables, api->cors.methods, api->cors.headers, api->cors.expose, api->cors.max_age};
    for (size_t i = 0; i < COUNT(own); i++)
        free(own[i]);
    free(api->routes);
    free(api->authorizers);
    strv_done(&api->binary);
    strv_done(&api->cors.origins);
}

/* ---- segments ---- */

enum kind { KIND_LITERAL, KIND_ONE, KIND_GREEDY, KIND_DEFAULT };

struct segment { /* of a route's path */
    enum kind kind;
    const char *name; /* of a parameter, or the literal */
    size_t n;
};

/* The segment at c, which follows a slash; c: the slash behind it, or the end. */
static struct segment read_segment(const char **c)
{
    const char *at = *c;
    size_t n = strcspn(at, "/");
    *c = at + n;
    bool named = n > 2 && at[0] == '{' && at[n - 1] == '}', greedy = named && n > 3 && at[n - 2] == '+';
    return (struct segment){greedy ? KIND_GREEDY : named ? KIND_ONE : KIND_LITERAL, at + named, n - named - named - greedy};
}

const char *api_path_fault(const char *path, enum api_type type)
{
    if (type == API_HTTP && strcmp(path, API_DEFAULT_STAGE) == 0)
        return NULL;
    if (path[0] != '/')
        return "it must begin with a slash";
    for (const char *c = path; *c;) {
        c++;
        struct segment s = read_segment(&c);
        if (s.kind == KIND_GREEDY && *c)
            return "{name+} may only be its last segment";
        if (memchr(s.name, '{', s.n) || memchr(s.name, '}', s.n) || (s.kind != KIND_LITERAL && memchr(s.name, '+', s.n)))
            return "braces enclose a whole segment: /{name}, or /{name+} at the end";
    }
    return NULL;
}

static bool is_literal(const struct segment *s, const char *at, size_t n)
{
    struct text decoded = {0};
    if (s->n == n && memcmp(s->name, at, n) == 0)
        return true;
    if (!memchr(at, '%', n))
        return false;
    url_decode_or_keep(at, n, &decoded);
    bool same = decoded.n == s->n && memcmp(decoded.at, s->name, s->n) == 0;
    text_done(&decoded);
    return same;
}

/* HTTP APIs decode the path [live], REST APIs leave it as it came [live]. */
static void put_parameter(const struct segment *s, const char *at, size_t n, bool decode, struct text *out)
{
    struct text value = {0};
    if (decode)
        url_decode_or_keep(at, n, &value);
    else
        text_add(&value, at, n);
    if (!out->n)
        json_open(out, '{');
    json_key_n(out, s->name, s->n);
    json_quote(out, value.at, value.n);
    text_done(&value);
}

/* Does the route take the path? out: the parameters, or NULL. */
static bool takes(const struct api_route *route, enum api_type type, const char *path, struct text *out)
{
    const char *at = path;
    if (strcmp(route->path, API_DEFAULT_STAGE) == 0)
        return true;
    for (const char *c = route->path; *c;) {
        c++;
        struct segment s = read_segment(&c);
        if (*at != '/')
            return false;
        size_t n = s.kind == KIND_GREEDY ? strlen(at + 1) : strcspn(at + 1, "/");
        if (s.kind == KIND_LITERAL ? !is_literal(&s, at + 1, n) : n == 0)
            return false;
        if (out && s.kind != KIND_LITERAL)
            put_parameter(&s, at + 1, n, type == API_HTTP, out);
        at += 1 + n;
    }
    return !*at || (type == API_REST && strcmp(at, "/") == 0);
}

/* Orders two paths that take the same request: below 0, the first is the closer one. */
static int compare(const char *a, const char *b)
{
    int a_default = *a == '$', b_default = *b == '$';
    if (a_default || b_default)
        return a_default - b_default;
    while (*a && *b) {
        a++, b++;
        struct segment one = read_segment(&a), other = read_segment(&b);
        if (one.kind != other.kind)
            return (int)one.kind - (int)other.kind;
    }
    return 0;
}

static bool is_method(const struct api_route *route, const char *method, bool any)
{
    return strcmp(route->method, method) == 0 || (any && strcmp(route->method, "ANY") == 0);
}

/* ---- one API ---- */

struct found {
    const struct api_route *route, *near;
};

/* Is the route to be preferred to the best one up to now? */
static bool is_better(const struct api_route *route, const struct api_route *best, const char *method)
{
    int order = best ? compare(route->path, best->path) : -1;
    return order < 0 || (order == 0 && is_method(route, method, false) && !is_method(best, method, false));
}

static struct found find_in(const struct api *api, const char *method, const char *path)
{
    struct found f = {NULL, NULL};
    for (size_t i = 0; i < api->route_n; i++) {
        const struct api_route *route = &api->routes[i];
        if (!takes(route, api->type, path, NULL))
            continue;
        if (!f.near || compare(route->path, f.near->path) < 0)
            f.near = route;
        if (is_method(route, method, true) && is_better(route, f.route, method))
            f.route = route;
    }
    if (api->type == API_REST && f.route && compare(f.near->path, f.route->path) < 0)
        f.route = NULL;
    return f;
}

/* The path behind /STAGE, or NULL. */
static const char *behind_stage(const struct api *api, const char *path)
{
    size_t n = strlen(api->stage);
    if (strcmp(api->stage, API_DEFAULT_STAGE) == 0 || strncmp(path + 1, api->stage, n) != 0)
        return NULL;
    const char *rest = path + 1 + n;
    return *rest == '/' ? rest : !*rest ? "/" : NULL;
}

/* Of several APIs, which on AWS have a host each, the one with the closest path answers, if only by an error or for CORS; of equals the one
 * with the closer route, else the first (ours). */
static bool answers(const struct found *f, const struct found *best, const char *method)
{
    int order = !f->near ? 1 : !best->near ? -1 : compare(f->near->path, best->near->path);
    return order < 0 || (order == 0 && f->route && is_better(f->route, best->route, method));
}

void api_find(const struct api *apis, size_t n, const char *method, const char *path, struct api_match *ret)
{
    struct found best = {NULL, NULL};
    const char *best_path = path;
    *ret = (struct api_match){.api = &apis[0]};
    for (size_t i = 0; i < n; i++) {
        const char *at = path, *rest = *path == '/' ? behind_stage(&apis[i], path) : NULL;
        struct found f = find_in(&apis[i], method, path);
        if (!f.near && rest) {
            f = find_in(&apis[i], method, rest);
            at = rest;
        }
        if (!answers(&f, &best, method))
            continue;
        best = f;
        best_path = at;
        ret->api = &apis[i];
    }
    ret->route = best.route;
    ret->near = best.near;
    text_puts(&ret->path, best_path);
    if (ret->route && takes(ret->route, ret->api->type, best_path, &ret->parameters) && ret->parameters.n)
        json_close(&ret->parameters, '}');
}

void api_match_done(struct api_match *m)
{
    text_done(&m->path);
    text_done(&m->parameters);
}
