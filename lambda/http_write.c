/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/http_write.h"

#include <event2/buffer.h>
#include <string.h>
#include <sys/socket.h>

void http_put(struct bufferevent *io, const struct iovec *parts, int count)
{
    struct evbuffer *out = bufferevent_get_output(io);
    size_t sent = 0;
    if (evbuffer_get_length(out) == 0) {
        struct msghdr h = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = (size_t)count};
        ssize_t n = sendmsg(bufferevent_getfd(io), &h, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent = n > 0 ? (size_t)n : 0;
    }
    for (int i = 0; i < count; i++) {
        size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;
        sent -= skip;
        if (skip < parts[i].iov_len)
            evbuffer_add(out, (const char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
    }
}

void http_put_text(struct bufferevent *io, const char *text)
{
    struct iovec one = http_part(text, strlen(text));
    http_put(io, &one, 1);
}
