/* SPDX-License-Identifier: Apache-2.0 */
/* cross_site.h: whether a request may come from a web page of somebody else's.
 *
 * A browser sends a simple POST of any page to 127.0.0.1, and asks nobody before it; it tells with Origin and Sec-Fetch-Site
 * where the page is from. A page whose name is led to 127.0.0.1 after it was loaded (DNS rebinding) is of the same origin, and
 * would read answers too: its name is in Host. Programs that are no browsers send neither, and an address as Host.
 * Nor do browsers, with a GET for an image or a link by http to other machines than their own: docs/security.md tells what that leaves. */
#ifndef LRUN_CROSS_SITE_H
#define LRUN_CROSS_SITE_H

#include "lambda/http_server.h"

struct site_rules {
    const char *address;        /* that is listened at: may be 0.0.0.0 */
    const struct strv *hosts;   /* names beside addresses and localhost; "*.example.com" and "*" too */
    const struct strv *origins; /* of pages that may; "*": all */
    bool any_origin;
};

/* NULL: it may; else why not, owned. */
char *cross_site_refusal(const struct http_request *r, const struct site_rules *rules);

#endif
