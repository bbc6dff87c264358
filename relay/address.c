/* SPDX-License-Identifier: Apache-2.0 */
/* address.c: kinds of addresses, as tables of networks: the special-purpose registries of IANA (RFC 6890, as updated), and the addresses
 * of clouds' metadata services, which their own documentation names. The first network that holds the address decides, so exceptions
 * stand before what they are taken out of. */
#include "relay/address.h"

#include "base/own.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
static const struct {
    uint32_t network;
    unsigned bits;
    enum address_kind kind;
} V4_NETWORKS[] = {
    {V4(169, 254, 169, 254), 32, ADDRESS_METADATA}, /* AWS, Azure, Google, OpenStack */
    {V4(169, 254, 170, 2), 32, ADDRESS_METADATA},   /* credentials of a container: ECS */
    {V4(169, 254, 170, 23), 32, ADDRESS_METADATA},  /* and EKS */
    {V4(100, 100, 100, 200), 32, ADDRESS_METADATA}, /* Alibaba */
    {V4(168, 63, 129, 16), 32, ADDRESS_METADATA},   /* Azure's agents; not in a special network */
    {V4(0, 0, 0, 0), 8, ADDRESS_UNUSABLE},          /* Linux takes 0.0.0.0 for this machine */
    {V4(127, 0, 0, 0), 8, ADDRESS_LOOPBACK},        {V4(10, 0, 0, 0), 8, ADDRESS_PRIVATE},    {V4(172, 16, 0, 0), 12, ADDRESS_PRIVATE},
    {V4(192, 168, 0, 0), 16, ADDRESS_PRIVATE},      {V4(100, 64, 0, 0), 10, ADDRESS_PRIVATE}, /* behind a carrier's NAT */
    {V4(169, 254, 0, 0), 16, ADDRESS_PRIVATE},                                                /* link-local */
    {V4(192, 0, 0, 0), 24, ADDRESS_PRIVATE},                                                  /* protocols' own, e.g. DS-Lite */
    {V4(198, 18, 0, 0), 15, ADDRESS_PRIVATE},                                                 /* test networks; some VPNs give them out */
    {V4(224, 0, 0, 0), 4, ADDRESS_UNUSABLE},                                                  /* multicast */
    {V4(240, 0, 0, 0), 4, ADDRESS_UNUSABLE},                                                  /* reserved, broadcast */
};

enum { NOT_EMBEDDED = -1 };
static const struct {
    const char *network;
    unsigned bits;
    enum address_kind kind;
    int v4_at; /* where bytes of an IPv4 address stand in it, which decides then */
} V6_NETWORKS[] = {
    {"fd00:ec2::254", 128, ADDRESS_METADATA, NOT_EMBEDDED}, /* AWS */
    {"fd00:ec2::23", 128, ADDRESS_METADATA, NOT_EMBEDDED},  /* EKS */
    {"fd20:ce::254", 128, ADDRESS_METADATA, NOT_EMBEDDED},  /* Google */
    {"::1", 128, ADDRESS_LOOPBACK, NOT_EMBEDDED},
    {"::", 128, ADDRESS_UNUSABLE, NOT_EMBEDDED},
    {"::ffff:0:0", 96, ADDRESS_PUBLIC, 12},
    {"::", 96, ADDRESS_PUBLIC, 12},                     /* IPv4-compatible, long deprecated */
    {"64:ff9b::", 96, ADDRESS_PUBLIC, 12},              /* NAT64 */
    {"64:ff9b:1::", 48, ADDRESS_PRIVATE, NOT_EMBEDDED}, /* a network's own NAT64 */
    {"2002::", 16, ADDRESS_PUBLIC, 2},                  /* 6to4 */
    {"2001::", 32, ADDRESS_PRIVATE, NOT_EMBEDDED},      /* Teredo: the host behind it can be any */
    {"100::", 64, ADDRESS_UNUSABLE, NOT_EMBEDDED},      /* discarded */
    {"fc00::", 7, ADDRESS_PRIVATE, NOT_EMBEDDED},       /* unique local */
    {"fe80::", 10, ADDRESS_PRIVATE, NOT_EMBEDDED},      /* link-local */
    {"fec0::", 10, ADDRESS_PRIVATE, NOT_EMBEDDED},      /* site-local, long deprecated */
    {"ff00::", 8, ADDRESS_UNUSABLE, NOT_EMBEDDED},      /* multicast */
};

static enum address_kind v4_kind(uint32_t address)
{
    for (size_t i = 0; i < COUNT(V4_NETWORKS); i++)
        if ((address ^ V4_NETWORKS[i].network) >> (32 - V4_NETWORKS[i].bits) == 0)
            return V4_NETWORKS[i].kind;
    return ADDRESS_PUBLIC;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned rest = bits % 8;
    return memcmp(a, b, bits / 8) == 0 && (!rest || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0);
}

static enum address_kind v6_kind(const struct in6_addr *address)
{
    for (size_t i = 0; i < COUNT(V6_NETWORKS); i++) {
        struct in6_addr network;
        uint32_t v4;
        inet_pton(AF_INET6, V6_NETWORKS[i].network, &network);
        if (!same_bits(address->s6_addr, network.s6_addr, V6_NETWORKS[i].bits))
            continue;
        if (V6_NETWORKS[i].v4_at < 0)
            return V6_NETWORKS[i].kind;
        memcpy(&v4, address->s6_addr + V6_NETWORKS[i].v4_at, sizeof v4);
        return v4_kind(ntohl(v4));
    }
    return ADDRESS_PUBLIC;
}

enum address_kind address_kind(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return v4_kind(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family != AF_INET6)
        return ADDRESS_UNUSABLE;
    memcpy(&v6, address, sizeof v6);
    return v6_kind(&v6.sin6_addr);
}

const char *address_kind_text(enum address_kind kind)
{
    static const char *const TEXTS[] = {
        [ADDRESS_PUBLIC] = "a public address",    [ADDRESS_LOOPBACK] = "a loopback address",
        [ADDRESS_PRIVATE] = "a private address",  [ADDRESS_METADATA] = "a cloud's metadata service",
        [ADDRESS_UNUSABLE] = "no host's address",
    };
    return TEXTS[kind];
}
