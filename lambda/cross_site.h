/* SPDX-License-Identifier: Apache-2.0 */
/* cross_site.h: whether a request may come from a web page of another site.
 *
 * A browser sends a simple POST of any page to 127.0.0.1 without asking; Origin and Sec-Fetch-Site say where the page is from. A page
 * whose host name resolves to 127.0.0.1 after it was loaded (DNS rebinding) has the same origin and could read answers too; its name is in
 * Host. Programs other than browsers send neither header, and an address as Host. Nor do browsers for a GET of an image or a link by http
 * to other machines than their own: docs/security.md says what remains. */
#ifndef LRUN_CROSS_SITE_H
#define LRUN_CROSS_SITE_H

#include "lambda/http_server.h"

struct site_rules {
    const char *address;        /* that is listened at: may be 0.0.0.0 */
    const struct strv *hosts;   /* names beside addresses and localhost; "*.example.com" and "*" too */
    const struct strv *origins; /* origins of pages that may send requests; "*": all */
    bool any_origin;
};

/* Returns NULL if the request is allowed; else the reason against it, owned. */
char *cross_site_refusal(const struct http_request *r, const struct site_rules *rules);

#endif
