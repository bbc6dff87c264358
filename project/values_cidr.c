/* SPDX-License-Identifier: Apache-2.0 */
/* values_cidr.c: Fn::Cidr: the first networks of a size within a larger one, of either family. The
 * network's address is masked first. Without a third argument networks have 8 bits (IPv4) or 64
 * (IPv6): AWS's page names no default, so this is our choice. */
#include "project/values_parts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { NETWORKS_MAX = 256 }; /* CloudFormation's */

struct network {
    unsigned char address[16];
    unsigned bits, length; /* of all, of the prefix */
    int family;
};

static bool read_network(const char *text, struct network *ret)
{
    char address[64];
    const char *slash = strchr(text, '/');
    unsigned length = 0;
    if (!slash || (size_t)(slash - text) >= sizeof(address) || sscanf(slash + 1, "%3u", &length) != 1)
        return false;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    *ret = (struct network){.family = strchr(address, ':') ? AF_INET6 : AF_INET, .length = length};
    ret->bits = ret->family == AF_INET6 ? 128 : 32;
    if (length > ret->bits || inet_pton(ret->family, address, ret->address) != 1)
        return false;
    for (unsigned bit = length; bit < ret->bits; bit++)
        ret->address[bit / 8] &= (unsigned char)~(0x80U >> bit % 8);
    return true;
}

/* Adds count << shift to the address. */
static void advance(struct network *n, unsigned count, unsigned shift)
{
    unsigned bytes = n->bits / 8, carry = count << shift % 8;
    for (unsigned at = bytes - shift / 8; carry && at > 0; at--) {
        unsigned sum = n->address[at - 1] + (carry & 0xff);
        n->address[at - 1] = (unsigned char)sum;
        carry = (carry >> 8) + (sum >> 8);
    }
}

const struct node *value_cidr(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    uint64_t count = 0, host_bits = 0;
    struct network n = {0};
    const struct node *list = value_eval_list(s, name, arg, 2, 3, why);
    if (!list)
        return NULL;
    const char *block = node_text(list->items[0]);
    if (!block || !read_network(block, &n) || !node_number(list->items[1], &count) || count < 1 || count > NETWORKS_MAX)
        return value_refuse(s, why, arg, NULL, "%s takes a network as 10.0.0.0/16, a count up to %d and a number of bits", name,
                            NETWORKS_MAX);
    if (list->n < 3 || !node_number(list->items[2], &host_bits))
        host_bits = n.family == AF_INET6 ? 64 : 8; /* our choice: AWS's page names no default */
    if (host_bits > n.bits - n.length || (n.bits - n.length - host_bits < 9 && count > 1ULL << (n.bits - n.length - host_bits)))
        return value_refuse(s, why, arg, NULL, "%s: %s has no room for %ju networks of %ju bits", name, block, (uintmax_t)count,
                            (uintmax_t)host_bits);
    struct node *ret = node_new(s->arena, NODE_LIST, arg);
    for (unsigned i = 0; i < count; i++) {
        struct network one = n;
        char address[INET6_ADDRSTRLEN] = "";
        advance(&one, i, (unsigned)host_bits);
        inet_ntop(one.family, one.address, address, sizeof(address));
        const char *text = arena_printf(s->arena, "%s/%u", address, n.bits - (unsigned)host_bits);
        node_add(s->arena, ret, node_new_text(s->arena, text, arg));
    }
    return ret;
}
