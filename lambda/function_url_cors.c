/* SPDX-License-Identifier: Apache-2.0 */
/* function_url_cors.c: the CORS headers for browsers. cross_site.c decides whether a page may send requests at all. */
#include "lambda/function_url.h"

#include <string.h>

bool function_url_preflight(const struct http_request *r)
{
    return strcmp(r->head.method, "OPTIONS") == 0 && http_header(r, "Origin") && http_header(r, "Access-Control-Request-Method");
}

/* Our choice: any origin, or those that were named, and whatever it asks for, as AllowMethods and AllowHeaders of * do. */
void function_url_cors(const struct function_url *url, const struct http_request *r, struct text *headers)
{
    const char *asked = http_header(r, "Access-Control-Request-Headers"), *origin = http_header(r, "Origin");
    if (!origin)
        return;
    if (url->cors_listed)
        text_printf(headers, "Access-Control-Allow-Origin: %s\r\nVary: Origin\r\n", origin);
    else
        text_puts(headers, "Access-Control-Allow-Origin: *\r\n");
    if (!function_url_preflight(r)) {
        text_puts(headers, "Access-Control-Expose-Headers: *\r\n");
        return;
    }
    text_puts(headers, "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\nAccess-Control-Max-Age: 86400\r\n");
    if (asked)
        text_printf(headers, "Access-Control-Allow-Headers: %s\r\n", asked);
}
