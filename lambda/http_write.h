/* SPDX-License-Identifier: Apache-2.0 */
/* http_write.h: bytes to a client. */
#ifndef LRUN_HTTP_WRITE_H
#define LRUN_HTTP_WRITE_H

#include <event2/bufferevent.h>
#include <sys/uio.h>

static inline struct iovec http_part(const void *bytes, size_t n)
{
    return (struct iovec){(void *)(uintptr_t)bytes, n};
}

/* Most answers fit the socket's buffer: written at once, they cost one system call and no wait for the loop. */
void http_put(struct bufferevent *io, const struct iovec *parts, int count);
void http_put_text(struct bufferevent *io, const char *text);

#endif
