/* SPDX-License-Identifier: Apache-2.0 */
/* http_status.h: reason phrases of HTTP status codes. */
#ifndef LRUN_HTTP_STATUS_H
#define LRUN_HTTP_STATUS_H

const char *http_reason(int status); /* "Unknown" for one that has none here */

#endif
