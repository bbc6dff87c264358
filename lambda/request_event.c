/* SPDX-License-Identifier: Apache-2.0 */
/* request_event.c: parts of an HTTP request, as events have them: parameters, headers, cookies, the body. Payload format 2.0 as a whole is
 * event_2.c, format 1.0 api_event.c. Several headers, parameters or cookies of one name are joined as Lambda joins them. x-amzn-* and
 * x-forwarded-* are AWS's to set, so a client's own are dropped. */
#include "lambda/request_event.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/own.h"
#include "base/utf8.h"
#include "lambda/routes.h"

#include <string.h>
#include <strings.h>
#include <time.h>

bool event_sets_header(const char *name)
{
    return strncasecmp(name, "x-amzn-", 7) == 0 || strncasecmp(name, "x-forwarded-", 12) == 0;
}

void event_moment(const struct http_request *r, struct event_moment *ret)
{
    struct tm tm;
    ret->epoch_ms = clock_epoch_ms();
    time_t seconds = (time_t)(ret->epoch_ms / 1000);
    strftime(ret->time, sizeof ret->time, "%d/%b/%Y:%H:%M:%S +0000", gmtime_r(&seconds, &tm));
    http_peer(r, ret->peer, sizeof ret->peer);
}

/* Commas would be part of a cookie: of several Cookie headers a proxy makes one in this way. */
void event_joined_header(const struct http_request *r, const char *name, struct text *out)
{
    const char *between = strcasecmp(name, "cookie") == 0 ? "; " : ",";
    bool any = false;
    for (size_t i = 0; i + 1 < r->head.headers.n; i += 2)
        if (strcasecmp(r->head.headers.at[i], name) == 0) {
            text_printf(out, "%s%s", any ? between : "", r->head.headers.at[i + 1]);
            any = true;
        }
}

/* + is a space here. What cannot be decoded stays as it is. */
static struct text decode_parameter(const char *at, size_t n)
{
    struct text spaced = {0}, out = {0};
    text_add(&spaced, at, n);
    for (size_t i = 0; i < n; i++)
        if (spaced.at[i] == '+')
            spaced.at[i] = ' ';
    text_puts(&out, "");
    if (!url_decode(spaced.at, n, &out)) {
        out.n = 0;
        text_add(&out, at, n);
    }
    text_done(&spaced);
    return out;
}

/* Takes both texts. */
static void add_parameter(struct event_parameters *all, struct text name, struct text value)
{
    size_t i = 0;
    while (i < all->n && (all->at[i].name.n != name.n || memcmp(all->at[i].name.at, name.at, name.n) != 0))
        i++;
    if (i < all->n) {
        text_done(&name);
    } else {
        all->at = xrealloc(all->at, all->n + 1, sizeof *all->at);
        all->at[all->n++] = (struct event_parameter){.name = name};
    }
    struct event_parameter *p = &all->at[i];
    p->values = xrealloc(p->values, p->n + 1, sizeof *p->values);
    p->values[p->n++] = value;
}

struct event_parameters event_parameters(const struct http_request *r)
{
    struct event_parameters all = {0};
    for (const char *c = r->head.query.n ? r->head.query.at : ""; *c;) {
        size_t n = strcspn(c, "&"), name_n = strcspn(c, "=&");
        const char *value = c + name_n + (c[name_n] == '=');
        if (n)
            add_parameter(&all, decode_parameter(c, name_n), decode_parameter(value, n - (size_t)(value - c)));
        c += n + (c[n] == '&');
    }
    return all;
}

void event_parameters_done(struct event_parameters *all)
{
    for (size_t i = 0; i < all->n; i++) {
        for (size_t k = 0; k < all->at[i].n; k++)
            text_done(&all->at[i].values[k]);
        free(all->at[i].values);
        text_done(&all->at[i].name);
    }
    free(all->at);
    *all = (struct event_parameters){0};
}

/* Which content types come as text; all others in base64, those of forms too [AWS]. Our choice: +json and +xml, of which nothing is known.
 */
static bool is_text_type(const char *type)
{
    static const char *const TEXT[] = {"application/json", "application/xml", "application/javascript"};
    OWN_PTR char *bare = xasprintf("%.*s", (int)strcspn(type, "; \t"), type);
    for (size_t i = 0; i < COUNT(TEXT); i++)
        if (strcasecmp(bare, TEXT[i]) == 0)
            return true;
    return strncasecmp(bare, "text/", 5) == 0 || str_ends(bare, "+json") || str_ends(bare, "+xml");
}

static bool is_utf8(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        int length = utf8_length((const unsigned char *)bytes + i, n - i);
        if (length <= 0)
            return false;
        i += (size_t)length;
    }
    return true;
}

/* Compressed text counts as binary, and so do bytes that a JSON string cannot hold unchanged. */
bool event_is_text(const struct http_request *r)
{
    const char *type = http_header(r, "Content-Type"), *encoding = http_header(r, "Content-Encoding");
    bool bare = !encoding || !*encoding || strcasecmp(encoding, "identity") == 0;
    return type && bare && is_text_type(type) && is_utf8(r->body.at, r->body.n);
}

void event_body_value(const struct http_request *r, bool base64, struct text *out)
{
    if (!base64) {
        json_quote(out, r->body.n ? r->body.at : "", r->body.n);
        return;
    }
    text_puts(out, "\"");
    base64_encode(r->body.at, r->body.n, out);
    text_puts(out, "\"");
}

void event_members(const struct text *members, struct text *out)
{
    if (!members || !members->n)
        return;
    text_puts(out, ",");
    text_add(out, members->at, members->n);
}
