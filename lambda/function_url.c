/* SPDX-License-Identifier: Apache-2.0 */
/* function_url.c: where a function URL's event of payload format 2.0 is from; the event itself is event_2.c's. The way back, from what the
 * function returned to an HTTP answer, is function_url_answer.c; the port and the job are launcher/serve/serve_url.c's. */
#include "lambda/function_url.h"

#include "lambda/request_event.h"
#include "lambda/routes.h"

void function_url_event(const struct function_url *url, const struct http_request *r, const struct invocation *inv, struct text *ret)
{
    struct text path = {0}, domain = {0};
    url_decode_or_keep(r->head.path.at, r->head.path.n, &path);
    text_printf(&domain, "%s.lambda-url.%s.on.aws", url->id, url->region);
    const struct event_2 event = {
        .account = "anonymous",
        .api = url->id,
        .domain = domain.at,
        .prefix = url->id,
        .stage = "$default",
        .route_key = "$default",
        .port = url->port,
        .path = &r->head.path,
        .http_path = &path,
        .cookie_header = true, /* those stay among the headers, too [AWS] */
    };
    event_2(&event, r, inv, ret);
    text_done(&path);
    text_done(&domain);
}
