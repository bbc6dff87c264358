/* SPDX-License-Identifier: Apache-2.0 */
/* telemetry_parse.c: what a subscription asks for: schema, destination, types, buffering; all that is wrong is listed in one answer.
 * Who may subscribe, and when, is telemetry.c's. The texts of refusals are our choice, but for the two in AWS's documentation.
 * Deliveries go to a listener inside the sandbox only: any other host in the URI is refused, or lrun could be sent elsewhere by a
 * function. Port 9001 is the Runtime API's own. */
#include "lambda/telemetry.h"

#include "base/json.h"
#include "base/num.h"
#include "base/own.h"
#include "lambda/api_error.h"
#include "lambda/limits.h"

#include <stdio.h>
#include <string.h>

enum { RESERVED_PORT = 9001 };

static const struct {
    const char *version;
    bool logs;
    enum event_form form;
} SCHEMAS[] = {
    {"2022-07-01", false, FORM_TELEMETRY}, {"2022-12-13", false, FORM_TELEMETRY}, {"2025-01-29", false, FORM_TELEMETRY},
    {"2020-08-15", true, FORM_LOGS_2020},  {"2021-03-18", true, FORM_LOGS_2021},
};

static const struct {
    const char *name;
    enum telemetry_type type;
} TYPES[] = {{"platform", TYPE_PLATFORM}, {"function", TYPE_FUNCTION}, {"extension", TYPE_EXTENSION}};

static void complain(struct text *why, const char *what)
{
    text_printf(why, "%s%s", why->n ? "; " : "", what);
}

static void parse_schema(struct slice v, bool logs, struct subscription_request *ret, struct text *why)
{
    const char *usual = logs ? "2020-08-15" : "2022-07-01";
    for (size_t i = 0; i < COUNT(SCHEMAS); i++)
        if (SCHEMAS[i].logs == logs && (v.n ? json_is(v, SCHEMAS[i].version) : strcmp(usual, SCHEMAS[i].version) == 0)) {
            ret->form = SCHEMAS[i].form;
            return;
        }
    complain(why, "schemaVersion is not supported");
}

static void parse_types(struct slice v, struct subscription_request *ret, struct text *why)
{
    struct slice none, one;
    for (struct json_walk w = json_walk_as(v, SHAPE_ARRAY); json_next(&w, &none, &one);) {
        unsigned type = 0;
        for (size_t t = 0; t < COUNT(TYPES); t++)
            if (json_is(one, TYPES[t].name))
                type = TYPES[t].type;
        if (!type) {
            complain(why, "types should only contain platform, function and extension");
            return;
        }
        ret->types |= type;
    }
    if (!ret->types)
        complain(why, "types should not be empty");
}

/* http://sandbox.localdomain:PORT/path */
static void parse_uri(const char *uri, struct subscription_request *ret, struct text *why)
{
    static const char SCHEME[] = "http://";
    const char *host = str_begins(uri, SCHEME) ? uri + sizeof SCHEME - 1 : NULL;
    size_t n = host ? strcspn(host, ":/") : 0;
    if (!host || !n || n >= sizeof ret->host) {
        complain(why, "URI is not valid");
        return;
    }
    snprintf(ret->host, sizeof ret->host, "%.*s", (int)n, host);
    if (strcmp(ret->host, "sandbox.localdomain") != 0 && strcmp(ret->host, "sandbox") != 0 && strcmp(ret->host, "localhost") != 0 &&
        strcmp(ret->host, "127.0.0.1") != 0) {
        complain(why, "URI host should be sandbox.localdomain");
        return;
    }
    if (host[n] != ':') {
        complain(why, "URI port is not provided");
        return;
    }
    const char *at = host + n + 1, *path = strchrnul(at, '/');
    OWN_PTR char *digits = xasprintf("%.*s", (int)(path - at), at);
    uint64_t port = 0;
    if (num_plain(digits, 10, &port) < 0 || port < 1 || port > 65535 || strpbrk(path, " \r\n") || strlen(path) >= sizeof ret->path)
        complain(why, "URI is not valid");
    else if (port == RESERVED_PORT)
        complain(why, "port 9001 is reserved");
    ret->port = (uint16_t)port;
    snprintf(ret->path, sizeof ret->path, "%s", *path ? path : "/");
}

static void parse_destination(struct slice v, bool logs, struct subscription_request *ret, struct text *why)
{
    struct slice protocol = json_find(v, "protocol"), uri = json_find(v, "URI");
    uint64_t port;
    if (json_is(protocol, "HTTP")) {
        OWN_PTR char *text = json_shape(uri) == SHAPE_STRING ? json_plain(uri) : NULL;
        ret->protocol = DESTINATION_HTTP;
        ret->put = logs && json_is(json_find(v, "method"), "PUT");
        if (text)
            parse_uri(text, ret, why);
        else
            complain(why, json_shape(uri) == SHAPE_STRING ? "URI is not valid" /* it holds NUL */ : "URI is not provided");
    } else if (json_is(protocol, "TCP")) {
        ret->protocol = DESTINATION_TCP;
        if (json_unsigned(json_find(v, "port"), 1, 65535, &port) != JSON_WHOLE)
            complain(why, "port is not provided");
        else if (port == RESERVED_PORT)
            complain(why, "port 9001 is reserved");
        else
            ret->port = (uint16_t)port;
    } else {
        complain(why, "protocol should be HTTP or TCP");
    }
}

static void parse_buffering(struct slice v, struct subscription_request *ret, struct text *why)
{
    const struct {
        const char *key;
        uint64_t *field;
        uint64_t low, high, usual;
    } rows[] = {{"maxItems", &ret->max_items, GATHER_ITEMS_MIN, GATHER_ITEMS_MAX, GATHER_ITEMS_DEFAULT},
                {"maxBytes", &ret->max_bytes, GATHER_BYTES_MIN, GATHER_BYTES_MAX, GATHER_BYTES_DEFAULT},
                {"timeoutMs", &ret->timeout_ms, GATHER_MS_MIN, GATHER_MS_MAX, GATHER_MS_DEFAULT}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice given = json_find(v, rows[i].key);
        *rows[i].field = rows[i].usual;
        if (given.n && json_unsigned(given, rows[i].low, rows[i].high, rows[i].field) != JSON_WHOLE) {
            OWN_PTR char *text =
                xasprintf("%s should be between %ju and %ju", rows[i].key, (uintmax_t)rows[i].low, (uintmax_t)rows[i].high);
            complain(why, text);
        }
    }
}

bool telemetry_parse(const char *body, size_t n, bool logs, struct subscription_request *ret, struct text *ret_why)
{
    struct slice top;
    *ret = (struct subscription_request){.port = 0};
    if (json_read(body, n, &top) && json_shape(top) == SHAPE_OBJECT) {
        parse_schema(json_find(top, "schemaVersion"), logs, ret, ret_why);
        parse_destination(json_find(top, "destination"), logs, ret, ret_why);
        parse_types(json_find(top, "types"), ret, ret_why);
        parse_buffering(json_find(top, "buffering"), ret, ret_why);
    } else {
        complain(ret_why, "the body should be a JSON object");
    }
    return ret_why->n == 0;
}
