/* SPDX-License-Identifier: Apache-2.0 */
/* cross_site.c: whether a browser sent a request for a page of another site. lrun serve has no authentication, as the Runtime
 * Interface Emulator has none, and a page that anybody wrote can reach 127.0.0.1 through its reader's browser.
 *   Host             a name that is not ours: DNS was made to point here (rebinding)
 *   Origin           of POSTs, by every browser: the page's site
 *   Sec-Fetch-Site   of newer browsers, GETs too
 * Headers that are not there refuse nothing: programs send none of the three but Host. CORS headers of answers are
 * function_url_cors.c's. */
#include "lambda/cross_site.h"

#include "base/own.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcasecmp(name + n - m, end) == 0;
}

/* Any address but 0.0.0.0 and IPv4 within IPv6: the kernel takes these for 127.0.0.1 too, but a browser counts them to other machines
 * and does not reveal that a page sends the request. */
static bool is_address(const char *name)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, name, &four) == 1)
        return four.s_addr != INADDR_ANY;
    return inet_pton(AF_INET6, name, &six) == 1 && !IN6_IS_ADDR_UNSPECIFIED(&six) && !IN6_IS_ADDR_V4MAPPED(&six);
}

/* Host without its port; [::1] without its brackets; no dot at its end. */
static char *name_of(const char *host)
{
    bool brackets = host[0] == '[';
    char *name = xasprintf("%.*s", (int)strcspn(host + brackets, brackets ? "]" : ":"), host + brackets);
    size_t n = strlen(name);
    if (n && name[n - 1] == '.')
        name[n - 1] = 0;
    return name;
}

static bool is_ours(const char *host, const struct site_rules *rules)
{
    OWN_PTR char *name = name_of(host);
    const struct strv *more = rules->hosts;
    if (is_address(name) || strcmp(name, rules->address) == 0 || strcasecmp(name, "localhost") == 0 ||
        ends_with(name, ".localhost")) /* RFC 6761: never asked of DNS */
        return true;
    for (size_t i = 0; i < more->n; i++) {
        const char *one = more->at[i];
        if (strcmp(one, "*") == 0 || strcasecmp(one, name) == 0 || (str_begins(one, "*.") && ends_with(name, one + 1)))
            return true;
    }
    return false;
}

static bool is_allowed(const char *origin, const struct site_rules *rules)
{
    if (rules->any_origin)
        return true;
    for (size_t i = 0; i < rules->origins->n; i++)
        if (strcmp(rules->origins->at[i], "*") == 0 || strcasecmp(rules->origins->at[i], origin) == 0)
            return true;
    return false;
}

/* The page came from here: the same name and port, by http or, through a proxy, by https. */
static bool is_own(const char *origin, const char *host)
{
    const char *rest = strstr(origin, "://");
    return host && rest && strcasecmp(rest + 3, host) == 0;
}

char *cross_site_refusal(const struct http_request *r, const struct site_rules *rules)
{
    const char *host = http_header(r, "Host"), *site = http_header(r, "Sec-Fetch-Site");
    bool allowed = rules->any_origin;
    for (size_t i = 0; i + 1 < r->head.headers.n; i += 2) {
        const char *name = r->head.headers.at[i], *value = r->head.headers.at[i + 1];
        if (strcasecmp(name, "Host") == 0 && !is_ours(value, rules))
            return xasprintf("The name '%s' is none of this server's, which a page of another site may have been given. If it is yours, "
                             "allow it with --allow-host.",
                             value);
        if (strcasecmp(name, "Origin") != 0)
            continue;
        allowed = is_allowed(value, rules);
        if (!allowed && !is_own(value, host))
            return xasprintf(
                "A page of '%s' may not send requests here. Allow it with --allow-origin; for function URLs --cors allows all.", value);
    }
    if (!allowed && site && strcasecmp(site, "same-origin") != 0 && strcasecmp(site, "none") != 0)
        return xstrdup("A page of another site may not send requests here. Allow its origin with --allow-origin; for function URLs --cors "
                       "allows all.");
    return NULL;
}
